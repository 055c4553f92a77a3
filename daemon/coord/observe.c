/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From events and actions of the core to metrics: see observe.h. Nothing is scanned but the nodes and, one by one, the unfinished jobs, and
 * that only when somebody asks.
 */
#include "daemon/coord/observe.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

struct observed observe_event(const struct server *server, const struct event *event)
{
	struct observed observed = {0};
	uint64_t since = 0;

	if (event->kind == EVENT_RESULT)
		observed.ran = coord_node_runs_since(server->coord, event->peer, &event->result.id, &since);
	else if (event->kind == EVENT_RETURNED)
		observed.ran = coord_node_runs_since(server->coord, event->peer, &event->failed.id, &since);
	if (observed.ran)
		observed.took_ms = event->now_ms > since ? event->now_ms - since : 0;
	return observed;
}

/* All of its files have the results of earlier jobs; the core still has it. */
static bool is_cached(const struct server *server, const struct job_row *row)
{
	struct job_view view;

	return coord_find_job(server->coord, row->id, &view) && view.files_cached == row->files;
}

static void observe_job(struct server *server, const struct job_row *row)
{
	struct metrics *metrics = &server->metrics;

	if (row->id > metrics->job_last)
		metrics->job_last = row->id;
	/* One that starts and ends in the same step is saved twice, and is seen as it is at the end. */
	if (row->state > JOB_RUNNING && row->id == metrics->ended_last) {
		metrics_job_started(metrics, row->submitted_ms, row->started_ms);
		return;
	}
	if (row->state > JOB_RUNNING)
		metrics->ended_last = row->id;
	switch (row->state) {
	case JOB_RUNNING: /* saved once, when it starts */
		metrics_job_started(metrics, row->submitted_ms, row->started_ms);
		break;
	case JOB_COMPLETED:
		metrics_job_ended(metrics, is_cached(server, row) ? FINISH_CACHED : FINISH_COMPLETED, row->started_ms, row->ended_ms);
		break;
	case JOB_FAILED:
		metrics_job_ended(metrics, FINISH_FAILED, row->started_ms, row->ended_ms);
		break;
	case JOB_CANCELLED:
		metrics_job_ended(metrics, FINISH_CANCELLED, row->started_ms, row->ended_ms);
		break;
	default: /* JOB_PENDING */
		break;
	}
}

/* A slice that is taken for the first time; at fault it has no counters. */
static void observe_slice(struct server *server, const struct event *event, const struct slice_row *row)
{
	struct file_view view;
	const struct link *link;
	bool second;

	if (row->fault.kind != FAULT_NONE || !coord_find_file(server->coord, row->job, row->file, &view) || !view.chain ||
	    row->slice >= view.chain->n)
		return;
	link = &view.chain->links[row->slice];
	second = view.row->role == FILE_SECOND; /* its reads were counted before */
	metrics_slice(&server->metrics, event->now_ms, view.row->facts.kind, link->end - link->begin, second ? 0 : row->seam.records,
	              second ? 0 : row->bases);
}

static void observe_log(struct metrics *metrics, const struct event *event, int told)
{
	if (told == TOLD_SLICE_LOST)
		metrics->requeues[event->kind == EVENT_TICK ? REQUEUE_TIMEOUT : REQUEUE_LOST_WORKER]++;
	else if (event->kind == EVENT_IO_ERROR && (told == TOLD_SLICE_UNREADABLE || told == TOLD_FILE_CHANGED))
		metrics->requeues[REQUEUE_IO_ERROR]++;
}

void observe_action(struct server *server, const struct event *event, const struct action *action)
{
	switch (action->kind) {
	case ACTION_SAVE_JOB:
		observe_job(server, action->job);
		break;
	case ACTION_SAVE_SLICE:
		observe_slice(server, event, &action->slice);
		break;
	case ACTION_SAVE_TROUBLE:
		server->metrics.requeues[REQUEUE_CRASH] += event->kind == EVENT_CRASHED;
		break;
	case ACTION_LOG:
		observe_log(&server->metrics, event, action->log.about.event);
		break;
	default:
		break;
	}
}

void observe_step(struct server *server, const struct event *event, const struct observed *observed)
{
	if (!observed->ran)
		return;
	if (event->kind == EVENT_RESULT)
		metrics_slice_took(&server->metrics, observed->took_ms);
	else
		server->metrics.requeues[REQUEUE_RETURNED]++;
}

/* ---- looking */

static uint64_t resident_bytes(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long size = 0, resident = 0;

	if (!file || fscanf(file, "%llu %llu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t descriptors_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t n = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)) != NULL)
		n += entry->d_name[0] != '.';
	(void)closedir(folder);
	return n > 0 ? n - 1 : 0; /* that of the folder itself */
}

static int look_nodes(const struct server *server, struct metrics_look *look)
{
	struct node_view view;
	uint64_t cursor = 0;
	uint32_t n = 0, room = 0;

	while (coord_next_node(server->coord, &cursor, &view)) {
		const struct session *worker = view.peer ? session_find(server, view.peer) : NULL;

		if (n == room) {
			struct look_node *nodes = reallocarray(look->nodes, room = room > 0 ? 2 * room : 64, sizeof *nodes);

			if (!nodes)
				return -ENOMEM;
			look->nodes = nodes;
		}
		look->nodes[n++] = (struct look_node){
			.view = view,
			.heard_ms = worker                                             ? peer_idle_ms(worker->peer)
			            : view.seen_ms > 0 && look->now_ms > view.seen_ms ? look->now_ms - view.seen_ms
			                                                              : 0,
		};
		look->workers[worker_state(view.state)]++;
		look->slots += view.peer ? view.slots : 0;
		look->slices_inflight += view.busy;
	}
	look->nodes_n = n;
	return 0;
}

int look_now(const struct server *server, struct metrics_look *ret)
{
	struct error err;

	*ret = (struct metrics_look){
		.serving = server->coord && !server->fallen,
		.hold = server->hold,
		.now_ms = server_now(server),
		.wall_ms = clock_wall_ms(),
		.connections = server->sessions_n,
		.cache_hits = server->cache_hits,
		.cache_misses = server->cache_misses,
		.cpu_ms = clock_read_ms(CLOCK_PROCESS_CPUTIME_ID),
		.resident = resident_bytes(),
		.descriptors = descriptors_open(),
	};
	store_disk(server->store, &ret->disk_free, &ret->disk_size);
	if (!ret->serving)
		return 0;
	if (store_sum_kept(server->store, &ret->cache_entries, &ret->cache_bytes, &err) < 0)
		ret->cache_entries = ret->cache_bytes = 0; /* its disk fails: that is told where it matters */
	ret->jobs = coord_tally(server->coord);
	return look_nodes(server, ret);
}

void look_deinit(struct metrics_look *look)
{
	free(look->nodes);
	*look = (struct metrics_look){0};
}
