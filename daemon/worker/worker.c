/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's life: see worker.h. */
#include "daemon/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/events.h"
#include "daemon/worker/cage.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

#define STATUS_US 500000
#define STATUS_MAX 512

uint64_t worker_now_ms(const struct worker *worker)
{
	uint64_t us = 0;

	(void)sd_event_now(service_event(worker->service), CLOCK_MONOTONIC,
	                   &us); /* fails for an unknown clock only */
	return us / 1000;
}

/* ---- status ---- */

static void tell_status(struct worker *worker)
{
	char where[STATUS_MAX];
	const char *how = worker->draining ? ", draining"
	                  : worker->paused ? ", drained by the coordinator"
	                                   : "";

	uplink_describe(worker->uplink, where, sizeof where);
	if (uplink_up(worker->uplink) && worker->settings->gate_only)
		service_status(worker->service, "%s, lets users of this host in, counts nothing%s", where, how);
	else if (uplink_up(worker->uplink))
		service_status(worker->service, "%s, %zu of %zu slots busy%s", where,
		               held_running(&worker->held), (size_t)worker->settings->slots, how);
	else
		service_status(worker->service, "%s", where);
}

static int on_status(sd_event_source *source, uint64_t us, void *userdata)
{
	tell_status(userdata);
	return 0;
}

void worker_changed(struct worker *worker)
{
	int on = SD_EVENT_OFF;

	if (!worker->ready || sd_event_source_get_enabled(worker->status_timer, &on) < 0 ||
	    on != SD_EVENT_OFF)
		return;
	if (sd_event_source_set_time_relative(worker->status_timer, STATUS_US) >= 0)
		(void)sd_event_source_set_enabled(worker->status_timer,
		                                  SD_EVENT_ONESHOT); /* else it is told later */
}

/* ---- slots ---- */

static bool all_were_ready(const struct worker *worker)
{
	for (size_t i = 0; i < worker->settings->slots; i++)
		if (!worker->slots[i].was_ready)
			return false;
	return true;
}

static void be_ready(struct worker *worker)
{
	char where[STATUS_MAX];

	worker->ready = true;
	uplink_describe(worker->uplink, where, sizeof where);
	service_ready(worker->service, "%s", where);
	if (worker->settings->gate_only)
		log_event(LOG_INFO, &(struct log_about){.event = TOLD_WORKER_READY}, "the gate is ready; nothing is counted here");
	else
		log_event(LOG_INFO, &(struct log_about){.event = TOLD_WORKER_READY}, "%zu slots are ready", worker->slots_begun);
}

static void on_idle(struct slot *slot, void *userdata)
{
	struct worker *worker = userdata;

	if (!worker->ready && all_were_ready(worker))
		be_ready(worker);
	give_slots(worker);
}

/* Without a cage there is no counting. */
static void on_unfit(struct slot *slot, int exit_status, void *userdata)
{
	struct worker *worker = userdata;

	(void)error_set(&worker->failure, -ECHILD, ERROR_OS,
	                "the process of slot %u ended by itself with exit status %d before it was ready; its own words, if it had any, "
	                "stand above",
	                slot->number, exit_status);
	service_exit(worker->service, (int)worker->failure.class);
}

static void on_forked(void *userdata)
{
	struct worker *worker = userdata;

	service_forked(worker->service);
}

static const struct slot_callbacks slot_callbacks = {
    .on_idle = on_idle,
    .on_progress = give_progress,
    .on_report = give_report,
    .on_crash = give_crash,
    .on_unfit = on_unfit,
    .on_forked = on_forked,
};

static const struct openers_callbacks openers_callbacks = {
    .on_answer = give_answer,
    .on_forked = on_forked,
};

/* ---- the coordinator ---- */

static void fill_hello(fq_Hello *hello, void *userdata)
{
	struct worker *worker = userdata;

	hello->slots = (uint32_t)worker->settings->slots;
	hello->draining = worker->draining;
	if (message_version() >= 3) {
		look_roots(&worker->settings->roots, hello);
		(void)snprintf(hello->batch_engine, sizeof hello->batch_engine, "%s", worker->settings->job.engine);
		(void)snprintf(hello->batch_job, sizeof hello->batch_job, "%s", worker->settings->job.job);
		hello->batch_ends = worker->settings->job.ends;
		hello->cores = (uint32_t)worker->settings->cores;
	}
	hello->held_count = (pb_size_t)held_list(&worker->held, hello->held,
	                                         sizeof hello->held / sizeof *hello->held);
}

/* Another coordinator under the same key numbers its jobs anew: what is held means nothing to it. */
static void forget_all(struct worker *worker)
{
	log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_COORDINATOR_IS_ANOTHER},
	          "the coordinator's state is another one: %zu slices of the former one are forgotten",
	          held_waiting(&worker->held) + held_running(&worker->held) + worker->held.n[HELD_DONE]);
	while (worker->held.first)
		take_drop(worker, &worker->held.first->task.ref);
	uplink_reset(worker->uplink, "the slices in hand are of another coordinator");
}

static void on_up(const fq_Welcome *welcome, void *userdata)
{
	struct worker *worker = userdata;
	bool other = worker->has_coordinator && memcmp(worker->coordinator, welcome->coordinator,
	                                               sizeof worker->coordinator) != 0;

	take_briefs_clear(worker);
	texts_clear(&worker->texts, worker->slots, worker->slots_begun); /* it reckons with none */
	if (worker->connections++ == 0)
		idle_begin(worker); /* until now there was nobody to give it work; later ones do not keep a node that has none */
	worker->proto = welcome->proto;
	worker->has_coordinator = true;
	memcpy(worker->coordinator, welcome->coordinator, sizeof worker->coordinator);
	held_unsend(&worker->held);
	worker->paused = false; /* it says so again */
	if (other && worker->held.first) {
		forget_all(worker);
		return;
	}
	for (pb_size_t i = 0; i < welcome->drop_count; i++)
		take_drop(worker, &welcome->drop[i]);
	drain_tell(worker);
	give_results(worker);
	drain_step(worker);
}

