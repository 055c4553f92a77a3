/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events for the core in few words: see core_fake.h. */
#include "tests/unit/daemon/core_fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call)                                                                                 \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			abort();                                                                   \
	} while (0)

void fake_init(struct fake *fake)
{
	*fake = (struct fake){
	    .now = 1000,
	    .modules = 3,
	    .limits =
	        {
	            .stall_ms = 60000,
	            .open_ms = 30000,
	            .slice_min = 1,
	            .slice_max = 1000,
	            .slices_max = 1000,
	            .read_max = READ_MAX_DEFAULT,
	            .crashes_max = 3,
	            .losses_max = 12,
	            .jobs_max = 3,
	            .files_max = 8,
	        },
	};
	MUST(coord_new(&fake->limits, &fake->coord));
	fake_loaded(fake, 1);
}

void fake_deinit(struct fake *fake)
{
	fake->coord = coord_free(fake->coord);
	actions_deinit(&fake->actions);
}

void fake_limits(struct fake *fake)
{
	fake_restart(fake);
	fake_loaded(fake, 1);
}

void fake_restart(struct fake *fake)
{
	coord_free(fake->coord);
	MUST(coord_new(&fake->limits, &fake->coord));
}

void fake_loaded(struct fake *fake, uint64_t generation)
{
	actions_clear(&fake->actions);
	MUST(coord_loaded(fake->coord, generation, 1, fake->now, &fake->actions));
}

void fake_step(struct fake *fake, struct event *event)
{
	event->now_ms = fake->now;
	event->wall_ms = 1700000000000 + fake->now;
	actions_clear(&fake->actions);
	MUST(coord_step(fake->coord, event, &fake->actions));
}

void fake_tick(struct fake *fake, uint64_t later_ms)
{
	struct event event = {.kind = EVENT_TICK};

	fake->now += later_ms;
	fake_step(fake, &event);
}

/* ---- actions */

const struct action *fake_action(const struct fake *fake, enum action_kind kind, uint32_t nth)
{
	for (uint32_t i = 0; i < fake->actions.n; i++)
		if (fake->actions.items[i].kind == kind && nth-- == 0)
			return &fake->actions.items[i];
	return NULL;
}

uint32_t fake_count(const struct fake *fake, enum action_kind kind)
{
	uint32_t n = 0;

	while (fake_action(fake, kind, n))
		n++;
	return n;
}

uint32_t fake_place(const struct fake *fake, enum action_kind kind)
{
	const struct action *action = fake_action(fake, kind, 0);

	return action ? (uint32_t)(action - fake->actions.items) : UINT32_MAX;
}

const struct error *fake_refusal(const struct fake *fake)
{
	static const struct error none = {.class = ERROR_NONE, .text = "no reply"};
	const struct action *reply = fake_action(fake, ACTION_REPLY, 0);

	return reply && fake_count(fake, ACTION_REPLY) == 1 ? &reply->reply.error : &none;
}

const struct file_row *fake_file(const struct fake *fake)
{
	static const struct file_row none = {.state = JOB_PENDING};
	uint32_t n = fake_count(fake, ACTION_SAVE_FILE);

	return n > 0 ? fake_action(fake, ACTION_SAVE_FILE, n - 1)->file : &none;
}

const struct job_row *fake_job(const struct fake *fake)
{
	static const struct job_row none = {.state = JOB_PENDING};
	uint32_t n = fake_count(fake, ACTION_SAVE_JOB);

	return n > 0 ? fake_action(fake, ACTION_SAVE_JOB, n - 1)->job : &none;
}

struct fake_task fake_task(const struct fake *fake, uint32_t nth)
{
	const struct action *action = fake_action(fake, ACTION_SEND_TASK, nth);

	return action ? (struct fake_task){action->peer, action->task.id, action->task.task, action->task.modules}
	              : (struct fake_task){0};
}

/* ---- clients */

