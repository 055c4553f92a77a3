/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking: STATUS, SHOW, NODES and WAIT. Unfinished jobs are the core's to tell, ended ones the store's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/qc/rules.h"

static void put_error(const struct error *error, bool *ret_has, fq_Error *ret)
{
	*ret_has = error->class != ERROR_NONE;
	ret->class = (uint32_t)error->class;
	(void)snprintf(ret->text, sizeof ret->text, "%s", error->text);
}

/* The version of FastQC that the job's rules name. */
static uint32_t compat_of(const struct job_row *row)
{
	struct unpacker unpacker = {.at = row->rules};
	struct count_rules rules;

	if (row->rules_n == 0)
		return 0;
	unpacker.end = row->rules + row->rules_n;
	return rules_unpack(&rules, &unpacker, NULL) == 0 ? 1 + (uint32_t)rules.compat : 0;
}

static void put_job_row(const struct job_row *row, fq_Job *ret)
{
	*ret = (fq_Job){
		.job = row->id,
		.state = (fq_JobState)row->state,
		.files = row->inputs,
		.rows = row->files,
		.merge = (fq_MergeLevel)row->merge,
		.submitted_ms = row->submitted_ms,
		.started_ms = row->started_ms,
		.ended_ms = row->ended_ms,
		.modules = row->modules,
		.compat = compat_of(row),
	};
	(void)snprintf(ret->name, sizeof ret->name, "%s", row->name);
	(void)snprintf(ret->owner, sizeof ret->owner, "%s", row->owner);
	(void)snprintf(ret->profile, sizeof ret->profile, "%s", row->profile);
	put_error(&row->error, &ret->has_error, &ret->error);
}

static void put_job_view(const struct job_view *view, fq_Job *ret)
{
	put_job_row(view->row, ret);
	ret->files_done = view->files_done;
	ret->cached = view->files_cached;
	ret->bytes = view->bytes;
	ret->bytes_done = view->bytes_done;
	ret->records = view->records;
	ret->bases = view->bases;
	ret->nodes = view->nodes;
	(void)snprintf(ret->node_names, sizeof ret->node_names, "%s", view->node_names);
	(void)snprintf(ret->reason, sizeof ret->reason, "%s", view->reason);
}

/* The sums over the files of an ended job. */
static int put_job_files(struct store *store, fq_Job *ret, struct error *err)
{
	struct job_sums sums = {0};
	int r = store_sum_job(store, ret->job, &sums, err);

	if (r < 0)
		return r;
	ret->files_done = (uint32_t)sums.files;
	ret->bytes = ret->bytes_done = sums.bytes;
	ret->records = sums.records;
	ret->cached = (uint32_t)sums.cached;
	ret->bases = sums.bases;
	return 0;
}

int job_message(struct server *server, uint64_t id, fq_Job *ret, struct error *err)
{
	struct job_view view;
	struct job_row row;
	int r;

	if (coord_find_job(server->coord, id, &view)) {
		put_job_view(&view, ret);
		return 0;
	}
	r = store_find_job(server->store, id, &row, err);
	if (r != 0)
		return r;
	put_job_row(&row, ret);
	return put_job_files(server->store, ret, err);
}

/* Answers a question about one job by JOB, of which the session is told what it may know: 0, or negative with a sentence. */
static int send_job(struct session *session, uint16_t tag, uint64_t id, fq_Job *ret, struct error *err)
{
	int r = job_message(session->server, id, ret, err);

	if (r == STORE_NONE)
		return may_none(session, id, err);
	if (r == 0) {
		may_conceal(session, ret);
		session_send(session, fq_Type_JOB, tag, ret);
	}
	return r;
}

/* The same of a job that is the session's. */
static int send_own_job(struct session *session, uint16_t tag, uint64_t id, fq_Job *ret, struct error *err)
{
	struct job_row row;
	int r = may_find(session, id, &row, err);

	return r < 0 ? r : send_job(session, tag, id, ret, err);
}

/* ---- STATUS */

static int status_all(struct session *session, struct listing *listing, struct error *err)
{
	struct job_row row;
	fq_Job job;
	int r = store_next_job(session->server->store, &listing->cursor, &row, err);

	return r != 0 ? r : send_job(session, listing->tag, listing->cursor, &job, err);
}

static int status_ended(struct session *session, struct listing *listing, struct error *err)
{
	struct job_row row;
	fq_Job job;
	int r = 1;

	if (listing->left > 0)
		r = store_next_ended(session->server->store, &listing->until_ms, &listing->cursor, listing->from_ms, &row, err);
	if (r != 0)
		return r;
	listing->left--;
	return send_job(session, listing->tag, listing->cursor, &job, err);
}

/* From and until any time of the protocol to any time of the database. */
static void begin_ended(struct session *session, uint16_t tag, const fq_JobsRequest *request)
{
	const struct listing listing = {
		.more = status_ended,
		.tag = tag,
		.from_ms = request->from_ms < INT64_MAX ? request->from_ms : INT64_MAX,
		.until_ms = request->until_ms > 0 && request->until_ms < INT64_MAX ? request->until_ms : INT64_MAX,
		.left = request->limit ? request->limit : UINT32_MAX,
	};

	listing_begin(session, &listing);
}

