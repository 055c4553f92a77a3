/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store has of slices of a gzip stream, damaged: the input is the numbers of two reports (8 bytes each, the lowest first), the
 * byte of flags of each, and the window of the second as it is stored, packed. Where that is no window the slice is as if it were not there,
 * for whoever asks; where it is one, it is the same from the slice, from the index that is kept, and when it is packed anew. A core loads
 * what there is and believes no more slices than there are.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/coord/store.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/symbol.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MIB (1ULL << 20)
#define ALGORITHM 7
#define NUMBERS 11
#define SLICES 2

static struct store *store;

static void store_close(void)
{
	store = store_free(store);
}

/* One store for all inputs: nothing of them is committed. */
static void prepare(void)
{
	struct error err;

	folder_make();
	must(store_open(folder, &store, &err) == 0 && atexit(store_close) == 0); /* before the folder goes */
}

static uint64_t take(const uint8_t **data, size_t *size)
{
	uint64_t number = 0;
	size_t n = *size < 8 ? *size : 8;

	for (size_t i = 0; i < n; i++)
		number |= (uint64_t)(*data)[i] << (8 * i);
	*data += n;
	*size -= n;
	return number;
}

static void take_report(const uint8_t **data, size_t *size, struct split_report *ret)
{
	uint64_t numbers[NUMBERS];
	uint8_t flags;

	for (size_t i = 0; i < NUMBERS; i++)
		numbers[i] = take(data, size);
	flags = *size > 0 ? **data : 0;
	*data += *size > 0;
	*size -= *size > 0;
	*ret = (struct split_report){
		.first_bit = numbers[0], .next_bit = numbers[1], .first_header = flags & 1, .next_header = flags & 2,
		.reach = (uint32_t)numbers[2], .text = numbers[3], .head = {.length = numbers[4], .crc = (uint32_t)numbers[5]},
		.head_ends = flags & 4, .head_trailer = {.crc = (uint32_t)numbers[6], .size = (uint32_t)numbers[7]},
		.tail_member = numbers[8], .tail = {.length = numbers[9], .crc = (uint32_t)numbers[10]}, .counted = flags & 8,
	};
}

/* Field by field: what stands between them is nobody's. */
static bool same(const struct split_report *a, const struct split_report *b)
{
	return a->first_bit == b->first_bit && a->next_bit == b->next_bit && a->first_header == b->first_header &&
	       a->next_header == b->next_header && a->reach == b->reach && a->text == b->text && a->head.length == b->head.length &&
	       a->head.crc == b->head.crc && a->head_ends == b->head_ends && a->head_trailer.crc == b->head_trailer.crc &&
	       a->head_trailer.size == b->head_trailer.size && a->tail_member == b->tail_member && a->tail.length == b->tail.length &&
	       a->tail.crc == b->tail.crc && a->counted == b->counted;
}

static void save(const struct split_report reports[SLICES], const uint8_t *packed, size_t n)
{
	static const uint8_t window[SPLIT_WINDOW];
	struct job_row job = {
		.id = 1, .owner = "alice", .files = 1, .inputs = 1, .state = JOB_RUNNING, .algorithm = ALGORITHM, .split_gzip = SPLIT_GZIP_ALWAYS};
	struct file_row file = {.job = 1, .path = "/a.fq.gz", .state = JOB_RUNNING, .planned = true, .way = WAY_SPLIT, .slice_size = MIB};
	struct error err;

	file.facts.kind = FILE_GZIP;
	file.facts.fingerprint.size = 3 * MIB;
	must(store_save_job(store, &job, &err) == 0 && store_save_file(store, &file, &err) == 0);
	for (uint64_t i = 0; i < SLICES; i++) {
		struct slice_row row = {.job = 1, .slice = i, .start_known = true,
		                        .seam = {.first.within = i * MIB, .next.within = (i + 1) * MIB, .records = 10},
		                        .report = &reports[i], .window = window};

		row.packed = i == 1 && n > 0 ? packed : NULL;
		row.packed_n = row.packed ? n : 0;
		must(store_save_slice(store, &row, (const uint8_t *)"counters", 8, &err) == 0);
	}
}

static void check_window(const struct split_report *report, const uint8_t *packed, size_t n)
{
	static uint8_t wants[SPLIT_WINDOW], got[SPLIT_WINDOW], again[SPLIT_WINDOW];
	const struct kept_row row = {.path = "/a.fq.gz", .records = 20, .bytes = 6, .made_ms = 5};
	const uint8_t key[RESULT_KEY_SIZE] = {1}, content[RESULT_KEY_SIZE] = {2};
	bool whole = n == 0 || window_unpack(packed, n, wants, sizeof wants) == 0;
	_cleanup_(freep) uint8_t *anew = NULL;
	uint64_t id = 0, slice_size = 0;
	struct split_report found;
	struct error err;
	size_t anew_n;

	if (n == 0)
		memset(wants, 0, sizeof wants);
	must(store_slice_window(store, 1, 0, 1, got, &err) == (whole ? 0 : STORE_NONE));
	must(!whole || memcmp(got, wants, sizeof got) == 0);
	must(store_save_kept(store, 1, 0, key, &row, "result", &err) == 0 && store_save_seek(store, 1, 0, content, MIB, &err) == 0);
	must(store_find_seek(store, content, &id, &slice_size, &err) == 0 && slice_size == MIB);
	must(store_seek_slice(store, id, 1, &found, got, &err) == (whole ? 0 : -ESTALE));
	if (!whole)
		return;
	must(same(&found, report) && memcmp(got, wants, sizeof got) == 0);
	must(window_pack(got, sizeof got, &anew, &anew_n) == 0 && window_unpack(anew, anew_n, again, sizeof again) == 0);
	must(memcmp(again, got, sizeof got) == 0);
}

static void check_core(void)
{
	const struct coord_limits limits = {.slices_max = 1000, .read_max = 1000, .slice_max = MIB, .algorithm = ALGORITHM};
	struct error err = {0};
	struct file_view view;
	struct coord *coord;
	uint64_t next = 0;

	must(coord_new(&limits, &coord) == 0);
	if (store_load(store, coord, &next, &err) < 0)
		must(err.text[0] != '\0');
	else
		must(coord_find_file(coord, 1, 0, &view) && (!view.chain || view.chain->proven <= view.chain->n));
	coord_free(coord);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct split_report reports[SLICES];
	struct error err;

	if (!store)
		prepare();
	for (size_t i = 0; i < SLICES; i++)
		take_report(&data, &size, &reports[i]);
	save(reports, data, size);
	check_core();
	check_window(&reports[1], data, size);
	must(store_roll_back(store, &err) == 0);
	return 0;
}
