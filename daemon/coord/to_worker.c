/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The core's actions for a worker, as messages. Before a task comes the brief that it needs, if the worker does not have it
 * (any more).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* A worker that is not told all is of no use; it comes back, and its slices are given out again. */
static void give_up(struct session *session)
{
	struct error error;

	(void)error_oom(&error);
	log_event(LOG_WARNING, &(struct log_about){.event = TOLD_PEER_DROPPED, .node = session->name, .peer = session->name},
	          "worker %s is dropped: %s", session->name, error.text);
	peer_refuse(session->peer, &error);
}

static fq_SliceRef slice_ref(const struct slice_id *id)
{
	return (fq_SliceRef){.job = id->job, .file = id->file, .slice = id->slice, .lease = id->lease, .again = id->again,
	                      .scout = id->scout, .split = id->split};
}

static int send_brief(struct session *session, const struct action *action, uint32_t number, const struct prior *prior)
{
	const struct slice_id *id = &action->task.id;
	const struct brief_key key = {.job = id->job, .file = id->file, .number = number};
	fq_Brief message = {.job = id->job, .file = id->file, .number = number};
	struct brief brief;
	int r;

	if (number == 0 || briefs_find(&session->briefs, &key))
		return 0;
	r = context_brief(&session->server->contexts, session->server->coord, action, prior, &brief);
	if (r < 0)
		return r;
	message.blob_bytes = brief.shared->n;
	memcpy(message.blob_sha256, brief.digest, sizeof message.blob_sha256);
	briefs_add(&session->briefs, &key, brief.shared->n, NULL, NULL);
	(void)peer_send_shared(session->peer, fq_Type_BRIEF, 0, &message, TAKE(brief.shared)); /* as session_send() */
	return 0;
}

struct telling {
	struct server *server;
	const struct action *action;
	struct prior prior;
	uint32_t brief;
};

static int tell_work(void *data, struct error *err)
{
	struct telling *telling = data;
	struct server *server = telling->server;

	(void)err;
	context_task(&server->contexts, server->store, server->coord, telling->action, &telling->prior, &telling->brief);
	return 0;
}

/* Many slices, or the large counters of one, are to be taken first. */
static bool telling_is_long(const struct server *server, const struct action *action)
{
	const struct contexts *contexts = &server->contexts;
	uint64_t behind = context_behind(contexts, server->coord, action);

	return behind > FOLLOW_MAX ||
	       (behind > 0 && contexts_owed(contexts, server->store, server->coord, action->task.id.job, action->task.id.file) >=
	                          LABOUR_BYTES);
}

/*
 * Where the text of a slice of a gzip stream begins. A window that the core has forgotten is in the store. Without it the task is not
 * sent, and the worker comes back.
 */
static int put_point(struct server *server, const struct action *action, fq_Task *task)
{
	_cleanup_(freep) uint8_t *window = NULL;
	struct split_point point = action->task.point;
	const struct slice_id *id = &action->task.id;
	struct error error;

	task->split = true;
	task->text_max = action->task.text_max;
	if (id->scout)
		return 0;
	if (action->task.window_from != UINT64_MAX) {
		window = malloc(SPLIT_WINDOW);
		if (!window)
			return -ENOMEM;
		if (store_slice_window(server->store, id->job, id->file, action->task.window_from, window, &error) != 0)
			return -ENODATA;
		point.window = window + SPLIT_WINDOW - split_window_size(&point);
	}
	task->has_point = true;
	return point_to_message(&point, &task->point);
}

/* What the slice's text is told from, and by which rules it is counted: the brief goes before the task. */
static int put_counting(struct session *session, const struct action *action, fq_Task *task)
{
	struct server *server = session->server;
	struct telling telling = {.server = server, .action = action};

	(void)(telling_is_long(server, action) ? labour(server, tell_work, &telling, NULL) : tell_work(&telling, NULL)); /* 0 */
	task->brief = telling.brief;
	prior_to_message(&telling.prior, task);
	return send_brief(session, action, task->brief, &telling.prior);
}

static void send_task(struct session *session, const struct action *action)
{
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);

	if (!task || (!action->task.id.scout && put_counting(session, action, task) < 0) ||
	    (action->task.split && put_point(session->server, action, task) < 0)) {
		give_up(session);
		return;
	}
	task_to_message(&action->task.task, task);
	task->has_ref = true;
	task->ref = slice_ref(&action->task.id);
	(void)snprintf(task->path, sizeof task->path, "%s", action->task.path);
	task->has_fingerprint = true;
	fingerprint_to_message(&action->task.facts->fingerprint, &task->fingerprint);
	task->modules = action->task.modules;
	task->algorithm = action->task.algorithm;
	session_send(session, fq_Type_TASK, 0, task);
}

static void send_open(struct session *session, const struct action *action)
{
	fq_Open open = {.job = action->open.job, .file = action->open.file};

	const struct file_proof *proof = action->open.proof;

	(void)snprintf(open.path, sizeof open.path, "%s", action->open.path);
	if (proof->wanted) {
		open.proof_wanted = true;
		open.size = proof->size;
		open.proof_key.size = open.proof.size = PROOF_SIZE;
		memcpy(open.proof_key.bytes, proof->key, PROOF_SIZE);
		memcpy(open.proof.bytes, proof->proof, PROOF_SIZE);
	}
	session_send(session, fq_Type_OPEN, 0, &open);
}

void to_worker(struct server *server, const struct action *action)
{
	struct session *session = session_find(server, action->peer);
	const fq_Empty empty = {0};
	fq_Ref ref = {.has_ref = true};
	struct error error;

	if (!session)
		return; /* it went away in this very round; the core hears of it next */
	switch (action->kind) {
	case ACTION_SEND_OPEN:
		send_open(session, action);
		break;
	case ACTION_SEND_TASK:
		send_task(session, action);
		break;
	case ACTION_SEND_ACK:
	case ACTION_SEND_DROP:
		ref.ref = slice_ref(&action->id);
		session_send(session, action->kind == ACTION_SEND_ACK ? fq_Type_RESULT_ACK : fq_Type_DROP, 0, &ref);
		break;
	case ACTION_SEND_DRAIN:
		session_send(session, fq_Type_DRAIN, 0, &empty);
		break;
	case ACTION_SEND_RESUME:
		session_send(session, fq_Type_RESUME, 0, &empty);
		break;
	default: /* ACTION_DROP_PEER */
		(void)error_set(&error, -ESTALE, ERROR_TEMPORARY, "%s", action->text);
		session->welcome = false; /* the core knows that it is gone */
		peer_refuse(session->peer, &error);
	}
}
