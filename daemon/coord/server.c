/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coordinator's timers, start and end: see server.h. */
#include "daemon/coord/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"

#define EXPIRE_MS (3600ULL * 1000) /* how often ended jobs are looked through */
#define ACCURACY_US 1000           /* of all timers */
#define TURNS 8                    /* of work in turns, behind which there is a rest */
#define REST_US 1000
#define STEADY_MS 60000            /* a clock that differs by more after an hour was set */

/* ---- timers */

static int on_commit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	(void)drive_commit(userdata);
	return 0;
}

static int on_changes(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;

	(void)source;
	(void)usec;
	for (struct session *session = server->sessions; session; session = session->next)
		watches_tell(session, true);
	server_status(server);
	return 0;
}

/*
 * Whether old jobs may be told by the wall clock: not by one that is wrong since the machine started or was set meanwhile, for
 * what is removed is gone. So nothing is removed before the first hour is over.
 */
static bool clock_believed(struct server *server, uint64_t wall_ms)
{
	uint64_t now = clock_monotonic_ms(), due = server->aged_wall_ms + (now - server->aged_ms);
	bool first = server->aged_ms == 0, steady = wall_ms < due + STEADY_MS && due < wall_ms + STEADY_MS;

	server->aged_ms = now;
	server->aged_wall_ms = wall_ms;
	if (!first && !steady)
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_CLOCK_SET},
		          "the clock was set by %lld s within the last hour: old jobs stay for one more",
		          (long long)(wall_ms - due) / 1000);
	return !first && steady;
}

struct aging {
	struct server *server;
	uint64_t wall_ms;
};

/* What goes may be gigabytes. A labour. */
static int age_work(void *data, struct error *err)
{
	const struct aging *aging = data;
	const struct coord_settings *settings = aging->server->settings;
	struct store *store = aging->server->store;
	int r = 0;

	if (aging->wall_ms > settings->keep_ms)
		r = store_expire(store, aging->wall_ms - settings->keep_ms, err);
	if (r == 0 && aging->wall_ms > settings->cache_age_ms)
		r = store_trim_kept(store, settings->cache_size, aging->wall_ms - settings->cache_age_ms, err);
	return r;
}

