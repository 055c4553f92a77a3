/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error sentence: see error.h. */
#include "lib/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, enum error_class class, const char *format, ...)
{
	if (err) {
		va_list args;

		err->class = class;
		va_start(args, format);
		(void)vsnprintf(err->text, sizeof err->text, format,
		                args); /* cut is as documented */
		va_end(args);
	}
	return code;
}

void error_prefix(struct error *err, const char *format, ...)
{
	char prefix[ERROR_TEXT_MAX], whole[2 * ERROR_TEXT_MAX];
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	(void)vsnprintf(prefix, sizeof prefix, format, args);
	va_end(args);
	(void)snprintf(whole, sizeof whole, "%s%s", prefix, err->text);
	whole[ERROR_TEXT_MAX - 1] = '\0';
	memcpy(err->text, whole, strlen(whole) + 1);
}

int error_oom(struct error *err)
{
	return error_set(err, -ENOMEM, ERROR_OS, "out of memory");
}

int error_no_thread(struct error *err, int code)
{
	return error_set(err, -code, ERROR_OS, "no thread can be started: %s; right is a higher limit of processes (ulimit -u, pids.max) or memory",
	                 strerror(code));
}

enum error_class error_class_of_errno(int code)
{
	switch (code < 0 ? -code : code) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case EACCES:
	case EPERM:
		return ERROR_NO_INPUT;
	default:
		return ERROR_IO;
	}
}