static int status_open(struct session *session, struct listing *listing, struct error *err)
{
	struct job_view view;
	fq_Job job;

	(void)err;
	if (!coord_next_job(session->server->coord, &listing->cursor, &view))
		return 1;
	if (view.row->state > JOB_RUNNING)
		return 0;
	put_job_view(&view, &job);
	may_conceal(session, &job);
	session_send(session, fq_Type_JOB, listing->tag, &job);
	return 0;
}

void from_status(struct session *session, uint16_t tag, const void *message)
{
	const fq_JobsRequest *request = message;
	const struct listing listing = {.more = request->all ? status_all : status_open, .tag = tag};
	struct error error;
	fq_Job job;

	if (request->job)
		listing_end(session, tag, send_job(session, tag, request->job, &job, &error), &error);
	else if (request->all && (request->from_ms || request->until_ms || request->limit))
		begin_ended(session, tag, request);
	else
		listing_begin(session, &listing);
}

/* ---- SHOW */

static void put_file(const struct file_row *row, fq_File *ret)
{
	*ret = (fq_File){
		.job = row->job,
		.file = row->file,
		.state = (fq_JobState)row->state,
		.kind = row->planned ? (uint32_t)row->facts.kind : 0,
		.bytes = row->facts.fingerprint.size,
		.bytes_done = row->state > JOB_RUNNING ? row->facts.fingerprint.size : 0,
		.records = row->records,
		.cached = row->cached,
		.bases = row->bases,
		.slice_size = row->slice_size,
		.redone = row->redone,
		.again = row->again,
		.again_done = row->again_done,
		.role = (fq_FileRole)row->role,
		.of = row->of,
		.member = row->member,
		.modules = row->modules,
	};
	(void)snprintf(ret->path, sizeof ret->path, "%s", row->path);
	put_error(&row->error, &ret->has_error, &ret->error);
	if (row->facts.bgzf_unended)
		(void)snprintf(ret->warning, sizeof ret->warning, "no end-of-file block of BGZF; the copy may be incomplete");
	if (row->planned && row->slice_size) {
		ret->slices = way_cuts(row->way) ? (row->facts.fingerprint.size + row->slice_size - 1) / row->slice_size
		                                 : chain_slices(&row->facts, row->slice_size);
		ret->slices_done = row->state > JOB_RUNNING ? ret->slices : 0;
	}
}

/* Newer fields, for whom speaks that. */
static void put_way(const struct file_row *row, uint64_t inflated, fq_File *ret)
{
	static const char *const ways[] = {
		[WAY_PLAIN] = "",
		[WAY_SPLIT] = "",
		[WAY_NEVER] = "slices of gzip are not asked for",
		[WAY_FEW_SLOTS] = "too few slots, or cores for them, are for it that slices would pay",
		[WAY_SMALL] = "it is too small that slices would pay",
		[WAY_OLD_NODES] = "no worker can read it in slices",
		[WAY_GAVE_UP] = "its slices did not go together",
		[WAY_INDEX] = "by the index that an earlier job has left",
	};

	ret->split = way_cuts(row->way);
	ret->inflated = inflated;
	(void)snprintf(ret->way, sizeof ret->way, "%s", (size_t)row->way < sizeof ways / sizeof *ways ? ways[row->way] : "");
}

/* The slice's state as long as the file is being counted; 1 where there is none such. */
static int send_slice(struct session *session, uint16_t tag, uint64_t job, uint32_t file, uint64_t i)
{
	struct file_view view;
	struct slice_view look;
	const struct link *link;
	fq_Slice slice = {.job = job, .file = file, .slice = i};

	if (!coord_find_file(session->server->coord, job, file, &view) || !view.chain || i >= view.chain->n ||
	    !coord_find_slice(session->server->coord, job, file, i, &look))
		return 1;
	link = &view.chain->links[i];
	slice.begin = link->begin;
	slice.end = link->end;
	slice.records = link->seam.records;
	slice.crashes = look.crashes;
	slice.losses = look.losses;
	(void)snprintf(slice.state, sizeof slice.state, "%s", look.state);
	(void)snprintf(slice.node, sizeof slice.node, "%s", look.node);
	session_send(session, fq_Type_SLICE, tag, &slice);
	return 0;
}

static int send_file(struct session *session, uint16_t tag, uint64_t job, uint32_t index, struct error *err)
{
	_cleanup_(freep) fq_File *file = calloc(1, sizeof *file);
	struct file_view view;
	struct file_row row;
	int r;

	if (!file)
		return error_oom(err);
	if (!coord_find_file(session->server->coord, job, index, &view)) {
		r = store_find_file(session->server->store, job, index, &row, err);
		if (r == 0) {
			put_file(&row, file);
			file->cached = file->cached && session->proto >= 3;
			if (session->proto >= 3)
				put_way(&row, 0, file);
			session_send(session, fq_Type_FILE, tag, file);
		}
		return r < 0 ? r : 0;
	}
	put_file(view.row, file);
	if (view.chain) {
		file->bytes_done = view.bytes_done;
		file->records = view.chain->records;
		file->slices = view.chain->n;
		file->slices_done = view.chain->proven;
	}
	file->cached = file->cached && session->proto >= 3;
	if (session->proto >= 3)
		put_way(view.row, view.inflated, file);
	session_send(session, fq_Type_FILE, tag, file);
	return 0;
}