static int on_expire(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	struct aging aging = {.server = server, .wall_ms = clock_wall_ms()};
	struct error error;

	(void)usec;
	if (clock_believed(server, aging.wall_ms) && !server->fallen && labour(server, age_work, &aging, &error) < 0)
		(void)fall(server, &error);
	FAILPOINT("expired");
	(void)drive_commit(server);
	(void)sd_event_source_set_time_relative(source, EXPIRE_MS * 1000);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int timer_add(struct server *server, sd_event_source **ret, sd_event_time_handler_t handler, bool now,
              struct error *err)
{
	/* systemd's own accuracy is 250 ms: a group of slices would wait for that long. */
	int r = sd_event_add_time_relative(service_event(server->service), ret, CLOCK_MONOTONIC, 0, ACCURACY_US, handler,
	                                   server);

	if (r >= 0)
		r = sd_event_source_set_enabled(*ret, now ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
	return r < 0 ? error_set(err, r, ERROR_OS, "timer: %s", strerror(-r)) : 0;
}

void timer_again(struct server *server, sd_event_source *timer)
{
	server->turns++;
	if (sd_event_source_set_time_relative(timer, server->turns % TURNS == 0 ? REST_US : 0) < 0 ||
	    sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT) < 0)
		log_error("a timer cannot be set");
}

static int timers_add(struct server *server, struct error *err)
{
	int r = timer_add(server, &server->tick, pulse_beat, false, err);

	if (r == 0)
		r = timer_add(server, &server->commit, on_commit, false, err);
	if (r == 0)
		r = timer_add(server, &server->changes, on_changes, false, err);
	return r < 0 ? r : timer_add(server, &server->expire, on_expire, true, err);
}

/* ---- start and end */

static struct coord_limits limits_of(const struct coord_settings *settings)
{
	return (struct coord_limits){
		.stall_ms = settings->stall_ms,
		.open_ms = settings->open_ms,
		.straggler_ms = settings->straggler_ms,
		.slice_min = settings->slice_min,
		.slice_max = settings->slice_max,
		.slices_max = settings->slices_max,
		.read_max = settings->read_max,
		.crashes_max = (uint32_t)settings->crashes_max,
		.losses_max = (uint32_t)settings->losses_max,
		.jobs_max = (uint32_t)settings->jobs_max,
		.files_max = (uint32_t)settings->files_max,
		.files_owner_max = (uint32_t)settings->files_owner_max,
		.slices_owner_max = settings->slices_owner_max,
		.audit_percent = (uint32_t)settings->audit_percent,
		.algorithm = COUNTERS_ALGORITHM,
		.split_gzip = settings->split_gzip == COORD_SPLIT_AUTO     ? SPLIT_GZIP_AUTO
		              : settings->split_gzip == COORD_SPLIT_ALWAYS ? SPLIT_GZIP_ALWAYS
		                                                           : SPLIT_GZIP_NEVER,
	};
}

static int keys_open(struct server *server, struct error *err)
{
	char pin_text[PIN_TEXT_MAX];
	uint8_t pin[PIN_SIZE];
	bool made = false;
	int r;

	r = key_load_or_make(server->settings->key, &server->key, &made, err);
	if (r < 0)
		return r;
	key_pin(server->key, pin);
	log_info("%s key %s", made ? "made" : "this coordinator has", text_hex(pin_text, pin, sizeof pin));
	r = tls_new(server->key, &server->tls, err);
	return r < 0 ? r : peers_load(server->peers_path, &server->peers, err);
}

int core_begin(struct server *server, struct error *err)
{
	struct coord_limits limits = limits_of(server->settings);
	int r = digest_random(&limits.secret, sizeof limits.secret);

	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	return coord_new(&limits, &server->coord) < 0 ? error_oom(err) : drive_begin(server, err);
}

int server_init(struct server *server, const struct coord_settings *settings, struct service *service, struct error *err)
{
	const struct store_options options = {.accept_rollback = settings->accept_rollback};
	int r;

	*server = (struct server){.settings = settings, .service = service, .next_session = 1, .spare = -1};
	server->metrics.begun_wall_ms = clock_wall_ms();
	if (asprintf(&server->peers_path, "%s/peers", settings->state) < 0 ||
	    asprintf(&server->listening_path, "%s/listening", settings->state) < 0 ||
	    asprintf(&server->status_path, "%s/listening-status", settings->state) < 0)
		return error_oom(err);
	profiles_begin(server);
	r = store_open_as(settings->state, &options, &server->store, err);
	if (r == 0)
		r = keys_open(server, err);
	if (r == 0)
		r = timers_add(server, err);
	if (r == 0)
		r = memory_init(server, err);
	if (r == 0)
		r = probe_init(server, err);
	if (r == 0)
		r = group_work_init(server, err);
	if (r == 0)
		r = readings_init(server, err);
	if (r == 0)
		r = fall_init(server, err);
	if (r == 0)
		r = core_begin(server, err);
	return r < 0 ? r : listen_init(server, err);
}

void server_deinit(struct server *server)
{
	struct error error;

	if (server->store && !server->fallen && store_commit(server->store, &error) < 0)
		log_error("%s", error.text);
	backup_end(server);
	probes_end(server);
	while (server->sessions)
		session_free(server->sessions);
	listen_deinit(server);
	http_deinit(server);
	memory_deinit(server);
	(void)sd_event_source_unref(server->probing);
	(void)sd_event_source_unref(server->tick);
	(void)sd_event_source_unref(server->commit);
	(void)sd_event_source_unref(server->changes);
	(void)sd_event_source_unref(server->expire);
	(void)sd_event_source_unref(server->grouping);
	(void)sd_event_source_unref(server->reading);
	fall_deinit(server);
	free(server->held);
	free(server->distrusted);
	contexts_deinit(&server->contexts);
	coord_free(server->coord);
	peers_deinit(&server->peers);
	profiles_deinit(&server->profiles);
	tls_free(server->tls);
	key_free(server->key);
	store_free(server->store);
	free(server->peers_path);
	free(server->listening_path);
	free(server->status_kept.bytes);
	free(server->status_path);
}

int server_reload(struct server *server, struct error *err)
{
	struct peers peers = {0};
	int r;

	profiles_begin(server);
	r = peers_load(server->peers_path, &peers, err);
	if (r < 0)
		return r;
	peers_deinit(&server->peers);
	server->peers = peers;
	sessions_check(server);
	if (http_reload(server, err) < 0)
		log_error("the token of the status page stays as it was: %s", err->text);
	return 0;
}

void server_status(struct server *server)
{
	uint32_t nodes = 0, slots = 0, jobs;
	struct node_view node;
	uint64_t cursor = 0;

	if (!server->coord) {
		service_status(server->service, "the disk is full: nothing is served until there is room");
		return;
	}
	while (coord_next_node(server->coord, &cursor, &node)) {
		nodes += node.peer > 0;
		slots += node.peer ? node.slots : 0;
	}
	jobs = coord_unfinished(server->coord);
	service_status(server->service, "%u node%s with %u slots, %u job%s%s", nodes, nodes == 1 ? "" : "s", slots, jobs,
	               jobs == 1 ? "" : "s", server->hold ? "; the disk is full" : "");
}
