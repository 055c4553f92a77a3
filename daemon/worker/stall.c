/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts that make no progress. A child that computes goes in circles over what it reads: it is killed, and that is a crash. One
 * that waits has storage that does not answer: IO_ERROR, so that another node tries. Only time in which the supervisor's loop runs
 * counts, so that a machine that was stopped does not blame its children.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/events.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define TICKS 8       /* of which the time is made */
#define COMPUTES 20   /* who has had this part of the time on a processor computes: it is enough to count what would be progress */

/* How long the child has waited for a processor; 0 where the kernel does not tell. */
static uint64_t queued_ms(pid_t pid)
{
	_cleanup_(fclosep) FILE *file = NULL;
	unsigned long long ran, queued;
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	file = fopen(path, "re");
	return file && fscanf(file, "%llu %llu", &ran, &queued) == 2 ? queued / 1000000 : 0;
}

/*
 * The processor time that the child has had or wanted: one for whom others leave none computes all the same, and its storage is not to be
 * blamed. 0 where it cannot be told.
 */
static uint64_t cpu_ms(const struct slot *slot)
{
	pid_t pid = slot->process.pid;
	struct timespec time;
	clockid_t clock;

	if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0)
		return 0;
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000 + queued_ms(pid);
}

/* Most slices end, or make progress, before the next tick: only there the child is looked at. */
void stall_begin(struct held_slice *slice)
{
	slice->stall_ticks = 0;
}

static void end_count(struct worker *worker, struct held_slice *slice)
{
	uint64_t limit = worker->settings->stall_ms, now = cpu_ms(slice->slot);
	const struct log_about about = about_held(TOLD_SLICE_STALLED, slice);
	char why[ERROR_TEXT_MAX];

	if (now >= slice->stall_cpu_ms + limit / COMPUTES) {
		log_event(LOG_WARNING, &about,
		          "slot %u: its child has computed for %llu ms without progress; it is killed", slice->slot->number,
		          (unsigned long long)limit);
		slot_kill(slice->slot); /* a crash, which follows; one that does not even end has computed nothing the next time */
		stall_begin(slice);
		return;
	}
	(void)snprintf(why, sizeof why, "%s could not be read on for %llu ms: its storage does not answer", TEXT(slice->task.path),
	               (unsigned long long)limit);
	slot_stop(slice->slot);
	give_io_error(worker, slice, ETIMEDOUT, why);
}

static struct held_slice *first_stalled(const struct held *held)
{
	for (struct held_slice *slice = held->first; slice; slice = slice->next)
		if (slice->state == HELD_RUNNING && slice->stall_ticks > TICKS)
			return slice;
	return NULL;
}

/* The end of one may lead to others being sent and forgotten: after each the list is looked through anew. */
static int on_tick(sd_event_source *source, uint64_t us, void *userdata)
{
	struct worker *worker = userdata;
	struct held_slice *stalled;

	for (struct held_slice *slice = worker->held.first; slice; slice = slice->next)
		if (slice->state == HELD_RUNNING && ++slice->stall_ticks == 1)
			slice->stall_cpu_ms = cpu_ms(slice->slot);
	while ((stalled = first_stalled(&worker->held)))
		end_count(worker, stalled); /* it does not run any more, or its time begins anew */
	if (sd_event_source_set_time_relative(source, worker->settings->stall_ms * 1000 / TICKS) < 0 ||
	    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) < 0)
		log_error("the timer for counts without progress cannot be set");
	return 0;
}

int stall_init(struct worker *worker)
{
	int r = sd_event_add_time_relative(service_event(worker->service), &worker->stall_timer, CLOCK_MONOTONIC,
	                                   worker->settings->stall_ms * 1000 / TICKS, 0, on_tick, worker);

	return r < 0 ? r : 0;
}
