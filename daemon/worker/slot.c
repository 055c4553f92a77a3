/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slot's life: see slot.h. What its child says is read in slot_read.c. */
#include "daemon/worker/slot.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "daemon/events.h"
#include "daemon/worker/slot_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"

#define RESTART_US 1000000 /* until the next try, where a child could not even be started */
#define RESTART_IDLE_US                                                                            \
	100000 /* where it died without a task: else one that always does would keep a core busy */
#define UNREAD_MAX (64 << 10) /* bytes that a child has not read, until more is said to it than tasks: a socket holds thrice as much */

/* ---- starting ---- */

static void on_end_of_child(int signal, int exit_status, void *owner);

static int start_child(struct slot *slot)
{
	char *const arguments[] = {(char *)CHILD_NAME, (char *)CHILD_OPTION, NULL};
	const struct process_plan plan = {
	    .program = slot->program,
	    .arguments = arguments,
	    .socket_type = SOCK_STREAM,
	    .memory = slot->memory,
	    .forked = slot->callbacks->on_forked,
	    .userdata = slot->userdata,
	};

	return process_start(&slot->process, slot->event, &plan, on_end_of_child, slot);
}

static int listen_to_child(struct slot *slot)
{
	int r = sd_event_add_io(slot->event, &slot->io, slot->process.fd, EPOLLIN, slot_on_io, slot);

	if (r < 0)
		return r;
	(void)sd_event_source_set_description(slot->io, "slot-socket"); /* for debugging only */
	return 0;
}

/* Closes what belongs to the child that is gone. */
static void clear(struct slot *slot)
{
	slot->io = sd_event_source_disable_unref(slot->io);
	process_end(&slot->process);
	slot->state = SLOT_DOWN;
	slot->deaf = false;
	slot_forget_report(slot);
}

static int start(struct slot *slot)
{
	int r;

	slot->state = SLOT_STARTING;
	r = start_child(slot);
	if (r == 0)
		r = listen_to_child(slot);
	if (r < 0)
		clear(slot);
	return r;
}

static void start_later(struct slot *slot, uint64_t us)
{
	if (sd_event_source_set_time_relative(slot->restart, us) < 0 ||
	    sd_event_source_set_enabled(slot->restart, SD_EVENT_ONESHOT) < 0)
		log_event(LOG_ERR, &(struct log_about){.event = TOLD_SLOT_FAILED},
		          "slot %u: its timer cannot be set; it stays down", slot->number);
}

static int on_restart(sd_event_source *source, uint64_t us, void *userdata)
{
	struct slot *slot = userdata;
	int r = start(slot);

	if (r < 0) {
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_SLOT_FAILED},
		          "slot %u: no child can be started: %s", slot->number, strerror(-r));
		start_later(slot, RESTART_US);
	}
	return 0;
}

/* ---- ending ---- */

static void tell_end(struct slot *slot, enum slot_state before, int signal, int status)
{
	const char *how = signal ? "signal" : "exit status";
	int number = signal ? signal : status;

	if (before == SLOT_BUSY) {
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_SLOT_FAILED},
		          "slot %u: its child crashed by %s %d while it counted", slot->number, how, number);
		slot->callbacks->on_crash(slot, signal, status, slot->userdata);
	} else if (before != SLOT_STOPPING) {
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_SLOT_FAILED},
		          "slot %u: its child ended by %s %d", slot->number, how, number);
	}
}

static void on_end_of_child(int signal, int exit_status, void *owner)
{
	struct slot *slot = owner;
	enum slot_state before;

	slot_read_rest(slot); /* its last report counts */
	before = slot->state;
	clear(slot);
	tell_end(slot, before, signal, exit_status);
	if (before == SLOT_STARTING && !slot->was_ready && signal == 0)
		slot->callbacks->on_unfit(slot, exit_status, slot->userdata);
	if (before == SLOT_IDLE)
		start_later(slot, RESTART_IDLE_US);
	else if (before == SLOT_STARTING || start(slot) < 0)
		start_later(slot, RESTART_US);
}

void slot_kill(struct slot *slot)
{
	process_kill(&slot->process);
}

