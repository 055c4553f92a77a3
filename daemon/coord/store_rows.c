/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of jobs, files, slices and nodes to and from the database: see store.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"

static void bind_text(sqlite3_stmt *statement, int i, const char *text)
{
	(void)sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
}

static void column_text(sqlite3_stmt *statement, int i, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, i);

	(void)snprintf(out, size, "%s", text ? (const char *)text : "");
}

static void column_bytes(sqlite3_stmt *statement, int i, void *out, size_t size)
{
	const void *bytes = sqlite3_column_blob(statement, i);

	memset(out, 0, size);
	if (bytes && (size_t)sqlite3_column_bytes(statement, i) == size)
		memcpy(out, bytes, size);
}

static void column_error(sqlite3_stmt *statement, int i, struct error *out)
{
	out->class = (enum error_class)sqlite3_column_int(statement, i);
	column_text(statement, i + 1, out->text, sizeof out->text);
}

/* ---- saving */

int store_save_job(struct store *store, const struct job_row *row, struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_JOB_SAVE, err);

	if (!s)
		return -EIO;
	bind_u64(s, 1, row->id);
	(void)sqlite3_bind_blob(s, 2, row->uuid, sizeof row->uuid, SQLITE_STATIC);
	bind_text(s, 3, row->owner);
	bind_text(s, 4, row->name);
	bind_u64(s, 5, row->modules);
	bind_u64(s, 6, row->algorithm);
	bind_u64(s, 7, row->lenient);
	bind_u64(s, 8, row->slice_size);
	bind_u64(s, 9, row->files);
	bind_u64(s, 10, row->state);
	bind_u64(s, 11, row->submitted_ms);
	bind_u64(s, 12, row->started_ms);
	bind_u64(s, 13, row->ended_ms);
	bind_u64(s, 14, row->error.class);
	bind_text(s, 15, row->error.text);
	if (row->rules_n > 0)
		(void)sqlite3_bind_blob64(s, 16, row->rules, row->rules_n, SQLITE_STATIC);
	bind_u64(s, 17, row->fresh);
	bind_text(s, 18, row->profile);
	if (row->limits_n > 0)
		(void)sqlite3_bind_blob64(s, 19, row->limits, row->limits_n, SQLITE_STATIC);
	bind_u64(s, 20, row->split_gzip);
	bind_u64(s, 21, row->inputs);
	bind_u64(s, 22, row->merge);
	return store_run(store, s, err);
}

int store_save_file(struct store *store, const struct file_row *row, struct error *err)
{
	const struct fingerprint *print = &row->facts.fingerprint;
	sqlite3_stmt *s = store_writer(store, SQL_FILE_SAVE, err);

	if (!s)
		return -EIO;
	bind_u64(s, 1, row->job);
	bind_u64(s, 2, row->file);
	bind_text(s, 3, row->path);
	bind_u64(s, 4, row->state);
	bind_u64(s, 5, row->planned ? store->generation : 0); /* that of the first time stays */
	bind_u64(s, 6, print->size);
	bind_u64(s, 7, print->mtime_ns);
	bind_u64(s, 8, print->inode);
	(void)sqlite3_bind_blob(s, 9, print->ends, sizeof print->ends, SQLITE_STATIC);
	bind_u64(s, 10, row->facts.kind);
	bind_u64(s, 11, row->facts.bgzf_unended);
	bind_u64(s, 12, row->slice_size);
	bind_u64(s, 13, row->records);
	bind_u64(s, 14, row->bases);
	bind_u64(s, 15, row->redone);
	bind_u64(s, 16, row->error.class);
	bind_text(s, 17, row->error.text);
	bind_u64(s, 18, row->again);
	bind_u64(s, 19, row->again_done);
	if (row->proof.wanted) {
		bind_u64(s, 20, row->proof.size);
		(void)sqlite3_bind_blob(s, 21, row->proof.key, sizeof row->proof.key, SQLITE_STATIC);
		(void)sqlite3_bind_blob(s, 22, row->proof.proof, sizeof row->proof.proof, SQLITE_STATIC);
	}
	bind_u64(s, 23, print->ctime_ns);
	bind_u64(s, 24, row->cached);
	bind_u64(s, 25, row->way);
	bind_u64(s, 26, row->role);
	bind_u64(s, 27, row->of);
	bind_u64(s, 28, row->member);
	bind_u64(s, 29, row->modules);
	bind_u64(s, 30, row->before_reads);
	bind_u64(s, 31, row->before_qualities);
	(void)sqlite3_bind_int(s, 32, row->tile_field);
	return store_run(store, s, err);
}

