/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The driver of the core: event in, actions out, in the order that core.h asks for.
 *
 *     saves, forgets, merges      into the open transaction of the store
 *     OPEN, TASK, DROP, DRAIN     leave at once: they promise nothing, and what they cause is proved by seams
 *     replies, acknowledgements,
 *     changes of a job            wait for the commit of all that was saved before them
 *
 * A commit is made at once when a person waits for it (a reply, the end of a job), and otherwise within GROUP_MS, so that
 * many slices share one. When the store fails, nothing was promised, and the last commit is the truth: fall.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/observe.h"
#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"

#define GROUP_MS 50
#define CHANGES_MS 100 /* a job's waiters are told at most so often */

static void die_of_memory(void) __attribute__((noreturn));
static void die_of_memory(void)
{
	struct error error;

	(void)error_oom(&error);
	die(&error);
}

static void timer_arm(sd_event_source *timer, uint64_t ms)
{
	int enabled = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(timer, &enabled) >= 0 && enabled != SD_EVENT_OFF)
		return;
	if (sd_event_source_set_time_relative(timer, ms * 1000) < 0 ||
	    sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT) < 0)
		log_error("a timer cannot be set");
}

/* ---- what waits for the commit */

void job_changed(struct server *server, uint64_t job)
{
	const struct job_row *row = coord_find_row(server->coord, job);
	bool ended = !row || row->state > JOB_RUNNING, watched = false;

	if (ended)
		groupings_drop_job(&server->contexts.groups, job);
	for (struct session *session = server->watches_n > 0 ? server->sessions : NULL; session; session = session->next) {
		bool here = false;

		for (uint32_t i = 0; i < session->watches_n; i++)
			if (session->watches[i].job == job)
				session->watches[i].changed = here = true;
		if (here && ended)
			watches_tell(session, false);
		watched = watched || here;
	}
	if (watched && !ended)
		timer_arm(server->changes, CHANGES_MS);
}

static void let_go(struct server *server, const struct action *action)
{
	switch (action->kind) {
	case ACTION_SEND_ACK:
		to_worker(server, action);
		break;
	case ACTION_REPLY:
		request_answer(server, action->reply.request, action->reply.job, &action->reply.error);
		break;
	default: /* ACTION_JOB_CHANGED */
		job_changed(server, action->job_id);
	}
}

static int commit_work(void *data, struct error *err)
{
	return store_commit(data, err);
}

/* Large counters take their time to the disk, and a disk that is busy elsewhere takes seconds for a few bytes. */
static int commit(struct server *server, struct error *err)
{
	return store_dirty(server->store) ? labour(server, commit_work, server->store, err) : 0;
}

int drive_commit(struct server *server)
{
	struct action *held = server->held;
	uint32_t n = server->held_n;
	struct error error;

	if (server->fallen)
		return -ENOSPC;
	if (store_dirty(server->store))
		FAILPOINT("commit-before");
	if (commit(server, &error) < 0)
		return fall(server, &error);
	if (n > 0)
		FAILPOINT("commit-after");
	/* Letting go can hold back new actions: they go into a list of their own. */
	server->held = NULL;
	server->held_n = server->held_room = 0;
	for (uint32_t i = 0; i < n; i++)
		let_go(server, &held[i]);
	free(held);
	if (n > 0)
		FAILPOINT("commit-told");
	if (store_is_short(server->store) && !server->hold)
		room_look(server);
	return 0;
}

int drive_check(struct server *server)
{
	struct error error;

	return !server->fallen && store_failure(server->store, &error) < 0 ? fall(server, &error) : 0;
}

/* These kinds of action hold no pointers, so that a copy may wait. */
static void hold(struct server *server, const struct action *action)
{
	if (!store_dirty(server->store) && server->held_n == 0) {
		let_go(server, action);
		return;
	}
	if (server->held_n == server->held_room) {
		uint32_t room = server->held_room ? 2 * server->held_room : 32;
		struct action *held = reallocarray(server->held, room, sizeof *held);

		if (!held)
			die_of_memory();
		server->held = held;
		server->held_room = room;
	}
	server->held[server->held_n++] = *action;
}

/* ---- performing */

/* The counters that came with the result at hand, which must be that of this count of the slice. */
static int counters_at_hand(const struct server *server, const struct slice_row *row, bool again, struct error *err)
{
	const struct stash *stash = &server->stash;

	if (stash->bytes && stash->job == row->job && stash->file == row->file && stash->slice == row->slice && stash->again == again)
		return 0;
	return error_set(err, -EINVAL, ERROR_SOFTWARE, "a slice is to be saved whose counters are not at hand");
}

struct saving {
	struct server *server;
	const struct slice_row *row;
	bool again;
};

