/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fingerprint: the same for the same file, another after any change of size, time or ends. */
#include "lib/fastq/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/gzip.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/tap.h"

#define SIZE 10000

static struct fingerprint take(int fd)
{
	struct fingerprint fingerprint = {0};
	struct error err = {0};

	if (!ok(fingerprint_take(fd, &fingerprint, &err) == 0, "taken"))
		diag("%s", err.text);
	return fingerprint;
}

static void set_time(int fd, long seconds)
{
	const struct timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 5}, {seconds, 5}};

	ok(futimens(fd, times) == 0, "time is set");
}

/* Writes one byte and sets the time back, so that only the content differs. */
static void poke(int fd, off_t at, char byte)
{
	ok(pwrite(fd, &byte, 1, at) == 1, "a byte is written");
	set_time(fd, 1000);
}

static void try_changes(void)
{
	static char bytes[SIZE];
	_cleanup_(closep) int fd = memory_file(bytes, sizeof bytes);
	struct fingerprint first, now;

	set_time(fd, 1000);
	first = take(fd);
	now = take(fd);
	ok(fingerprint_equal(&first, &now), "equal when nothing changed");
	ok(first.ctime_ns > 0 && now.ctime_ns == first.ctime_ns && fingerprint_untouched(&first, &now), "and untouched");
	now.ctime_ns++;
	ok(fingerprint_equal(&first, &now) && !fingerprint_untouched(&first, &now), "a later change of status is seen");
	now.ctime_ns = 0;
	ok(fingerprint_untouched(&first, &now), "but not where it was not told");
	is_u64(first.size, SIZE, "size");
	is_u64(first.mtime_ns, 1000000000005, "time");
	poke(fd, 5000, 'x');
	now = take(fd);
	ok(fingerprint_equal(&first, &now), "the middle is not looked at");
	poke(fd, 4095, 'x');
	now = take(fd);
	ok(!fingerprint_equal(&first, &now), "the beginning is");
	poke(fd, 4095, 0);
	poke(fd, SIZE - 4096, 'x');
	now = take(fd);
	ok(!fingerprint_equal(&first, &now), "the end is");
	poke(fd, SIZE - 4096, 0);
	now = take(fd);
	ok(fingerprint_equal(&first, &now), "equal again");
	set_time(fd, 1001);
	now = take(fd);
	ok(!fingerprint_equal(&first, &now), "another time");
	ok(ftruncate(fd, SIZE - 1) == 0, "cut");
	set_time(fd, 1000);
	now = take(fd);
	ok(!fingerprint_equal(&first, &now), "another size");
}

static void try_other_files(void)
{
	struct fingerprint fingerprint;
	struct error err = {0};
	int pipe_fds[2], fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	is_int(fingerprint_take(fd, &fingerprint, &err), -EISDIR, "a folder");
	is_str(err.text, "is a directory, not a file", "its sentence");
	is_int(err.class, ERROR_NO_INPUT, "its class");
	close(fd);
	ok(pipe2(pipe_fds, O_CLOEXEC) == 0, "a pipe");
	is_int(fingerprint_take(pipe_fds[0], &fingerprint, &err), -EINVAL, "is no regular file");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void try_facts(const void *bytes, size_t n, enum file_kind kind, bool unended,
                      const char *what)
{
	_cleanup_(closep) int fd = memory_file(bytes, n);
	struct file_facts facts = {0};
	struct error err = {0};

	is_int(file_facts_take(fd, &facts, &err), 0, "facts of %s", what);
	is_int(facts.kind, kind, "kind of %s", what);
	ok(facts.bgzf_unended == unended, "%s: %s its end-of-file block", what,
	   unended ? "lacks" : "does not lack");
	is_u64(facts.fingerprint.size, n, "size of %s", what);
}

int main(void)
{
	uint8_t blocks[2 * BGZF_EOF_SIZE];
	struct file_facts facts;
	struct error err = {0};
	int fd;

	memcpy(blocks, bgzf_eof_block, BGZF_EOF_SIZE);
	memcpy(blocks + BGZF_EOF_SIZE, bgzf_eof_block, BGZF_EOF_SIZE);
	try_changes();
	try_other_files();
	try_facts("", 0, FILE_PLAIN, false, "nothing");
	try_facts("@x\nA\n+\nI\n", 9, FILE_PLAIN, false, "text");
	try_facts(blocks, sizeof blocks, FILE_BGZF, false, "BGZF");
	try_facts(blocks, sizeof blocks - 1, FILE_BGZF, true, "BGZF that is cut");
	fd = memory_file("BZh9", 4);
	is_int(file_facts_take(fd, &facts, &err), -EBADMSG, "bzip2 has no facts");
	close(fd);
	return done_testing();
}