static void bind_slice(sqlite3_stmt *s, const struct slice_row *row)
{
	bind_u64(s, 1, row->job);
	bind_u64(s, 2, row->file);
	bind_u64(s, 3, row->slice);
}

int store_save_slice(struct store *store, const struct slice_row *row, const uint8_t *counters, size_t n, struct error *err)
{
	sqlite3_stmt *s;
	int r = store_save_split(store, row, err);

	if (r < 0)
		return r;
	s = store_writer(store, SQL_SLICE_SAVE, err);
	if (!s)
		return -EIO;
	bind_slice(s, row);
	bind_u64(s, 4, row->start_known);
	bind_u64(s, 5, row->seam.first.block);
	bind_u64(s, 6, row->seam.first.within);
	bind_u64(s, 7, row->seam.next.block);
	bind_u64(s, 8, row->seam.next.within);
	bind_u64(s, 9, row->seam.records);
	bind_u64(s, 10, row->fault.kind);
	bind_u64(s, 11, row->fault.record);
	bind_u64(s, 12, row->fault.at.block);
	bind_u64(s, 13, row->fault.at.within);
	bind_u64(s, 14, row->fault.value);
	bind_u64(s, 15, row->fault.value2);
	bind_u64(s, 16, (uint64_t)row->fault.error_number);
	bind_u64(s, 17, row->bases);
	if (counters)
		(void)sqlite3_bind_blob64(s, 18, counters, n, SQLITE_STATIC);
	return store_run(store, s, err);
}

int store_forget_slice(struct store *store, const struct slice_row *row, struct error *err)
{
	static const enum statement all[] = {SQL_SLICE_FORGET, SQL_SPLIT_FORGET};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof all / sizeof *all; i++) {
		sqlite3_stmt *s = store_writer(store, all[i], err);

		if (!s)
			return -EIO;
		bind_slice(s, row);
		r = store_run(store, s, err);
	}
	return r;
}

int store_forget_slices(struct store *store, uint64_t job, uint32_t file, struct error *err)
{
	static const enum statement all[] = {SQL_SLICES_FORGET, SQL_SPLITS_FORGET, SQL_AGAIN_FORGET, SQL_TROUBLES_FORGET};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof all / sizeof *all; i++) {
		sqlite3_stmt *s = store_writer(store, all[i], err);

		if (!s)
			return -EIO;
		bind_u64(s, 1, job);
		bind_u64(s, 2, file);
		r = store_run(store, s, err);
	}
	return r;
}

int store_save_node(struct store *store, const char *name, bool drained, const char *reason, struct error *err)
{
	sqlite3_stmt *s = store_writer(store, drained ? SQL_NODE_SAVE : SQL_NODE_FORGET, err);

	if (!s)
		return -EIO;
	bind_text(s, 1, name);
	if (drained)
		bind_text(s, 2, reason);
	return store_run(store, s, err);
}

/* ---- reading */

/* A number that is no state is a damaged row's: what it was of has ended, and not well. */
static enum job_state column_state(sqlite3_stmt *s, int i)
{
	const uint64_t state = column_u64(s, i);

	return state <= JOB_CANCELLED ? (enum job_state)state : JOB_FAILED;
}

static void read_job(sqlite3_stmt *s, struct job_row *ret)
{
	*ret = (struct job_row){
		.id = column_u64(s, 0),
		.modules = (uint32_t)column_u64(s, 4),
		.algorithm = (uint32_t)column_u64(s, 5),
		.lenient = column_u64(s, 6),
		.slice_size = column_u64(s, 7),
		.files = (uint32_t)column_u64(s, 8),
		.state = column_state(s, 9),
		.submitted_ms = column_u64(s, 10),
		.started_ms = column_u64(s, 11),
		.ended_ms = column_u64(s, 12),
		.rules = sqlite3_column_blob(s, 15),
		.rules_n = (uint32_t)sqlite3_column_bytes(s, 15),
		.fresh = column_u64(s, 16),
		.limits = sqlite3_column_blob(s, 18),
		.limits_n = (uint32_t)sqlite3_column_bytes(s, 18),
		.split_gzip = (enum split_gzip)column_u64(s, 19),
		.inputs = (uint32_t)column_u64(s, 20),
		.merge = (uint32_t)column_u64(s, 21),
	};
	if (ret->inputs == 0)
		ret->inputs = ret->files; /* from before there were groups */
	column_bytes(s, 1, ret->uuid, sizeof ret->uuid);
	column_text(s, 2, ret->owner, sizeof ret->owner);
	column_text(s, 3, ret->name, sizeof ret->name);
	column_text(s, 17, ret->profile, sizeof ret->profile);
	column_error(s, 13, &ret->error);
}

