/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store has of a slice of a gzip stream besides its counters: the reader's report, and the window of text behind it, from which
 * the next slices are read. Bytes: a version, flags, numbers of 64 bits (the lowest byte first), then the window deflated.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/symbol.h"

#define SPLIT_VERSION 1
#define NUMBERS 11
#define FIXED (2 + 8 * NUMBERS)

enum flags {
	FIRST_HEADER = 1 << 0,
	NEXT_HEADER = 1 << 1,
	HEAD_ENDS = 1 << 2,
	COUNTED = 1 << 3,
};

static void put(uint8_t *p, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *p)
{
	uint64_t value = 0;

	for (unsigned int i = 8; i-- > 0;)
		value = value << 8 | p[i];
	return value;
}

static void report_pack(const struct split_report *report, uint8_t to[FIXED])
{
	const uint64_t numbers[NUMBERS] = {
	    report->first_bit, report->next_bit, report->reach,       report->text,        report->head.length, report->head.crc,
	    report->head_trailer.crc, report->head_trailer.size, report->tail_member, report->tail.length, report->tail.crc};

	to[0] = SPLIT_VERSION;
	to[1] = (uint8_t)(report->first_header * FIRST_HEADER | report->next_header * NEXT_HEADER | report->head_ends * HEAD_ENDS |
	                  report->counted * COUNTED);
	for (size_t i = 0; i < NUMBERS; i++)
		put(to + 2 + 8 * i, numbers[i]);
}

static void report_unpack(const uint8_t from[FIXED], struct split_report *ret)
{
	uint64_t numbers[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		numbers[i] = get(from + 2 + 8 * i);
	*ret = (struct split_report){
	    .first_bit = numbers[0],
	    .next_bit = numbers[1],
	    .first_header = from[1] & FIRST_HEADER,
	    .next_header = from[1] & NEXT_HEADER,
	    .reach = (uint32_t)numbers[2],
	    .text = numbers[3],
	    .head = {.length = numbers[4], .crc = (uint32_t)numbers[5]},
	    .head_ends = from[1] & HEAD_ENDS,
	    .head_trailer = {.crc = (uint32_t)numbers[6], .size = (uint32_t)numbers[7]},
	    .tail_member = numbers[8],
	    .tail = {.length = numbers[9], .crc = (uint32_t)numbers[10]},
	    .counted = from[1] & COUNTED,
	};
}

int store_save_split(struct store *store, const struct slice_row *row, struct error *err)
{
	_cleanup_(freep) uint8_t *packed = NULL, *bytes = NULL;
	const uint8_t *window = row->packed;
	size_t n = row->packed_n;
	sqlite3_stmt *s;

	if (!row->report || !row->window)
		return 0;
	if (!window && window_pack(row->window, SPLIT_WINDOW, &packed, &n) < 0)
		return error_oom(err);
	bytes = malloc(FIXED + n);
	if (!bytes)
		return error_oom(err);
	report_pack(row->report, bytes);
	memcpy(bytes + FIXED, window ? window : packed, n);
	s = store_writer(store, SQL_SPLIT_SAVE, err);
	if (!s)
		return -EIO;
	bind_u64(s, 1, row->job);
	bind_u64(s, 2, row->file);
	bind_u64(s, 3, row->slice);
	(void)sqlite3_bind_blob64(s, 4, bytes, FIXED + n, SQLITE_STATIC);
	return store_run(store, s, err);
}

/* A row of SQL_SPLIT_FIND: what is damaged there is as if it were not there, and its slice is counted again. */
static bool stored(sqlite3_stmt *s, struct split_report *ret_report, uint8_t *window)
{
	const uint8_t *bytes = sqlite3_column_blob(s, 0);
	size_t n = (size_t)sqlite3_column_bytes(s, 0);

	if (!bytes || n < FIXED || bytes[0] != SPLIT_VERSION || window_unpack(bytes + FIXED, n - FIXED, window, SPLIT_WINDOW) < 0)
		return false;
	report_unpack(bytes, ret_report);
	return true;
}

int store_load_split(struct store *store, struct slice_row *row, struct split_stored *to, struct error *err)
{
	sqlite3_stmt *s = store->statements[SQL_SPLIT_FIND];
	int code;

	(void)sqlite3_reset(s);
	bind_u64(s, 1, row->job);
	bind_u64(s, 2, row->file);
	bind_u64(s, 3, row->slice);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW && stored(s, &to->report, to->window)) {
		row->report = &to->report;
		row->window = to->window;
	}
	(void)sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(store, code & 0xff, err);
}

int store_slice_window(struct store *store, uint64_t job, uint32_t file, uint64_t slice, uint8_t *window, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_SPLIT_FIND);
	struct split_report report;
	int r;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, slice);
	r = store_row(store, s, err);
	return r == 0 && !stored(s, &report, window) ? STORE_NONE : r;
}

int store_seek_slice(struct store *store, uint64_t id, uint64_t slice, struct split_report *ret_report, uint8_t *window, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_SEEK_OF);
	int r;

	bind_u64(s, 1, id);
	r = store_row(store, s, err);
	if (r != 0)
		return r < 0 ? r : -ESTALE;
	s = store_statement(store, SQL_SEEK_SLICE);
	bind_u64(s, 1, id);
	bind_u64(s, 2, slice);
	r = store_row(store, s, err);
	return r == 0 && !stored(s, ret_report, window) ? -ESTALE : r;
}

int store_load_seek(struct store *store, struct coord *coord, const struct file_row *file, uint64_t *ret_seek, struct error *err)
{
	uint8_t key[RESULT_KEY_SIZE];
	uint64_t seek, slice_size;
	int r;

	if (!coord_content_key(coord, file->job, file->file, NULL, key))
		return 0;
	r = store_find_seek(store, key, &seek, &slice_size, err);
	if (r == 0 && coord_load_seek(coord, file->job, file->file, seek, slice_size))
		*ret_seek = seek;
	return r < 0 ? r : 0;
}

int store_load_point(struct store *store, struct coord *coord, const struct file_row *file, uint64_t seek, uint64_t slice,
                     struct split_stored *to, struct error *err)
{
	struct event event = {.kind = EVENT_POINT, .point = {.job = file->job, .file = file->file, .slice = slice, .window = to->window}};
	int r = store_seek_slice(store, seek, slice, &event.point.report, to->window, err);

	if (r < 0 && r != -ESTALE)
		return r;
	event.point.found = r == 0;
	event.point.gone = r == -ESTALE;
	return coord_load_point(coord, &event, err);
}
