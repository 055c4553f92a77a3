/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: a file of any bytes, read as one slice and as many, these also ahead in threads. The first byte of the input says
 * how many, the second is flags; the rest is the file. Both ways must end alike, and for plain text as the tests' own slow parser says.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"

#define FILE_MAX (64u << 10)
#define READ_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void must_agree(const struct driven *a, const struct driven *b)
{
	must(a->code == b->code && a->records == b->records && a->digest == b->digest);
	must(a->fault.kind == b->fault.kind && text_place_equal(a->fault.at, b->fault.at));
}

static void must_be_wanted(const uint8_t *data, size_t size, const struct driven *got,
                           bool lenient)
{
	struct made made = {0};
	struct wanted wanted;

	bytes_add(&made.text, data, size);
	make_plain(&made);
	want(&made, READ_MAX, lenient, &wanted);
	must(got->records == wanted.records && got->digest == wanted.digest);
	must(got->fault.kind == wanted.fault.kind &&
	     text_place_equal(got->fault.at, wanted.fault.at));
	made_deinit(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drive_options options = {.read_max = READ_MAX};
	struct driven whole, sliced;
	int fd;

	if (size < 2 || size > FILE_MAX)
		return 0;
	options.lenient = data[1] & 1;
	fd = memory_file(data + 2, size - 2);
	drive(fd, "fuzzed", &options, &whole);
	if (whole.code >= 0) {
		options.slice_size = (size - 2) / (1 + data[0] % 64) + 1;
		options.seed = data[1];
		options.ahead = data[1] & 2;
		drive(fd, "fuzzed", &options, &sliced);
		must_agree(&whole, &sliced);
	}
	if (whole.code >= 0 && whole.kind == FILE_PLAIN)
		must_be_wanted(data + 2, size - 2, &whole, options.lenient);
	close(fd);
	return 0;
}