void fake_submit(struct fake *fake, const char *owner, uint64_t slice_size, uint32_t files, const char *const *paths)
{
	static const struct file_proof wanted[] = {{.wanted = true}, {.wanted = true}, {.wanted = true}, {.wanted = true}};
	struct event event = {.kind = EVENT_SUBMIT, .request = ++fake->requests};
	struct job_row *row = &event.submit.row;

	row->uuid[0] = (uint8_t)fake->requests;
	(void)snprintf(row->owner, sizeof row->owner, "%s", owner);
	row->modules = fake->modules;
	row->algorithm = FAKE_ALGORITHM;
	row->slice_size = slice_size;
	row->files = files;
	event.submit.paths = paths;
	event.submit.proofs = fake->proofs ? wanted : NULL;
	fake_step(fake, &event);
}

void fake_cancel(struct fake *fake, uint64_t job, const char *owner, bool admin)
{
	struct event event = {.kind = EVENT_CANCEL, .request = ++fake->requests};

	event.cancel.job = job;
	event.cancel.owner = owner;
	event.cancel.admin = admin;
	event.cancel.reason = "no longer needed";
	fake_step(fake, &event);
}

void fake_drain(struct fake *fake, const char *node)
{
	struct event event = {.kind = EVENT_DRAIN, .request = ++fake->requests};

	event.drain.node = node;
	event.drain.reason = "new disk";
	fake_step(fake, &event);
}

void fake_resume(struct fake *fake, const char *node)
{
	struct event event = {.kind = EVENT_RESUME, .request = ++fake->requests};

	event.drain.node = node;
	fake_step(fake, &event);
}

/* ---- workers */

void fake_hello(struct fake *fake, uint64_t peer, const char *name, uint32_t slots, const struct slice_id *held, uint32_t held_n)
{
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = peer};

	event.hello.name = name;
	event.hello.instance[0] = (uint8_t)peer;
	event.hello.slots = slots;
	event.hello.cores = fake->cores;
	event.hello.algorithm = FAKE_ALGORITHM;
	event.hello.proto = fake->proto ? fake->proto : 2;
	event.hello.transient = fake->transient;
	event.hello.key = fake->key;
	event.hello.held = held;
	event.hello.held_n = held_n;
	fake_step(fake, &event);
}

void fake_gone(struct fake *fake, uint64_t peer)
{
	struct event event = {.kind = EVENT_NODE_GONE, .peer = peer};

	fake_step(fake, &event);
}

void fake_draining(struct fake *fake, uint64_t peer)
{
	struct event event = {.kind = EVENT_NODE_DRAINING, .peer = peer};

	fake_step(fake, &event);
}

void fake_opened(struct fake *fake, uint64_t peer, uint64_t job, uint32_t file, uint64_t size)
{
	struct event event = {.kind = EVENT_OPENED, .peer = peer};

	event.opened.job = job;
	event.opened.file = file;
	event.opened.facts.kind = FILE_PLAIN;
	event.opened.facts.fingerprint.size = size;
	fake_step(fake, &event);
}

void fake_not_opened(struct fake *fake, uint64_t peer, uint64_t job, uint32_t file, enum error_class class, const char *text)
{
	struct event event = {.kind = EVENT_OPENED, .peer = peer};

	event.opened.job = job;
	event.opened.file = file;
	event.opened.error_number = ENOENT;
	(void)error_set(&event.opened.error, -ENOENT, class, "%s", text);
	fake_step(fake, &event);
}

void fake_progress(struct fake *fake, uint64_t peer, struct slice_id id, uint64_t bytes)
{
	struct event event = {.kind = EVENT_PROGRESS, .peer = peer};

	event.progress.id = id;
	event.progress.bytes = bytes;
	fake_step(fake, &event);
}

static void failed(struct fake *fake, enum event_kind kind, uint64_t peer, struct slice_id id)
{
	struct event event = {.kind = kind, .peer = peer};

	event.failed.id = id;
	event.failed.signal = 11;
	event.failed.error_number = EIO;
	event.failed.text = "/a.fq: Input/output error";
	fake_step(fake, &event);
}

