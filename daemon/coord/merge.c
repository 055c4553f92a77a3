/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Merging: the packed counters of a file's slices, in order, into the packed counters of the file. Integers only; the
 * result's reads must be the chain's, or the file fails.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/server.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/qc/counters.h"

static void countersp(struct counters **counters)
{
	counters_free(*counters);
}

/* Adds one slice's counters; the first one becomes *total. */
static int merge_slice(struct server *server, uint64_t job, uint32_t file, uint64_t slice, struct counters **total,
                       struct error *err)
{
	_cleanup_(countersp) struct counters *counters = NULL;
	const void *bytes;
	uint32_t lacks;
	size_t n;
	int r;

	r = store_slice_counters(server->store, job, file, slice, &bytes, &n, err);
	if (r == STORE_NONE)
		return error_set(err, -ENODATA, ERROR_SOFTWARE, "the counters of slice %llu are not in the database",
		                 (unsigned long long)slice);
	if (r == 0)
		r = counters_unpack(bytes, n, &counters, err);
	if (r < 0)
		return r;
	if (!*total) {
		*total = TAKE(counters);
		return 0;
	}
	r = counters_merge(*total, counters, &lacks);
	return r < 0 ? error_set(err, r, ERROR_SOFTWARE, "the counters of slice %llu cannot be merged: %s",
	                         (unsigned long long)slice, strerror(-r))
	             : 0;
}

static int merge(struct server *server, uint64_t job, uint32_t file, const struct chain *chain, struct counters **ret,
                 struct error *err)
{
	_cleanup_(countersp) struct counters *total = NULL;
	_cleanup_(freep) uint8_t *packed = NULL;
	size_t n = 0;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < chain->n; i++)
		if (!chain->links[i].empty)
			r = merge_slice(server, job, file, i, &total, err);
	if (r < 0)
		return r;
	if (!total || counters_reads(total) != chain->records)
		return error_set(err, -EBADMSG, ERROR_SOFTWARE, "the merged counters hold %llu reads, the seams %llu",
		                 (unsigned long long)(total ? counters_reads(total) : 0), (unsigned long long)chain->records);
	if (counters_pack(total, &packed, &n) < 0)
		return error_oom(err);
	r = store_save_result(server->store, job, file, packed, n, err);
	if (r == 0)
		r = store_forget_slices(server->store, job, file, err);
	if (r == 0)
		*ret = TAKE(total);
	return r;
}

void merge_file(struct server *server, uint64_t job, uint32_t file, const struct chain *chain, struct event *ret)
{
	_cleanup_(countersp) struct counters *total = NULL;

	*ret = (struct event){.kind = EVENT_MERGED};
	ret->merged.job = job;
	ret->merged.file = file;
	if (merge(server, job, file, chain, &total, &ret->merged.error) < 0) {
		ret->merged.failed = true;
		log_error("job %llu: %s", (unsigned long long)job, ret->merged.error.text);
		return;
	}
	ret->merged.records = counters_reads(total);
	ret->merged.bases = counters_bases(total);
}