void slot_stop(struct slot *slot)
{
	assert(slot->state == SLOT_BUSY);
	slot->state = SLOT_STOPPING;
	slot_kill(slot);
}

/* ---- the rest ---- */

int slot_init(struct slot *slot, sd_event *event, unsigned int number, const char *program,
              uint64_t memory, const struct slot_callbacks *callbacks, void *userdata, struct error *err)
{
	int r;

	assert(event && program && callbacks);
	*slot = (struct slot){
	    .event = event,
	    .callbacks = callbacks,
	    .userdata = userdata,
	    .number = number,
	    .program = program,
	    .memory = memory,
	    .process = PROCESS_NONE,
	};
	r = sd_event_add_time(event, &slot->restart, CLOCK_MONOTONIC, 0, 0, on_restart, slot);
	if (r >= 0)
		r = sd_event_source_set_enabled(slot->restart, SD_EVENT_OFF);
	if (r >= 0)
		r = start(slot);
	return r < 0 ? error_set(err, r, ERROR_OS, "cannot start a child: %s", strerror(-r)) : 0;
}

void slot_deinit(struct slot *slot)
{
	if (!slot->event)
		return; /* never made */
	clear(slot);
	slot->restart = sd_event_source_disable_unref(slot->restart);
}

/* The child has ended, or stands still and has room for no more, or has got a part of it. */
static bool is_lost(int r)
{
	return r == -EPIPE || r == -ECONNRESET || r == -EAGAIN || r == -EIO;
}

static int lose(struct slot *slot, int r)
{
	const char *why = r == -EAGAIN || r == -EIO ? "takes nothing, and is killed" : "ended";

	log_event(LOG_WARNING, &(struct log_about){.event = TOLD_SLOT_FAILED},
	          "slot %u: its child %s before it could be given a slice", slot->number, why);
	slot->state = SLOT_STOPPING; /* its end, which comes, begins another */
	slot_kill(slot);
	return -EAGAIN;
}

int slot_give(struct slot *slot, const struct slot_work *work)
{
	const struct split_point *point = work->slice->point;
	const struct child_files files = {.file = work->file, .brief = work->brief ? work->brief->fd : -1};
	struct child_task *task = &slot->task;
	int r;

	assert(slot_is_free(slot));
	*task = (struct child_task){
	    .magic = CHILD_MAGIC,
	    .kind = work->scout ? TASK_SCOUT : TASK_COUNT,
	    .modules = work->modules,
	    .slice = *work->slice,
	    .prior = *work->prior,
	    .key = work->key,
	    .text_max = work->text_max,
	    .text_room = work->text_room,
	};
	if (work->brief) {
		task->brief_n = work->brief->n;
		memcpy(task->brief_digest, work->brief->digest, sizeof task->brief_digest);
	}
	if (point) {
		task->has_point = true;
		task->point = *point;
	}
	task->slice.point = NULL;
	task->point.window = NULL;
	if (FAILPOINT_ON("give-child-ended"))
		(void)shutdown(slot->process.fd, SHUT_RDWR);
	r = ipc_send_task(slot->process.fd, task, &files, point ? point->window : NULL);
	if (r == 0)
		slot->state = SLOT_BUSY;
	return is_lost(r) ? lose(slot, r) : r;
}

static bool leaves_room(const struct slot *slot)
{
	int unread;

	return ioctl(slot->process.fd, SIOCOUTQ, &unread) == 0 && unread < UNREAD_MAX;
}

void slot_forget(struct slot *slot, const struct text_key *key)
{
	struct child_task task = {.magic = CHILD_MAGIC, .kind = TASK_FORGET, .all = !key};
	const struct child_files none = {-1, -1};

	if ((slot->state != SLOT_IDLE && slot->state != SLOT_BUSY) || !leaves_room(slot))
		return; /* it has none; or it has not heard of so many yet, and the room is for its next task */
	if (key)
		task.key = *key;
	/* Unheard, it takes room until others need that. */
	(void)ipc_send_task(slot->process.fd, &task, &none, NULL);
}
