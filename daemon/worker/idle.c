/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leaving without being told: after idle_exit without a slice in hand and without anything to open, or without a coordinator who would take
 * what is in hand (it may be dead for ever, as that of one call of fqctl), and so long before the end of a batch
 * job's time that the drain is over by then. Both begin the same drain as SIGTERM does.
 */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "daemon/worker/worker_internal.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define END_MARGIN_MS 5000   /* what ending takes at most besides the drain */
#define FUTURE_MAX_S (UINT64_C(3650) * 86400)

void idle_begin(struct worker *worker)
{
	worker->idle_since_ms = worker_now_ms(worker);
}

static int set_after(sd_event_source *source, uint64_t ms)
{
	int r = sd_event_source_set_time_relative(source, ms * 1000);

	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_idle_time(sd_event_source *source, uint64_t us, void *userdata)
{
	struct worker *worker = userdata;
	uint64_t passed, limit = worker->settings->idle_exit_ms;

	if (worker->draining)
		return 0;
	if (worker->held.first && uplink_up(worker->uplink))
		idle_begin(worker);
	passed = worker_now_ms(worker) - worker->idle_since_ms;
	if (passed >= limit) {
		log_info("nothing was to be done for %" PRIu64 " s: this worker leaves", limit / 1000);
		worker_stop(worker);
	} else if (set_after(source, limit - passed) < 0) {
		log_error("the timer of idle_exit cannot be set");
	}
	return 0;
}

static int on_end_time(sd_event_source *source, uint64_t us, void *userdata)
{
	struct worker *worker = userdata;

	if (worker->draining)
		return 0;
	log_info("the time of the %s job is over soon: this worker leaves", worker->settings->job.engine);
	worker_stop(worker);
	return 0;
}

/* A time that is over already, or very far, is no time to go by: one of the two clocks is wrong. */
static int watch_end(struct worker *worker)
{
	uint64_t now = clock_wall_ms() / 1000, ends = worker->settings->job.ends;
	uint64_t need = worker->settings->drain_timeout_ms + END_MARGIN_MS, left;
	int r;

	if (ends == 0)
		return 0;
	if (ends <= now || ends - now > FUTURE_MAX_S) {
		log_warning("the %s job's time ends %s: that is not gone by", worker->settings->job.engine,
		            ends <= now ? "before now, by this host's clock" : "in ten years or later");
		return 0;
	}
	left = (ends - now) * 1000;
	r = sd_event_add_time_relative(service_event(worker->service), &worker->end_timer, CLOCK_MONOTONIC,
	                               (left > need ? left - need : 0) * 1000, 0, on_end_time, worker);
	return r < 0 ? r : 0;
}

int idle_init(struct worker *worker)
{
	uint64_t limit = worker->settings->idle_exit_ms;
	int r = watch_end(worker);

	idle_begin(worker);
	if (r < 0 || limit == 0 || worker->settings->gate_only)
		return r;
	r = sd_event_add_time_relative(service_event(worker->service), &worker->idle_timer, CLOCK_MONOTONIC, limit * 1000, 0, on_idle_time,
	                               worker);
	return r < 0 ? r : 0;
}
