/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader where it is large: text of many buffers, lines longer than a buffer, limits, files that break under it.
 * (That all small files are read right in all slices is shown by slices.c.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

static void add_line(struct bytes *text, char byte, size_t n, const char *end)
{
	static char line[4096];

	memset(line, byte, sizeof line);
	for (; n > sizeof line; n -= sizeof line)
		bytes_add(text, line, sizeof line);
	bytes_add(text, line, n);
	bytes_add(text, end, strlen(end));
}

static void add_record(struct bytes *text, size_t name, size_t length, const char *end)
{
	bytes_add(text, "@", 1);
	add_line(text, 'n', name, end);
	add_line(text, 'A', length, end);
	add_line(text, '+', 1, end);
	add_line(text, 'I', length, end);
}

/* The whole and the sliced file give what the slow parser gives, read ahead or not. */
static void check(const struct made *made, const char *what)
{
	static const uint64_t sizes[] = {0, 3 << 20, 1 << 20, 333333, 70001};
	int fd = memory_file(made->file.p, made->file.n);
	struct wanted wanted;

	want(made, READ_MAX_DEFAULT, false, &wanted);
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
		struct drive_options options = {.slice_size = sizes[i / 2], .seed = i, .ahead = i % 2};
		struct driven got;

		drive(fd, what, &options, &got);
		ok(got.code == CHAIN_DONE && !wanted.fault.kind && got.records == wanted.records &&
		       got.digest == wanted.digest,
		   "%s: %llu records in slices of %llu bytes%s", what, (unsigned long long)wanted.records,
		   (unsigned long long)options.slice_size, options.ahead ? ", read ahead" : "");
	}
	close(fd);
}

/* Text whose lines fall on the edges of buffers in all ways. */
static void make_large(struct made *made, const char *end, size_t length_most, uint64_t *random)
{
	made->text.n = 0;
	while (made->text.n < (7 << 19))
		add_record(&made->text, random_below(random, 60), random_below(random, length_most), end);
}

static void check_large(const char *what, const char *end, size_t length_most)
{
	struct made made = {0};
	uint64_t random = 5;
	char name[64];

	make_large(&made, end, length_most, &random);
	make_plain(&made);
	(void)snprintf(name, sizeof name, "%s, plain", what);
	check(&made, name);

	made.file.n = 0;
	made.kind = FILE_GZIP;
	make_member(&made, 0, 1000, false, &random);
	make_member(&made, 1000, made.text.n - 1000, false, &random);
	(void)snprintf(name, sizeof name, "%s, gzip", what);
	check(&made, name);

	made.file.n = 0;
	made.kind = FILE_BGZF;
	for (size_t at = 0; at < made.text.n; at += 65280)
		make_member(&made, at, made.text.n - at < 65280 ? made.text.n - at : 65280, true,
		            &random);
	(void)snprintf(name, sizeof name, "%s, BGZF", what);
	check(&made, name);
	made_deinit(&made);
}

/* One file with one record of these sizes: the fault that it is, and where. */
static void check_limit(const char *what, size_t name, size_t length, uint64_t read_max,
                        enum fault_kind kind, uint64_t at)
{
	struct bytes text = {0};
	int fd;

	add_record(&text, name, length, "\n");
	fd = memory_file(text.p, text.n);
	for (int ahead = 0; ahead < 2; ahead++) {
		struct drive_options options = {.read_max = read_max, .ahead = ahead};
		struct driven got;

		drive(fd, what, &options, &got);
		is_int(got.fault.kind, kind, "%s", what);
		if (kind != FAULT_NONE)
			is_u64(got.fault.at.block, at, "%s: where", what);
		else
			is_u64(got.records, 1, "%s: one record", what);
	}
	close(fd);
	bytes_deinit(&text);
}

static void check_limits(void)
{
	check_limit("the longest header", LINE_NAME_MAX, 10, 0, FAULT_NONE, 0);
	check_limit("a longer header", LINE_NAME_MAX + 1, 10, 0, FAULT_TOO_LONG, 1 + LINE_NAME_MAX);
	check_limit("the longest read", 1, 5000000, 5000000, FAULT_NONE, 0);
	check_limit("a longer read", 1, 5000001, 5000000, FAULT_TOO_LONG, 3 + 5000000);
	check_limit("a read of one base", 1, 1, 1, FAULT_NONE, 0);
	check_limit("a read of two", 1, 2, 1, FAULT_TOO_LONG, 4);
}

static struct slice_task task_of(uint64_t size)
{
	return (struct slice_task){
	    .kind = FILE_PLAIN,
	    .file_size = size,
	    .end = size,
	    .read_max = READ_MAX_DEFAULT,
	};
}

