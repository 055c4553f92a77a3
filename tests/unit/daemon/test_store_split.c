/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store has of slices of a gzip stream: their reports and the windows behind them are there after a restart, so that the core
 * goes on behind what was proven; go with their slices; and stay as an index with a result that is kept, as long as that is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/symbol.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

#define MIB (1ULL << 20)
#define ALGORITHM 7

static uint8_t windows[2][SPLIT_WINDOW], got[SPLIT_WINDOW];

static struct split_report report_of(uint64_t slice)
{
	return (struct split_report){
	    .first_bit = 8 * slice * MIB,
	    .next_bit = 8 * (slice + 1) * MIB,
	    .first_header = slice == 0,
	    .text = MIB,
	    .head = {.length = slice == 0 ? 0 : MIB, .crc = slice == 0 ? 0 : 0x89abcdef},
	    .head_ends = slice == 0,
	    .tail = {.length = slice == 0 ? MIB : 0, .crc = 0},
	    .counted = true,
	};
}

static int save(struct store *store, struct error *err)
{
	const struct split_report reports[2] = {report_of(0), report_of(1)};
	struct job_row job = {
	    .id = 1, .owner = "alice", .files = 1, .state = JOB_RUNNING, .algorithm = ALGORITHM, .split_gzip = SPLIT_GZIP_ALWAYS};
	struct file_row file = {.job = 1, .path = "/a.fq.gz", .state = JOB_RUNNING, .planned = true, .way = WAY_SPLIT, .slice_size = MIB};
	int r = store_save_job(store, &job, err);

	file.facts.kind = FILE_GZIP;
	file.facts.fingerprint.size = 3 * MIB;
	if (r == 0)
		r = store_save_file(store, &file, err);
	for (uint64_t i = 0; r == 0 && i < 2; i++) {
		uint8_t *packed = NULL; /* of one slice, as it came; the other is packed by the store */
		size_t n = 0;
		struct slice_row row = {.job = 1,
		                        .slice = i,
		                        .start_known = true,
		                        .seam = {.first.within = i * MIB, .next.within = (i + 1) * MIB, .records = 10},
		                        .report = &reports[i],
		                        .window = windows[i]};

		if (i == 1 && window_pack(windows[i], SPLIT_WINDOW, &packed, &n) < 0)
			return -ENOMEM;
		row.packed = packed;
		row.packed_n = n;
		r = store_save_slice(store, &row, (const uint8_t *)"counters", 8, err);
		free(packed);
	}
	return r == 0 ? store_commit(store, err) : r;
}

static void test_loaded(struct store *store)
{
	const struct coord_limits limits = {.slices_max = 1000, .read_max = 1000, .slice_max = MIB, .algorithm = ALGORITHM};
	struct job_row job;
	struct error error = {0};
	struct file_view view;
	struct coord *coord;
	uint64_t next = 0;

	ok(store_find_job(store, 1, &job, &error) == 0 && job.split_gzip == SPLIT_GZIP_ALWAYS, "the job's wish");
	ok(coord_new(&limits, &coord) == 0 && store_load(store, coord, &next, &error) == 0, "what was counted is loaded: %s", error.text);
	ok(coord_find_file(coord, 1, 0, &view) && view.row->way == WAY_SPLIT && view.chain->n == 3, "the file is read as it was");
	is_u64(view.chain->proven, 2, "slices are proven by their reports and windows");
	coord_free(coord);
}

static void test_index(struct store *store)
{
	const struct kept_row row = {.path = "/a.fq.gz", .records = 20, .bytes = 6, .made_ms = 5};
	const uint8_t key[RESULT_KEY_SIZE] = {1}, content[RESULT_KEY_SIZE] = {2}, other[RESULT_KEY_SIZE] = {3};
	struct split_report report;
	struct kept_row last = {0};
	struct error error = {0};
	uint64_t id = 0, size = 0, n, bytes = 0, index = 1;

	ok(store_save_kept(store, 1, 0, key, &row, "result", &error) == 0 && store_save_seek(store, 1, 0, content, MIB, &error) == 0 &&
	           store_find_seek(store, content, &id, &size, &error) == 0 && store_drop_seek(store, id, &error) == 0 &&
	           store_find_seek(store, content, &id, &size, &error) == STORE_NONE,
	   "an index that is wrong goes: %s", error.text);
	ok(store_sum_kept(store, &n, &bytes, &error) == 0 && n == 1 && bytes == 6, "without the result: %llu bytes stay", (unsigned long long)bytes);
	ok(store_seek_bytes(store, id, &index, &error) == 0 && index == 0, "it has no index");
	ok(store_drop_seek(store, id, &error) == 0 && store_sum_kept(store, &n, &bytes, &error) == 0 && bytes == 6, "once");
	ok(store_save_seek(store, 1, 0, content, MIB, &error) == 0 &&
	           store_forget_slices(store, 1, 0, &error) == 0,
	   "a result is kept, and its slices go: %s", error.text);
	is_int(store_slice_window(store, 1, 0, 0, got, &error), STORE_NONE, "with what they had");
	is_int(store_find_seek(store, other, &id, &size, &error), STORE_NONE, "another file has no index");
	ok(store_find_seek(store, content, &id, &size, &error) == 0 && size == MIB, "this one has");
	ok(store_sum_kept(store, &n, &bytes, &error) == 0 && n == 1 && bytes > 6, "whose bytes count: %llu", (unsigned long long)bytes);
	ok(store_seek_bytes(store, id, &index, &error) == 0 && index + 6 == bytes, "so many of them: %llu", (unsigned long long)index);
	ok(store_seek_slice(store, id, 1, &report, got, &error) == 0 && report.next_bit == 16 * MIB && report.head.crc == 0x89abcdef &&
	           memcmp(got, windows[1], sizeof got) == 0,
	   "a slice of it is what was counted");
	is_int(store_seek_slice(store, id, 2, &report, got, &error), STORE_NONE, "one without text is not there");
	ok(store_remove_kept(store, 0, "/a.fq.gz", &last, &error) == 0 && store_find_seek(store, content, &id, &size, &error) == STORE_NONE,
	   "it goes with the result");
	ok(store_seek_slice(store, id, 1, &report, got, &error) < 0 && store_sum_kept(store, &n, &bytes, &error) == 0 && bytes == 0,
	   "and all of its bytes");
}

int main(void)
{
	char folder[] = "/tmp/fqtest.XXXXXX";
	struct error error = {0};
	struct store *store;

	for (size_t i = 0; i < sizeof windows; i++)
		windows[i / SPLIT_WINDOW][i % SPLIT_WINDOW] = (uint8_t)(i * 2654435761u >> 9);
	if (!mkdtemp(folder))
		return 99;
	store = store_at(folder);
	is_int(save(store, &error), 0, "two slices%s%s", error.text[0] ? ": " : "", error.text);
	ok(store_slice_window(store, 1, 0, 1, got, &error) == 0 && memcmp(got, windows[1], sizeof got) == 0, "the window behind one");
	store_free(store);
	store = store_at(folder);
	test_loaded(store);
	test_index(store);
	store_free(store);
	folder_remove(folder);
	return done_testing();
}