void fake_crashed(struct fake *fake, uint64_t peer, struct slice_id id)
{
	failed(fake, EVENT_CRASHED, peer, id);
}

void fake_io_error(struct fake *fake, uint64_t peer, struct slice_id id)
{
	failed(fake, EVENT_IO_ERROR, peer, id);
}

void fake_errno(struct fake *fake, uint64_t peer, struct slice_id id, int error_number, const char *text)
{
	struct event event = {.kind = EVENT_IO_ERROR, .peer = peer};

	event.failed.id = id;
	event.failed.error_number = error_number;
	event.failed.text = text;
	fake_step(fake, &event);
}

void fake_returned(struct fake *fake, uint64_t peer, struct slice_id id)
{
	failed(fake, EVENT_RETURNED, peer, id);
}

static struct event result(const struct fake_task *task, enum slice_outcome outcome, uint64_t first, uint64_t next, uint64_t records)
{
	struct event event = {.kind = EVENT_RESULT, .peer = task->peer};

	event.result.id = task->id;
	event.result.outcome = outcome;
	event.result.task = task->task;
	event.result.seam = (struct slice_seam){.first.block = first, .next.block = next, .records = records};
	event.result.bases = 100 * records;
	event.result.modules = task->modules;
	return event;
}

void fake_result(struct fake *fake, const struct fake_task *task, uint64_t first, uint64_t next, uint64_t records)
{
	struct event event = result(task, SLICE_END, first, next, records);

	event.result.digest[0] = fake->digest;
	fake_step(fake, &event);
}

void fake_unsure(struct fake *fake, const struct fake_task *task)
{
	struct event event = result(task, SLICE_UNSURE, 0, 0, 0);

	fake_step(fake, &event);
}

void fake_fault(struct fake *fake, const struct fake_task *task, enum fault_kind kind, uint64_t first, uint64_t record)
{
	struct event event = result(task, SLICE_FAULT, first, first, record);

	event.result.fault = (struct slice_fault){
	    .kind = kind, .record = record, .at.block = first, .value = 'x', .error_number = kind == FAULT_READ ? EIO : 0};
	fake_step(fake, &event);
}

void fake_merged(struct fake *fake, uint64_t job, uint32_t file, uint64_t records, bool failed_to)
{
	struct event event = {.kind = EVENT_MERGED};

	event.merged.job = job;
	event.merged.file = file;
	event.merged.records = records;
	event.merged.bases = 100 * records;
	event.merged.failed = failed_to;
	if (failed_to)
		(void)error_set(&event.merged.error, -EIO, ERROR_SOFTWARE, "the counters do not add up");
	fake_step(fake, &event);
}

struct node_view fake_node(const struct fake *fake, const char *name)
{
	struct node_view view;
	uint64_t cursor = 0;

	while (coord_next_node(fake->coord, &cursor, &view))
		if (strcmp(view.name, name) == 0)
			return view;
	return (struct node_view){.name = "", .state = "", .reason = ""};
}

struct fake_task fake_task_of(const struct fake *fake, uint64_t slice)
{
	for (uint32_t i = 0; i < fake_count(fake, ACTION_SEND_TASK); i++)
		if (fake_task(fake, i).id.slice == slice)
			return fake_task(fake, i);
	return (struct fake_task){0};
}

bool fake_logged(const struct fake *fake, const char *words)
{
	for (uint32_t i = 0; i < fake_count(fake, ACTION_LOG); i++)
		if (strstr(fake_action(fake, ACTION_LOG, i)->log.text, words))
			return true;
	return false;
}

void fake_running(struct fake *fake, uint64_t size, uint64_t slice)
{
	const char *const path = "/a.fq";

	fake_init(fake);
	fake_hello(fake, 1, "node01", 2, NULL, 0);
	fake_hello(fake, 2, "node02", 2, NULL, 0);
	fake_submit(fake, "alice", slice, 1, &path);
	fake_opened(fake, 1, 1, 0, size);
}