/* A file, then its slices, then the next file. */
static int show_more(struct session *session, struct listing *listing, struct error *err)
{
	if (listing->file == listing->files)
		return 1;
	if (listing->slice++ == 0)
		return send_file(session, listing->tag, listing->cursor, listing->file, err);
	if (send_slice(session, listing->tag, listing->cursor, listing->file, listing->slice - 2) != 0) {
		listing->file++;
		listing->slice = 0;
	}
	return 0;
}

void from_show(struct session *session, uint16_t tag, const void *message)
{
	const fq_JobsRequest *request = message;
	struct listing listing = {.more = show_more, .tag = tag, .cursor = request->job};
	struct error error;
	fq_Job job;

	if (send_own_job(session, tag, request->job, &job, &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	listing.files = session->proto >= 3 ? job.rows : job.files;
	listing_begin(session, &listing);
}

/* ---- NODES */

/* What the worker said of itself. */
static void put_node_hello(const struct session *worker, fq_Node *ret)
{
	ret->proto = worker->proto;
	ret->roots_n = worker->roots_all;
	ret->roots_count = (pb_size_t)worker->roots_n;
	if (worker->roots)
		memcpy(ret->roots, worker->roots, worker->roots_n * sizeof *worker->roots);
	(void)snprintf(ret->batch_engine, sizeof ret->batch_engine, "%s", worker->batch.engine);
	(void)snprintf(ret->batch_job, sizeof ret->batch_job, "%s", worker->batch.job);
	ret->batch_ends = worker->batch.ends;
}

static int nodes_more(struct session *session, struct listing *listing, struct error *err)
{
	uint64_t now = server_now(session->server);
	struct session *worker;
	struct node_view view;
	fq_Node node;

	(void)err;
	if (!coord_next_node(session->server->coord, &listing->cursor, &view))
		return 1;
	worker = view.peer ? session_find(session->server, view.peer) : NULL;
	node = (fq_Node){
		.slots = view.slots,
		.busy = view.busy,
		.bytes_done = view.bytes_done,
		.rate = view.rate,
		.seen_ms = worker ? peer_idle_ms(worker->peer) : view.seen_ms > 0 && now > view.seen_ms ? now - view.seen_ms : 0,
		.jobs = view.jobs,
	};
	(void)snprintf(node.name, sizeof node.name, "%s", view.name);
	(void)snprintf(node.state, sizeof node.state, "%s", view.state);
	(void)snprintf(node.version, sizeof node.version, "%s", worker ? worker->version : "-");
	(void)snprintf(node.reason, sizeof node.reason, "%s", view.reason);
	if (session->proto >= 3 && worker)
		put_node_hello(worker, &node);
	session_send(session, fq_Type_NODE, listing->tag, &node);
	return 0;
}

void from_nodes(struct session *session, uint16_t tag, const void *message)
{
	const struct listing listing = {.more = nodes_more, .tag = tag};

	(void)message;
	listing_begin(session, &listing);
}

/* ---- WAIT */

void from_wait(struct session *session, uint16_t tag, const void *message)
{
	const fq_JobsRequest *request = message;
	struct error error;
	fq_Job job;
	int r;

	if (session->watches_n == WATCHES_MAX) {
		(void)error_set(&error, -EBUSY, ERROR_USAGE, "one connection can wait for %d jobs at a time", WATCHES_MAX);
		session_fail(session, tag, &error);
		return;
	}
	r = send_own_job(session, tag, request->job, &job, &error);
	if (r < 0 || job.state > fq_JobState_JOB_RUNNING) {
		listing_end(session, tag, r, &error);
		return;
	}
	session->server->watches_n++;
	session->watches[session->watches_n++] = (struct watch){.job = request->job, .tag = tag};
}

void watches_tell(struct session *session, bool all)
{
	for (uint32_t i = session->watches_n; i-- > 0;) {
		struct watch *watch = &session->watches[i];
		struct error error;
		fq_Job job;
		int r;

		if (!watch->changed)
			continue;
		r = job_message(session->server, watch->job, &job, &error);
		if (r == STORE_NONE)
			r = may_none(session, watch->job, &error);
		if (r == 0 && job.state <= fq_JobState_JOB_RUNNING) {
			if (!all || !connection_flushed(peer_connection(session->peer)))
				continue; /* he has not read what he was told last */
			watch->changed = false;
			may_conceal(session, &job);
			session_send(session, fq_Type_JOB, watch->tag, &job);
			continue;
		}
		if (r == 0) {
			may_conceal(session, &job);
			session_send(session, fq_Type_JOB, watch->tag, &job);
		}
		listing_end(session, watch->tag, r, &error);
		*watch = session->watches[--session->watches_n];
		session->server->watches_n--;
	}
}
