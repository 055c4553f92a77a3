/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/base/error.h: the sentence, its prefix, its cut at the end, and the classes of errnos. */
#include "lib/base/error.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/tap.h"

int main(void)
{
	struct error err = {0};
	char longest[2 * ERROR_TEXT_MAX];

	is_int(error_set(&err, -EINVAL, ERROR_DATA, "record %d is cut", 7), -EINVAL,
	       "the code comes back");
	is_str(err.text, "record 7 is cut", "the sentence");
	is_int(err.class, ERROR_DATA, "the class");
	error_prefix(&err, "%s: ", "a.fq");
	is_str(err.text, "a.fq: record 7 is cut", "the prefix stands before it");
	is_int(err.class, ERROR_DATA, "the class stays");

	is_int(error_set(NULL, -EIO, ERROR_IO, "nobody reads this"), -EIO,
	       "without an error to fill");
	error_prefix(NULL, "nor this");
	is_int(error_oom(&err), -ENOMEM, "out of memory");
	is_int(err.class, ERROR_OS, "is of the system's class");

	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	error_set(&err, -EIO, ERROR_IO, "%s", longest);
	is_u64(strlen(err.text), ERROR_TEXT_MAX - 1, "a long sentence is cut");
	error_prefix(&err, "ab: ");
	is_u64(strlen(err.text), ERROR_TEXT_MAX - 1, "also with a prefix");
	ok(strncmp(err.text, "ab: xxx", 7) == 0, "whose beginning stays");
	error_prefix(&err, "%s", longest);
	is_u64(strlen(err.text), ERROR_TEXT_MAX - 1, "and with a long prefix");

	is_int(error_class_of_errno(-ENOENT), ERROR_NO_INPUT, "no such file");
	is_int(error_class_of_errno(EISDIR), ERROR_NO_INPUT, "a directory");
	is_int(error_class_of_errno(-EACCES), ERROR_NO_INPUT, "not readable");
	is_int(error_class_of_errno(-EIO), ERROR_IO, "read error");
	return done_testing();
}
