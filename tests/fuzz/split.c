/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: a gzip file of any bytes, read as one slice and as many, by workers that do things in any order. The first two bytes say how
 * large slices are and in which order. Both ways must end alike: the same records, the same kind and place of a fault.
 *
 * Where the second byte is odd, the file's last bytes are what is turned in it first (offset and bits), so that a sound file may be
 * damaged anywhere by a small mutation.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fastq/symbol.h"
#include "tests/unit/fastq/drive_split.h"

#define FILE_MAX (256u << 10)
#define READ_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

/* The bytes as the symbols that a peer or a store says. */
static void try_packed(const uint8_t *data, size_t size)
{
	static uint16_t symbols[SPLIT_WINDOW];

	if (symbols_unpack(data, size, symbols) == 0)
		for (size_t i = 0; i < SPLIT_WINDOW; i++)
			must(symbols[i] < 256 || symbols[i] >= SYMBOL_OPEN);
}

static void turn(uint8_t *file, size_t n)
{
	for (unsigned int i = 0; i < 4 && n > 16; i++) {
		const uint8_t *how = file + n - 4 * (size_t)(i + 1);
		size_t at = (how[0] | (size_t)how[1] << 8 | (size_t)how[2] << 16) % n;

		file[at] ^= how[3];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drive_options whole_options = {.read_max = READ_MAX};
	struct split_options options = {.read_max = READ_MAX, .text_max = 1 << 20};
	struct split_tally tally = {0};
	struct driven whole, cut;
	uint8_t *file;
	int fd;

	if (size < 2 || size > FILE_MAX)
		return 0;
	try_packed(data, size);
	file = malloc(size);
	must(file);
	memcpy(file, data + 2, size - 2);
	if (data[1] & 1)
		turn(file, size - 2);
	fd = memory_file(file, size - 2);
	drive(fd, "made", &whole_options, &whole);
	if (whole.code >= 0 && whole.kind == FILE_GZIP) {
		options.slice_size = (size - 2) / (1 + data[0] % 32) + 1;
		options.seed = data[1];
		options.lose = data[1] & 2;
		options.ahead = (data[1] & 12) == 12;
		if (data[1] & 16)
			options.text_max = 2000;
		drive_split(fd, "made", &options, &cut, &tally);
		must(whole.code == cut.code && whole.records == cut.records && whole.digest == cut.digest);
		must(whole.fault.kind == cut.fault.kind && text_place_equal(whole.fault.at, cut.fault.at));
		must(strcmp(whole.err.text, cut.err.text) == 0);
	}
	close(fd);
	free(file);
	return 0;
}