/* The outcome of the first call on a file, with its fault. */
static int first_outcome(int fd, const struct slice_task *task, struct slice_fault *ret_fault)
{
	static struct batch batch;
	struct slice_reader *reader = NULL;
	struct error err = {0};
	int r = slice_reader_new(fd, task, &reader, &err);

	if (r < 0)
		return r;
	r = slice_reader_next(reader, &batch, &err);
	*ret_fault = *slice_reader_fault(reader);
	is_int(slice_reader_next(reader, &batch, &err), r, "the outcome stays");
	is_u64(batch.n, 0, "and no records come");
	slice_reader_free(reader);
	return r;
}

static void check_broken_files(bool ahead)
{
	_cleanup_(closep) int fd = memory_file("@x\nAC\n+\nII", 10), write_only = -1;
	struct slice_task task = task_of(100);
	struct slice_fault fault = {0};

	task.ahead = ahead;
	is_int(first_outcome(fd, &task, &fault), SLICE_FAULT, "a file shorter than planned%s", ahead ? ", read ahead" : "");
	ok(fault.kind == FAULT_CHANGED && fault.value == 10, "has changed, at its end");
	task.kind = FILE_GZIP;
	write_only = open("/dev/null", O_WRONLY | O_CLOEXEC);
	is_int(first_outcome(write_only, &task, &fault), SLICE_FAULT, "a file that cannot be read");
	ok(fault.kind == FAULT_READ && fault.error_number == EBADF, "and the errno");
	task.kind = FILE_PLAIN;
	task.begin = 50;
	is_int(first_outcome(write_only, &task, &fault), SLICE_UNSURE,
	       "is left to the slice before where a start is to be guessed");
}

static void check_tasks(void)
{
	struct slice_fault fault;
	struct slice_task task;
	int fd = memory_file("", 0);

	task = task_of(100);
	task.end = 101;
	is_int(first_outcome(fd, &task, &fault), -EINVAL, "an end behind the file's");
	task = task_of(100);
	task.begin = 100;
	task.end = 99;
	is_int(first_outcome(fd, &task, &fault), -EINVAL, "an end before the beginning");
	task = task_of(100);
	task.kind = _FILE_KIND_MAX;
	is_int(first_outcome(fd, &task, &fault), -EINVAL, "a kind that is none");
	task = task_of(100);
	task.kind = FILE_GZIP;
	task.end = 50;
	is_int(first_outcome(fd, &task, &fault), -EINVAL, "half a gzip file");
	task = task_of(100);
	task.read_max = UINT64_MAX;
	is_int(first_outcome(fd, &task, &fault), -EINVAL, "reads without limit");
	task = task_of(100);
	task.start_known = true;
	task.start.block = 101;
	is_int(first_outcome(fd, &task, &fault), -EINVAL, "a start behind the file's end");
	task = task_of(0);
	is_int(first_outcome(fd, &task, &fault), SLICE_END, "an empty file");
	close(fd);
}

/* Bytes behind each sequence and quality can be read; the sanitizer build sees to it. */
static void check_slack(bool ahead)
{
	static struct batch batch;
	struct bytes text = {0};
	struct slice_task task;
	struct slice_reader *reader = NULL;
	struct error err = {0};
	unsigned int sum = 0;
	int fd, r;

	while (text.n < SLICE_BUFFER - 400)
		add_record(&text, 20, 100, "\n");
	add_record(&text, 1, (SLICE_BUFFER - text.n - 7) / 2, "\n");
	text.n--;
	fd = memory_file(text.p, text.n);
	task = task_of(text.n);
	task.ahead = ahead;
	is_int(slice_reader_new(fd, &task, &reader, &err), 0, "a reader%s", ahead ? ", ahead" : "");
	while ((r = slice_reader_next(reader, &batch, &err)) == SLICE_BATCH)
		for (uint32_t i = 0; i < batch.n; i++) {
			const struct record *record = &batch.records[i];

			sum += record->sequence[record->length + BATCH_SLACK - 1];
			sum += record->quality[record->length + BATCH_SLACK - 1];
		}
	is_int(r, SLICE_END, "to its end");
	ok(sum > 0, "whose slack was read");
	is_u64(slice_reader_progress(reader), text.n, "and all is taken in");
	slice_reader_free(reader);
	close(fd);
	bytes_deinit(&text);
}

int main(void)
{
	check_large("LF", "\n", 300);
	check_large("CRLF", "\r\n", 130);
	check_large("CR", "\r", 10);
	check_large("long reads", "\n", 200000);
	check_large("long reads with CRLF", "\r\n", 900000);
	check_limits();
	check_broken_files(false);
	check_broken_files(true);
	check_tasks();
	check_slack(false);
	check_slack(true);
	return done_testing();
}
