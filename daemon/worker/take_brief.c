/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BRIEF and its DATA: into the list that the coordinator reckons with. */
#include <errno.h>

#include "daemon/worker/worker_internal.h"

static void drop(void *brief)
{
	(void)brief_free(brief); /* always NULL */
}

int take_brief(struct worker *worker, const void *message, struct error *err)
{
	int r;

	if (worker->receiving.open)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent a BRIEF within another");
	worker->receiving.message = *(const fq_Brief *)message;
	r = blob_begin(&worker->receiving.blob, worker->receiving.message.blob_bytes, BRIEF_MAX, err);
	worker->receiving.open = r == 0;
	return r;
}

static int brief_taken(struct worker *worker, struct error *err)
{
	const fq_Brief *message = &worker->receiving.message;
	const struct brief_key key = {.job = message->job, .file = message->file, .number = message->number};
	struct blob *blob = &worker->receiving.blob;
	struct brief *brief;
	int r;

	r = brief_new(blob->bytes, blob->n, message->blob_sha256, &brief, err);
	if (r == 0)
		briefs_add(&worker->briefs, &key, brief->n, brief, drop);
	blob_deinit(blob);
	worker->receiving.open = false;
	return r;
}

int take_brief_data(struct worker *worker, const struct frame *frame, struct error *err)
{
	int r;

	if (!worker->receiving.open)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent DATA that nothing announced");
	r = blob_add(&worker->receiving.blob, frame, err);
	return r > 0 ? brief_taken(worker, err) : r;
}

void take_briefs_clear(struct worker *worker)
{
	blob_deinit(&worker->receiving.blob);
	worker->receiving.open = false;
	briefs_clear(&worker->briefs, drop);
}
