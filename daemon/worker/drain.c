/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leaving in order, after SIGTERM:
 *
 *     DRAINING -> what waits is returned -> what will be done in time is finished, the rest returned -> results acknowledged -> exit 0
 *
 * Behind DRAINING a PING is sent. What the coordinator handed out before it heard of the drain comes before the PONG, and is returned
 * too: so nobody leaves while a slice is on its way to him, which then would be lost. A WELCOME that is due is waited for, as slices come
 * with it.
 *
 * The gate lets users in until there is nothing in hand any more, and what is in the middle of being passed on goes through.
 *
 * It is over within drain_timeout. Without a coordinator nobody can take anything: the worker leaves after ALONE_MS.
 */
#include <errno.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/log.h"

#define STEP_US 100000
#define ALONE_MS 2000
#define HEARD_MS 5000 /* for the PONG of a coordinator that does not read just now */
#define MARGIN_MS                                                                                  \
	3000 /* kept of drain_timeout for returning slices and sending results; at most a quarter of it */

static uint64_t margin_ms(const struct worker *worker)
{
	uint64_t quarter = worker->settings->drain_timeout_ms / 4;

	return quarter < MARGIN_MS ? quarter : MARGIN_MS;
}

void drain_return(struct worker *worker, struct held_slice *slice)
{
	fq_Ref message = {.has_ref = true, .ref = slice->task.ref};

	if (slice->state == HELD_RUNNING)
		slot_stop(slice->slot);
	(void)uplink_send(worker->uplink, fq_Type_RETURN,
	                  &message); /* unheard, the slice counts as lost */
	held_remove(&worker->held, slice);
	worker->drain_returned++;
	worker_changed(worker);
}

/* Whether it will be done within left_ms at the rate that it had so far; before the first progress nobody knows. */
static bool is_in_time(const struct held_slice *slice, uint64_t now, uint64_t left_ms,
                       uint64_t timeout_ms)
{
	uint64_t size = slice->slice.end - slice->slice.begin, since = now - slice->bytes_ms;
	double need;

	if (left_ms == 0)
		return false;
	if (slice->bytes == 0)
		return left_ms > timeout_ms / 2;
	need = (double)(size - slice->bytes) * (double)(slice->bytes_ms - slice->begun_ms) /
	       (double)slice->bytes;
	return need <= (double)since + (double)left_ms;
}

static void return_late(struct worker *worker, uint64_t now, uint64_t left_ms)
{
	struct held_slice *slice = worker->held.first, *next;

	for (; slice; slice = next) {
		next = slice->next;
		if (slice->state <= HELD_OPEN ||
		    (slice->state == HELD_RUNNING &&
		     !is_in_time(slice, now, left_ms, worker->settings->drain_timeout_ms)))
			drain_return(worker, slice);
	}
}

static void leave(struct worker *worker)
{
	worker->leaving = true;
	gate_end(worker->gate, "the worker of this host, through which you reached the coordinator, ends or is started anew; try again");
	log_event(LOG_INFO, &(struct log_about){.event = TOLD_WORKER_DRAINED},
	          "drained: %zu slices were given back, %zu results are not acknowledged", worker->drain_returned,
	          worker->held.n[HELD_DONE]);
	uplink_end(worker->uplink, "the worker ends");
}

void drain_heard(void *userdata)
{
	struct worker *worker = userdata;

	worker->heard = worker->draining;
	drain_step(worker);
}

/* Whatever HELLO said: the drain may have begun behind it. */
void drain_tell(struct worker *worker)
{
	worker->heard = worker->settings->gate_only;
	if (!worker->draining || worker->settings->gate_only)
		return;
	(void)uplink_send(worker->uplink, fq_Type_DRAINING, NULL);
	(void)uplink_ask(worker->uplink); /* without a connection nothing is on its way */
}

void drain_step(struct worker *worker)
{
	uint64_t now, passed, timeout = worker->settings->drain_timeout_ms,
			      margin = margin_ms(worker);
	bool nothing_left, told;

	if (!worker->draining || worker->leaving)
		return;
	now = worker_now_ms(worker);
	passed = now - worker->drain_begun_ms;
	return_late(worker, now, passed + margin < timeout ? timeout - margin - passed : 0);
	if (uplink_up(worker->uplink))
		worker->alone_since_ms = 0;
	else if (worker->alone_since_ms == 0)
		worker->alone_since_ms = now;
	if (!worker->held.first)
		gate_close(worker->gate);
	told = worker->heard || passed >= HEARD_MS || !(uplink_up(worker->uplink) || uplink_greets(worker->uplink));
	nothing_left = !worker->held.first && gate_quiet(worker->gate) && told;
	if (nothing_left || passed + margin / 2 >= timeout ||
	    (worker->alone_since_ms > 0 && now - worker->alone_since_ms >= ALONE_MS))
		leave(worker);
}

static int on_step(sd_event_source *source, uint64_t us, void *userdata)
{
	struct worker *worker = userdata;

	drain_step(worker);
	if (!worker->leaving && (sd_event_source_set_time_relative(source, STEP_US) < 0 ||
	                         sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) < 0))
		leave(worker);
	return 0;
}

int drain_init(struct worker *worker)
{
	int r = sd_event_add_time(service_event(worker->service), &worker->drain_timer,
	                          CLOCK_MONOTONIC, 0, 0, on_step, worker);

	if (r >= 0)
		r = sd_event_source_set_enabled(worker->drain_timer, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void worker_stop(struct worker *worker)
{
	if (worker->draining)
		return;
	worker->draining = true;
	worker->drain_begun_ms = worker_now_ms(worker);
	log_event(LOG_INFO, &(struct log_about){.event = TOLD_WORKER_DRAINING},
	          "draining: %zu slices and %zu results are in hand", held_waiting(&worker->held) + held_running(&worker->held),
	          worker->held.n[HELD_DONE]);
	worker_changed(worker);
	drain_tell(worker);
	(void)on_step(worker->drain_timer, 0, worker);
}
