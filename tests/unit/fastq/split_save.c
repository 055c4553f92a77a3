/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a slice in a file of memory: what is loaded counts as what was saved, and whatever somebody else has written there is
 * refused, or read within bounds (the sanitizers watch).
 */
#include "lib/fastq/split_save.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made_gzip.h"
#include "tests/unit/tap.h"

#define TEXT_MAX (64u << 20)

struct file {
	struct bytes bytes;
	int fd;
	struct split_task task;
};

static void make_file(struct file *file, size_t size)
{
	const struct maker maker = {.level = 6, .memory = 1};
	struct bytes text = {0};
	uint64_t random = 3;

	*file = (struct file){0};
	make_records(&text, size, &random);
	make_gzip_file(&file->bytes, &maker, &text, &random);
	make_gzip_file(&file->bytes, &maker, &text, &random); /* a second member */
	bytes_deinit(&text);
	file->fd = memory_file(file->bytes.p, file->bytes.n);
	file->task = (struct split_task){
	    .file_size = file->bytes.n, .begin = file->bytes.n / 7, .end = file->bytes.n / 7 * 5, .text_max = TEXT_MAX};
}

static struct split *inflate(const struct file *file)
{
	struct split *split = NULL;
	int r = split_new(file->fd, &file->task, NULL, &split, NULL);

	assert(r == 0);
	while ((r = split_step(split)) == SPLIT_MORE)
		continue;
	assert(r == SPLIT_DONE && split_report(split)->reach > 0);
	return split;
}

/* Reads it with a window of some bytes. The digest of the records, or 0 where it does not fit. */
static uint64_t read_held(const struct file *file, struct split *split)
{
	static uint8_t window[SPLIT_WINDOW];
	static struct batch batch;
	const struct split_point point = {
	    .bit = split_report(split)->first_bit, .within = UINT32_MAX, .window = window, .header = split_report(split)->first_header};
	struct slice_task task = {
	    .kind = FILE_GZIP,
	    .file_size = file->task.file_size,
	    .begin = file->task.begin,
	    .end = file->task.end,
	    .read_max = 1000,
	    .lenient = true,
	    .point = &point,
	    .split = split,
	};
	struct slice_reader *reader = NULL;
	uint64_t digest = DIGEST_START;
	int r;

	memset(window, 'A', sizeof window);
	if (!split_place(split, &point) || slice_reader_new(file->fd, &task, &reader, NULL) < 0)
		return 0;
	while ((r = slice_reader_next(reader, &batch, NULL)) == SLICE_BATCH)
		for (uint32_t i = 0; i < batch.n; i++)
			digest = digest_record(digest, &batch.records[i]);
	slice_reader_free(reader);
	return digest;
}

static int load_bytes(const uint8_t *p, size_t n, uint64_t file_size, struct split **ret)
{
	_cleanup_(closep) int fd = memory_file(p, n);

	return split_load(fd, n, file_size, NULL, ret);
}

static void try_hostile(const struct file *file, const uint8_t *saved, size_t n, size_t within, unsigned int rounds)
{
	uint8_t *copy = malloc(n);
	unsigned int refused = 0;
	uint64_t random = 11;

	assert(copy);
	for (unsigned int i = 0; i < rounds; i++) {
		struct split *split = NULL;
		size_t at = random_below(&random, within) & ~7ULL, cut = n;
		uint64_t value = random_next(&random) >> random_below(&random, 64);
		int r;

		memcpy(copy, saved, n);
		memcpy(copy + at, &value, sizeof value);
		if (i % 8 == 0)
			cut = random_below(&random, n);
		r = load_bytes(copy, cut, file->task.file_size, &split);
		assert(r == 0 || r == -EBADMSG);
		refused += r < 0;
		if (r == 0)
			(void)read_held(file, split);
		split_free(split);
	}
	ok(refused > 0, "numbers overwritten in the first %zu bytes: %u of %u refused, the others read within bounds", within, refused, rounds);
	free(copy);
}

int main(void)
{
	const char *slow = getenv("FQ_SANITIZERS");
	unsigned int rounds = slow && *slow ? 400 : 4000;
	struct split *split, *loaded = NULL;
	struct split_report report;
	uint64_t numbers[SPLIT_REPORT_NUMBERS];
	struct file file;
	uint8_t *saved;
	size_t n;
	int fd;

	make_file(&file, 400000);
	split = inflate(&file);
	n = split_saved_size(split);
	fd = memfd_create("saved", MFD_CLOEXEC);
	is_int(split_save(split, fd), 0, "%" PRIu64 " bytes of text are saved in %zu", split_report(split)->text, n);
	ok(lseek(fd, 0, SEEK_CUR) == (off_t)n && n <= split_saved_max(split_report(split)->text), "as many as was said, and no more than may");
	is_int(split_load(fd, n, file.task.file_size, NULL, &loaded), 0, "and loaded");
	split_report_put(split_report(split), numbers);
	ok(split_report_get(numbers, &report) == 0 && report.text == split_report(loaded)->text &&
	       report.head_trailer.crc == split_report(loaded)->head_trailer.crc && report.next_bit == split_report(loaded)->next_bit,
	   "the report is the same");
	ok(memcmp(split_symbols(loaded), split_symbols(split), SPLIT_WINDOW * sizeof(uint16_t)) == 0, "and the window behind");
	ok(read_held(&file, loaded) == read_held(&file, split), "and the records");
	split_free(loaded);

	saved = malloc(n);
	assert(saved && pread(fd, saved, n, 0) == (ssize_t)n);
	is_int(split_load(fd, n - 8, file.task.file_size, NULL, &loaded), -EBADMSG, "cut short it is refused");
	numbers[2] = 2;
	is_int(split_report_get(numbers, &report), -EBADMSG, "a report whose flags are none, too");
	try_hostile(&file, saved, n, 200, rounds);
	try_hostile(&file, saved, n, n, rounds / 4);
	try_hostile(&file, saved, n, 65536 + 1000, rounds / 4);
	split_free(split);
	free(saved);
	close(fd);
	close(file.fd);
	bytes_deinit(&file.bytes);
	return done_testing();
}