static int save_work(void *data, struct error *err)
{
	const struct saving *saving = data;
	const struct stash *stash = &saving->server->stash;
	struct store *store = saving->server->store;
	struct slice_row row = *saving->row;

	row.packed = stash->window;
	row.packed_n = stash->window_n;
	return saving->again ? store_save_again(store, row.job, row.file, row.slice, stash->bytes, stash->n, err)
	                     : store_save_slice(store, &row, stash->bytes, stash->n, err);
}

static int save_counters(struct server *server, const struct slice_row *row, bool again, struct error *err)
{
	struct saving saving = {.server = server, .row = row, .again = again};
	struct stash *stash = &server->stash;
	int r;

	if (!again && row->fault.kind != FAULT_NONE)
		return store_save_slice(server->store, row, NULL, 0, err);
	if (counters_at_hand(server, row, again, err) < 0)
		return -EINVAL;
	r = stash->n >= LABOUR_BYTES ? labour(server, save_work, &saving, err) : save_work(&saving, err);
	if (r == 0 && !again)
		contexts_hold(&server->contexts, row->job, row->file, row->slice, TAKE(stash->counters), stash->n);
	return r;
}

static int perform_save(struct server *server, const struct action *action, struct error *err)
{
	switch (action->kind) {
	case ACTION_SAVE_JOB:
		return store_save_job(server->store, action->job, err);
	case ACTION_SAVE_FILE:
		return store_save_file(server->store, action->file, err);
	case ACTION_SAVE_SLICE:
		return save_counters(server, &action->slice, false, err);
	case ACTION_SAVE_AGAIN:
		return save_counters(server, &action->slice, true, err);
	case ACTION_FORGET_SLICE:
		return store_forget_slice(server->store, &action->slice, err);
	case ACTION_FORGET_SLICES:
		context_drop(&server->contexts, action->merge.job, action->merge.file);
		return store_forget_slices(server->store, action->merge.job, action->merge.file, err);
	case ACTION_USE_RESULT:
		server->cache_hits++;
		return store_use_kept(server->store, action->use.job, action->use.file, action->use.kept, clock_wall_ms(), err);
	case ACTION_DROP_SEEK:
		return store_drop_seek(server->store, action->find.seek, err);
	case ACTION_SAVE_TROUBLE:
		return store_save_trouble(server->store, &action->trouble, err);
	default: /* ACTION_SAVE_NODE */
		return store_save_node(server->store, action->node.name, action->node.drained, action->node.reason, err);
	}
}

/* Places within the transaction, for tests (tests/faults/points). */
static void saved(const struct action *action)
{
	switch (action->kind) {
	case ACTION_SAVE_JOB:
		if (action->job->state == JOB_PENDING)
			FAILPOINT("submit-saved");
		else if (action->job->state > JOB_RUNNING)
			FAILPOINT("end-saved");
		break;
	case ACTION_SAVE_FILE:
		if (action->file->state > JOB_RUNNING)
			FAILPOINT("file-saved");
		else if (action->file->planned)
			FAILPOINT("plan-saved");
		break;
	case ACTION_SAVE_SLICE:
		FAILPOINT("result-saved");
		break;
	case ACTION_SAVE_AGAIN:
		FAILPOINT("again-saved");
		break;
	case ACTION_FORGET_SLICE:
	case ACTION_FORGET_SLICES:
		FAILPOINT("forgotten");
		break;
	case ACTION_USE_RESULT:
	case ACTION_DROP_SEEK:
		break; /* FAILPOINT(file-saved) follows */
	case ACTION_SAVE_TROUBLE:
		FAILPOINT("trouble-saved");
		break;
	default: /* ACTION_SAVE_NODE */
		FAILPOINT("node-saved");
	}
}

/* What one step left to be done in the same transaction. */
struct round {
	struct event *merged; /* MERGED and POINT, to be given to the core when the step's actions are done */
	uint32_t merged_n;
	bool urgent;          /* somebody waits for the commit */
};

/* What an index has of a slice. */
static int round_find(struct server *server, const struct action *action, struct round *round)
{
	struct event *merged = reallocarray(round->merged, round->merged_n + 1, sizeof *merged), *event;
	uint8_t *window = malloc(SPLIT_WINDOW);
	struct error error;
	int r;

	if (!merged || !window)
		die_of_memory();
	round->merged = merged;
	event = &merged[round->merged_n++];
	*event = (struct event){.kind = EVENT_POINT};
	event->point.job = action->find.job;
	event->point.file = action->find.file;
	event->point.slice = action->find.slice;
	event->point.window = window;
	r = store_seek_slice(server->store, action->find.seek, action->find.slice, &event->point.report, window, &error);
	if (r < 0 && r != -ESTALE)
		return fall(server, &error);
	event->point.found = r == 0;
	event->point.gone = r == -ESTALE;
	return 0;
}

