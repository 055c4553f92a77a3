/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often counting slices ended badly, to and from the database: see store.h. */
#include <errno.h>

#include "daemon/coord/store_internal.h"

int store_save_trouble(struct store *store, const struct trouble_row *row, struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_TROUBLE_SAVE, err);

	if (!s)
		return -EIO;
	bind_u64(s, 1, row->job);
	bind_u64(s, 2, row->file);
	bind_u64(s, 3, row->slice);
	bind_u64(s, 4, row->crashes);
	bind_u64(s, 5, row->losses);
	bind_u64(s, 6, row->lease);
	return store_run(store, s, err);
}

int store_load_troubles(struct store *store, struct coord *coord, uint64_t job, uint32_t file, struct error *err)
{
	sqlite3_stmt *s = store->statements[SQL_TROUBLE_OF_FILE];
	int code, r = 0;

	(void)sqlite3_reset(s);
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	while (r == 0 && (code = sqlite3_step(s)) != SQLITE_DONE) {
		if (code != SQLITE_ROW)
			return store_fail(store, code & 0xff, err);
		r = coord_load_trouble(coord,
		                       &(struct trouble_row){
			                       .job = job,
			                       .file = file,
			                       .slice = column_u64(s, 0),
			                       .crashes = (uint32_t)column_u64(s, 1),
			                       .losses = (uint32_t)column_u64(s, 2),
			                       .lease = column_u64(s, 3),
		                       },
		                       err);
	}
	(void)sqlite3_reset(s);
	return r;
}

int store_sum_troubles(struct store *store, struct trouble_sums *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_TROUBLE_SUMS);
	int r = store_row(store, s, err);

	if (r == 0)
		*ret = (struct trouble_sums){.slices = column_u64(s, 0), .crashes = column_u64(s, 1), .losses = column_u64(s, 2)};
	return r;
}