static void read_file(sqlite3_stmt *s, struct file_row *ret)
{
	*ret = (struct file_row){
		.job = column_u64(s, 0),
		.file = (uint32_t)column_u64(s, 1),
		.path = (const char *)sqlite3_column_text(s, 2),
		.state = column_state(s, 3),
		.planned = column_u64(s, 4),
		.facts = {
			.fingerprint = {.size = column_u64(s, 5), .mtime_ns = column_u64(s, 6), .inode = column_u64(s, 7),
			                .ctime_ns = column_u64(s, 22)},
			.kind = (enum file_kind)column_u64(s, 9),
			.bgzf_unended = column_u64(s, 10),
		},
		.slice_size = column_u64(s, 11),
		.records = column_u64(s, 12),
		.bases = column_u64(s, 13),
		.cached = column_u64(s, 23),
		.way = (enum file_way)column_u64(s, 24),
		.redone = column_u64(s, 14),
		.again = column_u64(s, 17),
		.again_done = column_u64(s, 18),
		.proof = {.wanted = sqlite3_column_type(s, 20) == SQLITE_BLOB, .size = column_u64(s, 19)},
		.role = (enum file_role)column_u64(s, 25),
		.of = (uint32_t)column_u64(s, 26),
		.member = (uint32_t)column_u64(s, 27),
		.modules = (uint32_t)column_u64(s, 28),
		.before_reads = column_u64(s, 29),
		.before_qualities = column_u64(s, 30),
		.tile_field = sqlite3_column_int(s, 31),
	};
	column_bytes(s, 20, ret->proof.key, sizeof ret->proof.key);
	column_bytes(s, 21, ret->proof.proof, sizeof ret->proof.proof);
	column_bytes(s, 8, ret->facts.fingerprint.ends, sizeof ret->facts.fingerprint.ends);
	column_error(s, 15, &ret->error);
}

static void read_slice(sqlite3_stmt *s, struct slice_row *ret)
{
	*ret = (struct slice_row){
		.job = column_u64(s, 0),
		.file = (uint32_t)column_u64(s, 1),
		.slice = column_u64(s, 2),
		.start_known = column_u64(s, 3),
		.seam = {
			.first = {.block = column_u64(s, 4), .within = column_u64(s, 5)},
			.next = {.block = column_u64(s, 6), .within = column_u64(s, 7)},
			.records = column_u64(s, 8),
		},
		.fault = {
			.kind = (enum fault_kind)column_u64(s, 9),
			.record = column_u64(s, 10),
			.at = {.block = column_u64(s, 11), .within = column_u64(s, 12)},
			.value = column_u64(s, 13),
			.value2 = column_u64(s, 14),
			.error_number = (int)column_u64(s, 15),
		},
		.bases = column_u64(s, 16),
	};
}

static int find_job(struct store *store, sqlite3_stmt *s, struct job_row *ret, struct error *err)
{
	int r = store_row(store, s, err);

	if (r == 0)
		read_job(s, ret);
	return r;
}

int store_find_job(struct store *store, uint64_t id, struct job_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_JOB_FIND);

	bind_u64(s, 1, id);
	return find_job(store, s, ret, err);
}

int store_find_uuid(struct store *store, const uint8_t uuid[16], struct job_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_JOB_UUID);

	(void)sqlite3_bind_blob(s, 1, uuid, 16, SQLITE_STATIC);
	return find_job(store, s, ret, err);
}

int store_next_job(struct store *store, uint64_t *cursor, struct job_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_JOB_NEXT);
	int r;

	bind_u64(s, 1, *cursor);
	r = find_job(store, s, ret, err);
	if (r == 0)
		*cursor = ret->id;
	return r;
}

int store_next_ended(struct store *store, uint64_t *until_ms, uint64_t *cursor, uint64_t from_ms, struct job_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_JOB_ENDED);
	int r;

	bind_u64(s, 1, *until_ms);
	bind_u64(s, 2, *cursor);
	bind_u64(s, 3, from_ms);
	r = find_job(store, s, ret, err);
	if (r == 0) {
		*until_ms = ret->ended_ms;
		*cursor = ret->id;
	}
	return r;
}

