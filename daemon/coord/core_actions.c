/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of actions: see core.h. Room for a step's actions grows and stays for the next one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"

void actions_clear(struct actions *actions)
{
	actions->n = 0;
}

void actions_deinit(struct actions *actions)
{
	free(actions->items);
	*actions = (struct actions){0};
}

struct action *emit(struct coord *coord, enum action_kind kind, uint64_t peer)
{
	struct actions *actions = coord->actions;
	struct action *action;

	if (actions->n == actions->room) {
		uint32_t room = actions->room ? 2 * actions->room : 32;
		struct action *items = reallocarray(actions->items, room, sizeof *items);

		if (!items) {
			coord->oom = true;
			return &coord->nowhere;
		}
		actions->items = items;
		actions->room = room;
	}
	action = &actions->items[actions->n++];
	memset(action, 0, sizeof *action);
	action->kind = kind;
	action->peer = peer;
	return action;
}

void emit_id(struct coord *coord, enum action_kind kind, uint64_t peer, const struct slice_id *id)
{
	struct slice_id copy = *id;

	emit(coord, kind, peer)->id = copy;
}

void emit_job(struct coord *coord, const struct job *job)
{
	emit(coord, ACTION_SAVE_JOB, 0)->job = &job->row;
}

void emit_file(struct coord *coord, const struct file *file)
{
	emit(coord, ACTION_SAVE_FILE, 0)->file = &file->row;
}

void emit_slice(struct coord *coord, enum action_kind kind, const struct file *file, uint64_t i)
{
	const struct link *link = &file->chain.links[i];

	emit(coord, kind, 0)->slice = (struct slice_row){
		.job = file->row.job,
		.file = file->row.file,
		.slice = i,
		.start_known = link->start_known,
		.seam = link->seam,
		.fault = link->fault,
		.bases = file->slices[i].bases,
	};
}

void emit_counted(struct coord *coord, const struct file *file, uint64_t i, const struct event *event)
{
	emit_slice(coord, ACTION_SAVE_SLICE, file, i);
	if (!file->split || event->result.outcome != SLICE_END || coord->oom)
		return;
	coord->actions->items[coord->actions->n - 1].slice.report = &event->result.report;
	coord->actions->items[coord->actions->n - 1].slice.window = event->result.window;
}

void emit_merge(struct coord *coord, enum action_kind kind, const struct file *file)
{
	struct action *action = emit(coord, kind, 0);

	action->merge.job = file->row.job;
	action->merge.file = file->row.file;
	action->merge.chain = &file->chain;
}

void emit_trouble(struct coord *coord, const struct file *file, uint64_t i)
{
	emit(coord, ACTION_SAVE_TROUBLE, 0)->trouble = (struct trouble_row){
		.job = file->row.job,
		.file = file->row.file,
		.slice = i,
		.crashes = file->slices[i].crashes,
		.losses = file->slices[i].losses,
		.lease = file->slices[i].crash_lease,
	};
}

void emit_node(struct coord *coord, const struct node *node)
{
	struct action *action = emit(coord, ACTION_SAVE_NODE, 0);

	memcpy(action->node.name, node->name, sizeof action->node.name);
	memcpy(action->node.reason, node->reason, sizeof action->node.reason);
	action->node.drained = node->drained;
}

void emit_changed(struct coord *coord, const struct job *job)
{
	emit(coord, ACTION_JOB_CHANGED, 0)->job_id = job->row.id;
}

void emit_granted(struct coord *coord, uint64_t request, uint64_t job)
{
	struct action *action;

	if (request == 0)
		return;
	action = emit(coord, ACTION_REPLY, 0);
	action->reply.request = request;
	action->reply.job = job;
}

void emit_refused(struct coord *coord, uint64_t request, const struct error *error)
{
	struct action *action;

	if (request == 0)
		return;
	action = emit(coord, ACTION_REPLY, 0);
	action->reply.request = request;
	action->reply.error = *error;
}

struct log_about about_job(int event, const struct job *job)
{
	return (struct log_about){
		.event = event, .job = LOG_ID(job->row.id), .files = LOG_ID(job->row.inputs), .owner = job->row.owner};
}

struct log_about about_slice(int event, const struct file *file, uint64_t slice, const struct node *node)
{
	return (struct log_about){.event = event,
	                          .job = LOG_ID(file->row.job),
	                          .file = LOG_ID(file->row.file),
	                          .slice = slice == SLICE_ALL ? 0 : LOG_ID(slice),
	                          .path = file->path,
	                          .node = node ? node->name : NULL};
}

struct log_about about_node(int event, const struct node *node)
{
	return (struct log_about){.event = event, .node = node->name};
}

void emit_log(struct coord *coord, int level, struct log_about about, const char *format, ...)
{
	struct action *action = emit(coord, ACTION_LOG, 0);
	va_list args;

	action->log.level = level;
	action->log.about = about;
	va_start(args, format);
	(void)vsnprintf(action->log.text, sizeof action->log.text, format, args);
	va_end(args);
}