static int round_merge(struct server *server, const struct action *action, struct round *round)
{
	struct event *merged;
	struct file_view view;

	if (coord_find_file(server->coord, action->merge.job, action->merge.file, &view) && view.row->role == FILE_GROUP) {
		group_work_want(server, action->merge.job, action->merge.file);
		return 0;
	}
	merged = reallocarray(round->merged, round->merged_n + 1, sizeof *merged);

	if (!merged)
		die_of_memory();
	round->merged = merged;
	merge_file(server, action->merge.job, action->merge.file, action->merge.chain, &merged[round->merged_n++]);
	FAILPOINT("merged");
	return drive_check(server);
}

/* 0, or negative: the store has failed, and nothing more is to be done. */
static int perform(struct server *server, const struct action *action, struct round *round)
{
	struct error error;

	switch (action->kind) {
	case ACTION_SAVE_JOB:
		round->urgent |= action->job->state > JOB_RUNNING;
		__attribute__((fallthrough));
	case ACTION_SAVE_FILE:
	case ACTION_SAVE_SLICE:
	case ACTION_SAVE_AGAIN:
	case ACTION_FORGET_SLICE:
	case ACTION_FORGET_SLICES:
	case ACTION_USE_RESULT:
	case ACTION_DROP_SEEK:
	case ACTION_SAVE_TROUBLE:
	case ACTION_SAVE_NODE:
		if (perform_save(server, action, &error) < 0)
			return fall(server, &error);
		saved(action);
		return 0;
	case ACTION_MERGE_FILE:
		return round_merge(server, action, round);
	case ACTION_FIND_POINT:
		return round_find(server, action, round);
	case ACTION_REPLY:
		round->urgent = true;
		__attribute__((fallthrough));
	case ACTION_SEND_ACK:
	case ACTION_JOB_CHANGED:
		hold(server, action);
		return 0;
	case ACTION_LOG:
		log_event(action->log.level, &action->log.about, "%s", action->log.text);
		return 0;
	default:
		to_worker(server, action);
		if (action->kind == ACTION_SEND_TASK)
			FAILPOINT("task-sent");
		return drive_check(server);
	}
}

static int perform_all(struct server *server, const struct event *event, const struct actions *actions, struct round *round)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < actions->n; i++) {
		observe_action(server, event, &actions->items[i]);
		r = perform(server, &actions->items[i], round);
	}
	return r;
}

static int step(struct server *server, struct event *event, struct actions *actions, struct round *round)
{
	struct observed observed;

	event->now_ms = server_now(server);
	event->wall_ms = clock_wall_ms();
	observed = observe_event(server, event);
	actions_clear(actions);
	if (coord_step(server->coord, event, actions) < 0)
		die_of_memory();
	observe_step(server, event, &observed);
	return perform_all(server, event, actions, round);
}

/* Merged files, the commit, and the core's next deadline. r: what was done before this, which may have failed. */
static int settle(struct server *server, struct actions *actions, struct round *round, int r)
{
	for (uint32_t i = 0; i < round->merged_n; i++) {
		struct event event = round->merged[i];

		if (r == 0)
			r = step(server, &event, actions, round);
		if (event.kind == EVENT_MERGED && event.merged.again_n > 0)
			FAILPOINT("again-planned");
		if (event.kind == EVENT_MERGED)
			merge_free(&event);
		else
			free((void *)(uintptr_t)event.point.window); /* round_find()'s */
	}
	free(round->merged);
	actions_deinit(actions);
	if (r == 0 && round->urgent)
		r = drive_commit(server);
	else if (r == 0 && store_dirty(server->store))
		timer_arm(server->commit, GROUP_MS);
	if (r < 0)
		return r;
	pulse_arm(server);
	return 0;
}

void drive(struct server *server, struct event *event)
{
	struct actions actions = {0};
	struct round round = {0};

	if (!server->fallen)
		(void)settle(server, &actions, &round, step(server, event, &actions, &round)); /* what fails has fallen */
}

void drive_merged(struct server *server, const struct event *merged)
{
	struct actions actions = {0};
	struct round round = {.merged = malloc(sizeof *merged), .merged_n = 1};

	if (!round.merged)
		die_of_memory();
	round.merged[0] = *merged;
	FAILPOINT("merged");
	(void)settle(server, &actions, &round, drive_check(server)); /* as in drive() */
}

int drive_begin(struct server *server, struct error *err)
{
	struct actions actions = {0};
	struct round round = {0};
	const struct event none = {.now_ms = server_now(server)};
	uint64_t next_job = 1;
	int r;

	r = store_load(server->store, server->coord, &next_job, err);
	if (r < 0)
		return r;
	r = coord_loaded(server->coord, store_generation(server->store), next_job, server_now(server), &actions);
	if (r < 0)
		return r == -ENOMEM ? error_oom(err)
		                    : error_set(err, r, ERROR_SOFTWARE,
		                                "the database lacks files of an unfinished job; put back a backup");
	round.urgent = true;
	server->metrics.job_last = next_job - 1;
	(void)settle(server, &actions, &round, perform_all(server, &none, &actions, &round)); /* as in drive() */
	FAILPOINT("loaded");
	return 0;
}