int store_find_file(struct store *store, uint64_t job, uint32_t file, struct file_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_FILE_FIND);
	int r;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_row(store, s, err);
	if (r == 0)
		read_file(s, ret);
	return r;
}

int store_find_plan(struct store *store, uint64_t job, uint32_t file, uint64_t *ret_generation, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_FILE_PLANNED);
	int r;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_row(store, s, err);
	if (r == 0)
		*ret_generation = column_u64(s, 0);
	return r;
}

int store_sum_job(struct store *store, uint64_t job, struct job_sums *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_FILE_SUMS);
	int r;

	bind_u64(s, 1, job);
	r = store_row(store, s, err);
	if (r == 0)
		*ret = (struct job_sums){
			.files = column_u64(s, 0),
			.bytes = column_u64(s, 1),
			.records = column_u64(s, 2),
			.bases = column_u64(s, 3),
			.cached = column_u64(s, 4),
		};
	return r;
}

/* ---- loading the core: rows are read one statement inside another, so that none of them is `shown` */

static int load_slices(struct store *store, struct coord *coord, const struct file_row *of, struct error *err)
{
	_cleanup_(freep) struct split_stored *split = way_cuts(of->way) ? malloc(sizeof *split) : NULL;
	sqlite3_stmt *s = store->statements[SQL_SLICE_OF_FILE];
	struct slice_row row;
	uint64_t seek = 0, next = 0;
	int code, r = 0;

	if (way_cuts(of->way) && !split)
		return error_oom(err);
	if (split)
		r = store_load_seek(store, coord, of, &seek, err);
	(void)sqlite3_reset(s);
	bind_u64(s, 1, of->job);
	bind_u64(s, 2, of->file);
	while (r == 0 && (code = sqlite3_step(s)) != SQLITE_DONE) {
		if (code != SQLITE_ROW)
			return store_fail(store, code & 0xff, err);
		read_slice(s, &row);
		for (; r == 0 && seek > 0 && next < row.slice; next++)
			r = store_load_point(store, coord, of, seek, next, split, err);
		next = row.slice + 1;
		if (r == 0 && split)
			r = store_load_split(store, &row, split, err);
		if (r == 0)
			r = coord_load_slice(coord, &row, err);
	}
	(void)sqlite3_reset(s);
	return r;
}

static int load_files(struct store *store, struct coord *coord, uint64_t job, struct error *err)
{
	sqlite3_stmt *s = store->statements[SQL_FILE_OF_JOB];
	struct file_row row;
	int code, r = 0;

	(void)sqlite3_reset(s);
	bind_u64(s, 1, job);
	while (r == 0 && (code = sqlite3_step(s)) != SQLITE_DONE) {
		if (code != SQLITE_ROW)
			return store_fail(store, code & 0xff, err);
		read_file(s, &row);
		r = coord_load_file(coord, &row, err);
		if (r == 0 && row.planned && row.state <= JOB_RUNNING)
			r = load_slices(store, coord, &row, err);
		if (r == 0 && row.planned && row.state <= JOB_RUNNING)
			r = store_load_troubles(store, coord, job, row.file, err);
	}
	(void)sqlite3_reset(s);
	return r;
}

static int load_nodes(struct store *store, struct coord *coord, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_NODES);
	int r;

	while ((r = store_row(store, s, err)) == 0)
		if (coord_load_node(coord, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1)) < 0)
			return error_oom(err);
	return r < 0 ? r : 0;
}

int store_load(struct store *store, struct coord *coord, uint64_t *ret_next_job, struct error *err)
{
	uint64_t cursor = 0;
	struct job_row row;
	sqlite3_stmt *s;
	int r;

	r = load_nodes(store, coord, err);
	while (r == 0) {
		s = store_statement(store, SQL_JOB_UNFINISHED);
		bind_u64(s, 1, cursor);
		r = find_job(store, s, &row, err);
		if (r != 0)
			break;
		cursor = row.id;
		r = coord_load_job(coord, &row, err);
		if (r == 0)
			r = load_files(store, coord, row.id, err);
	}
	if (r < 0)
		return r;
	s = store_statement(store, SQL_JOB_LAST);
	r = store_row(store, s, err);
	if (r >= 0)
		*ret_next_job = r == 0 ? column_u64(s, 0) + 1 : 1;
	return r < 0 ? r : 0;
}