static void on_flushed(void *userdata)
{
	give_results(userdata);
}

static void on_down(void *userdata)
{
	struct worker *worker = userdata;

	idle_begin(worker); /* from now on there is nobody for whom to work */
	if (worker->leaving)
		service_exit(worker->service, 0);
	else
		drain_step(worker);
}

static void on_change(void *userdata)
{
	worker_changed(userdata);
}

static void on_refused(const struct error *err, void *userdata)
{
	struct worker *worker = userdata;

	worker->failure = *err;
	if (worker->failure.class == ERROR_NONE)
		worker->failure.class = ERROR_DENIED;
	service_exit(worker->service, (int)worker->failure.class);
}

static const struct uplink_callbacks uplink_callbacks = {
    .fill_hello = fill_hello,
    .on_up = on_up,
    .on_frame = take_frame,
    .on_flushed = on_flushed,
    .on_heard = drain_heard,
    .on_down = on_down,
    .on_change = on_change,
    .on_refused = on_refused,
};

/* ---- making and freeing ---- */

/* Two descriptors a slot, and one a brief, may be more than the usual soft limit. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* up to the hard limit nobody forbids it */
}

static int start_slots(struct worker *worker, const char *program, struct error *err)
{
	int r = 0;

	worker->slots = calloc(worker->settings->slots, sizeof *worker->slots);
	if (!worker->slots)
		return error_oom(err);
	for (; r == 0 && worker->slots_begun < worker->settings->slots; worker->slots_begun++)
		r = slot_init(&worker->slots[worker->slots_begun], service_event(worker->service),
		              (unsigned int)worker->slots_begun + 1, program, worker->settings->slot_limit, &slot_callbacks,
		              worker, err);
	return r;
}

static int add_timers(struct worker *worker, struct error *err)
{
	int r;

	r = sd_event_add_time(service_event(worker->service), &worker->status_timer,
	                      CLOCK_MONOTONIC, 0, 0, on_status, worker);
	if (r >= 0)
		r = sd_event_source_set_enabled(worker->status_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = drain_init(worker);
	if (r >= 0)
		r = stall_init(worker);
	if (r >= 0)
		r = idle_init(worker);
	return r < 0 ? error_set(err, r, ERROR_OS, "a timer cannot be made: %s", strerror(-r)) : 0;
}

/* Users without keys are no reason not to count. */
static int open_gate(struct worker *worker, struct error *err)
{
	const struct worker_settings *settings = worker->settings;
	int r = gate_new(worker->service, settings, worker->uplink, &worker->gate, err);

	if (r == 0 && settings->gate_only && !worker->gate)
		return error_set(err, -EINVAL, ERROR_CONFIG, "gate_only: there is no gate: right is gate = \"/run/fqworkerd/ctl.sock\"; or "
		                 "another path, or a service with RuntimeDirectory=");
	if (r < 0 && !settings->gate_only) {
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_GATE_CLOSED}, "users of this host are not let in: %s", err->text);
		return 0;
	}
	return r;
}

/* What counts: openers and slots. */
static int start_counting(struct worker *worker, const char *program, struct error *err)
{
	const struct worker_settings *settings = worker->settings;
	int r;

	if (settings->gate_only) {
		be_ready(worker);
		return 0;
	}
	r = openers_init(&worker->openers, service_event(worker->service), program, &settings->roots, settings->open_timeout_ms,
	                 &openers_callbacks, worker, err);
	if (r < 0)
		return r;
	root_ask(worker, 0);
	return start_slots(worker, program, err);
}

int worker_init(struct worker *worker, const struct worker_settings *settings,
                struct service *service, const char *program, struct error *err)
{
	int r;

	assert((settings->slots > 0) != settings->gate_only && settings->host.host[0]);
	*worker = (struct worker){.settings = settings, .service = service};
	raise_limit();
	if (settings->confined[0])
		log_warning("%s", settings->confined);
	if (CAGE_UNLOCKED)
		log_notice("this build has sanitizers: the processes that read files are not locked in");
	r = uplink_new(service, settings, &uplink_callbacks, worker, &worker->uplink, err);
	if (r == 0)
		r = add_timers(worker, err);
	if (r == 0)
		r = open_gate(worker, err);
	return r < 0 ? r : start_counting(worker, program, err);
}

void worker_deinit(struct worker *worker)
{
	for (size_t i = worker->slots_begun; i-- > 0;)
		slot_deinit(&worker->slots[i]);
	free(worker->slots);
	if (!worker->settings->gate_only)
		openers_deinit(&worker->openers);
	worker->gate = gate_free(worker->gate);
	worker->uplink = uplink_free(worker->uplink);
	worker->status_timer = sd_event_source_disable_unref(worker->status_timer);
	worker->stall_timer = sd_event_source_disable_unref(worker->stall_timer);
	worker->drain_timer = sd_event_source_disable_unref(worker->drain_timer);
	worker->idle_timer = sd_event_source_disable_unref(worker->idle_timer);
	worker->end_timer = sd_event_source_disable_unref(worker->end_timer);
	held_clear(&worker->held);
	texts_deinit(&worker->texts);
	take_briefs_clear(worker);
}
