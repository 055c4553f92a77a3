/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Merging groups of files (group.h) without anybody having to wait for it: the loop comes here again and again while there is a group to
 * be merged, each time for TURN_MS or one step, and takes everybody else's turn in between. A group of 10,000 files is merged so in some
 * seconds, and a question is answered as quickly as ever. Steps of large counters, as those of reads of many megabases, are labour.c's.
 *
 * What a turn leaves is in memory alone. The result is saved in the transaction in which the core is told, and only of a group that goes
 * on: it may have been cancelled between two turns.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define TURN_MS 4 /* a question is some turns: a connection, a greeting, what is asked */

/* ---- the end of one */

/* For people: the group's name in the folder of its first file, as fqctl writes its result. NULL: no memory. */
static char *kept_path(const struct server *server, const struct file_row *group)
{
	struct file_view first;
	char *path;
	const char *slash;

	if (!coord_find_file(server->coord, group->job, group->member, &first))
		return NULL;
	slash = strrchr(first.row->path, '/');
	return asprintf(&path, "%.*s%s", slash ? (int)(slash + 1 - first.row->path) : 0, first.row->path, group->path) < 0 ? NULL : path;
}

static int result_save(struct server *server, const struct grouping *grouping, const struct file_row *group, const struct event *of,
                       const void *packed, size_t n, struct error *err)
{
	struct kept_row row = {.records = of->merged.records, .bases = of->merged.bases, .bytes = n, .made_ms = clock_wall_ms()};
	_cleanup_(freep) char *path = NULL;
	int r;

	if (server->settings->cache_size == 0 || grouping->keyless || grouping->keyed < group->of)
		return store_save_result(server->store, group->job, group->file, packed, n, err);
	path = kept_path(server, group);
	if (!path)
		return error_oom(err);
	row.path = path;
	r = store_save_kept(server->store, group->job, group->file, grouping->key, &row, packed, err);
	return r < 0 ? r : store_trim_kept(server->store, server->settings->cache_size, 0, err);
}

/* The group's result, where nothing of it lacks. */
static int finish(struct server *server, struct grouping *grouping, const struct file_row *group, struct event *ret)
{
	_cleanup_(counters_freep) struct counters *total = NULL;
	_cleanup_(freep) uint8_t *packed = NULL;
	struct error *err = &ret->merged.error;
	size_t n = 0;
	int r = assembly_result(grouping->assembly, &total, err);

	if (r == 0 && (counters_modules(total) & COUNT_LENGTHS) && counters_reads(total) != grouping->records)
		r = error_set(err, -EBADMSG, ERROR_SOFTWARE, "%s: the merged counters hold %" PRIu64 " reads, its files %" PRIu64,
		              TEXT(group->path), counters_reads(total), grouping->records);
	if (r == 0 && counters_pack(total, &packed, &n) < 0)
		r = error_oom(err);
	if (r < 0)
		return r;
	ret->merged.records = grouping->records;
	ret->merged.bases = counters_bases(total);
	r = result_save(server, grouping, group, ret, packed, n, err);
	if (r == 0)
		r = group_forget(server->store, group, err);
	return r;
}

/* ---- steps */

struct working {
	struct server *server;
	struct grouping *grouping;
	const struct file_row *group;
	struct event *ret;
	bool finish;
};

static int work(void *data, struct error *err)
{
	const struct working *working = data;
	struct server *server = working->server;

	if (working->finish)
		return finish(server, working->grouping, working->group, working->ret);
	atomic_fetch_add(&server->contexts.taken, 1);
	return group_step(&server->contexts.groups, working->grouping, server->store, server->coord, server->settings->cache_size > 0, err);
}

static int work_any(struct working *working)
{
	struct error *err = &working->ret->merged.error;

	return working->grouping->bytes >= LABOUR_BYTES ? labour(working->server, work, working, err) : work(working, err);
}

/* All steps are done. */
static int conclude(struct working *working)
{
	struct server *server = working->server;
	struct grouping *grouping = working->grouping;
	struct event *ret = working->ret;
	const struct again *again;
	struct prior prior;
	size_t n;

	if (grouping->kept.id > 0) {
		ret->merged.kept = grouping->kept.id;
		ret->merged.records = grouping->kept.records;
		ret->merged.bases = grouping->kept.bases;
		return 0;
	}
	again = assembly_again(grouping->assembly, &n);
	if (n > 0) {
		server->cache_misses += working->group->again == 0 && server->settings->cache_size > 0 && !grouping->keyless;
		assembly_prior(grouping->assembly, assembly_n(grouping->assembly), &prior);
		return merge_list(again, n, prior.tile_field, ret);
	}
	working->finish = true;
	return work_any(working);
}

/* A step of the first group, and where it was the last one all that follows. False: nothing of it is left to be done. */
static void step(struct server *server)
{
	struct groupings *groupings = &server->contexts.groups;
	const uint64_t job = groupings->first->job;
	const uint32_t file = groupings->first->file;
	struct event event = {.kind = EVENT_MERGED};
	struct working working = {.server = server, .ret = &event};
	struct file_view view;
	int r;

	event.merged.job = job;
	event.merged.file = file;
	if (!coord_find_file(server->coord, job, file, &view) || view.row->state > JOB_RUNNING) { /* cancelled, say */
		grouping_drop(groupings, job, file);
		groupings_done(groupings);
		return;
	}
	working.group = view.row;
	working.grouping = grouping_of(groupings, job, file);
	r = working.grouping ? work_any(&working) : error_oom(&event.merged.error);
	if (r > 0)
		return;
	if (r == 0)
		r = conclude(&working);
	if (r < 0)
		merge_failed(server, &event);
	if (r < 0 || event.merged.again_n == 0)
		grouping_drop(groupings, job, file);
	groupings_done(groupings);
	drive_merged(server, &event);
}

static int on_work(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	uint64_t begun = clock_monotonic_ms();

	(void)source;
	(void)usec;
	if (FAILPOINT_ON("group-idle")) { /* there is work that never comes to its end */
		timer_again(server, server->grouping);
		return 0;
	}
	while (!server->fallen && server->coord && server->contexts.groups.first && clock_monotonic_ms() < begun + TURN_MS)
		step(server);
	if (!server->fallen && server->contexts.groups.first)
		timer_again(server, server->grouping);
	return 0;
}

int group_work_init(struct server *server, struct error *err)
{
	return timer_add(server, &server->grouping, on_work, false, err);
}

void group_work_want(struct server *server, uint64_t job, uint32_t file)
{
	struct error error;

	if (groupings_want(&server->contexts.groups, job, file) < 0) {
		(void)error_oom(&error);
		die(&error);
	}
	timer_again(server, server->grouping);
}
