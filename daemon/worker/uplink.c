/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to the coordinator: see uplink.h. Its greeting is in uplink_greet.c. */
#include "daemon/worker/uplink.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/worker/pause.h"
#include "daemon/worker/uplink_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"

#define PAUSE_REFUSED_MS 30000 /* where waiting is for a person to do something */
#define DIAL_MS 5000           /* for all addresses of the name; looking it up comes on top */
#define DIAL_SILENT_MS 2000    /* after the network was lost */
#define PROMPT_MS 250          /* a dial that took longer was under way when the network came back */
#define GOOD_MS 30000

static uint64_t now_ms(const struct uplink *uplink)
{
	uint64_t us = 0;

	(void)sd_event_now(service_event(uplink->service), CLOCK_MONOTONIC,
	                   &us); /* fails for an unknown clock only */
	return us / 1000;
}

void uplink_describe(const struct uplink *uplink, char *out, size_t size)
{
	if (uplink->state == UPLINK_UP)
		(void)snprintf(out, size, "connected to %s", uplink->address);
	else if (uplink->why.text[0])
		(void)snprintf(out, size, "looking for %s: %s", uplink->address, uplink->why.text);
	else
		(void)snprintf(out, size, "looking for %s", uplink->address);
}

/* ---- outages ---- */

/* A number in [0, limit]. */
static uint64_t draw(uint64_t limit)
{
	uint64_t random = 0;

	if (digest_random(&random, sizeof random) < 0)
		return limit; /* without luck: late, but not all at once with others that had none */
	return random % (limit + 1);
}

static void dial_after(struct uplink *uplink, uint64_t ms)
{
	uplink->state = UPLINK_WAITING;
	if (sd_event_source_set_time_relative(uplink->timer, ms * 1000) < 0 ||
	    sd_event_source_set_enabled(uplink->timer, SD_EVENT_ONESHOT) < 0) {
		log_error("the timer for dialling cannot be set");
		service_exit(uplink->service, ERROR_OS);
	}
}

static void pause_and_dial(struct uplink *uplink, bool was_up)
{
	uint64_t limit = pause_limit(&uplink->pause_ms,
	                             was_up           ? PAUSE_LOST_MS
	                             : uplink->silent ? PAUSE_SILENT_MS
	                                              : PAUSE_FIRST_MS,
	                             uplink->settings->reconnect_max_ms);

	if (uplink->refused)
		dial_after(uplink, PAUSE_REFUSED_MS / 2 + draw(PAUSE_REFUSED_MS / 2));
	else
		dial_after(uplink, draw(limit));
}

/* A line when an outage begins, and one when it turns out that somebody has to do something; not one a try. */
static void log_outage(struct uplink *uplink, bool was_up, const struct error *err)
{
	enum uplink_outage now = uplink->refused ? OUTAGE_REFUSED : OUTAGE_LOST;
	const struct log_about about = {
		.event = uplink->refused ? TOLD_COORDINATOR_REFUSED : TOLD_COORDINATOR_LOST, .address = uplink->address};

	if (was_up)
		log_event(LOG_WARNING, &about, "lost the coordinator %s: %s", uplink->address, err->text);
	else if (now > uplink->outage)
		log_event(LOG_WARNING, &about, "no connection to the coordinator %s: %s", uplink->address, err->text);
	else
		log_event(LOG_DEBUG, &about, "still no connection to the coordinator %s: %s", uplink->address, err->text);
	uplink->outage = now > uplink->outage ? now : uplink->outage;
}

void uplink_lost(struct uplink *uplink, int r, const struct error *err)
{
	bool was_up = uplink->state == UPLINK_UP, first = !uplink->was_ever_up;
	struct error why = *err;

	uplink->peer = peer_free(uplink->peer);
	if (was_up && now_ms(uplink) - uplink->up_ms >= GOOD_MS)
		uplink->pause_ms = 0;
	uplink->why = why;
	if (uplink->ending) {
		uplink->state = UPLINK_ENDED;
		uplink->callbacks->on_down(uplink->userdata);
		return;
	}
	if (uplink->refused && first) {
		uplink->state = UPLINK_ENDED;
		uplink->callbacks->on_refused(&why, uplink->userdata);
		return;
	}
	log_outage(uplink, was_up, &why);
	uplink->silent = r == -ETIMEDOUT || r == -EHOSTUNREACH || r == -ENETUNREACH;
	pause_and_dial(uplink, was_up);
	uplink->refused = false;
	if (was_up)
		uplink->callbacks->on_down(uplink->userdata);
	uplink->callbacks->on_change(uplink->userdata);
}

/* ---- dialling ---- */

/*
 * Everybody whose dial is under way when a lost network comes back is through within the kernel's second: each of them goes once
 * more and comes at a moment of its own.
 */
static bool come_later(struct uplink *uplink)
{
	if (!uplink->silent || now_ms(uplink) - uplink->dialled_ms < PROMPT_MS)
		return false;
	uplink->silent = false;
	dial_after(uplink, draw(uplink->settings->reconnect_max_ms));
	return true;
}

static void on_dialled(void *userdata, int r, int fd, const struct error *err)
{
	struct uplink *uplink = userdata;
	struct connection *connection;
	struct error error = *err;

	uplink->dialler = dialler_free(uplink->dialler);
	if (r == 0 && come_later(uplink)) {
		(void)close(fd); /* nothing was said over it */
		return;
	}
	if (r == 0)
		r = connection_new_client(uplink->tls, fd, uplink->pin, &connection, &error);
	if (r == 0)
		r = uplink_greet(uplink, connection, &error);
	if (r < 0)
		uplink_lost(uplink, r, &error);
}

static int on_timer(sd_event_source *source, uint64_t us, void *userdata)
{
	struct uplink *uplink = userdata;
	struct error err = {0};
	int r;

	uplink->state = UPLINK_DIALLING;
	uplink->dialled_ms = now_ms(uplink);
	r = dialler_new(uplink->service, uplink->settings->host.host, uplink->settings->host.port,
	                uplink->silent ? DIAL_SILENT_MS : DIAL_MS, on_dialled, uplink, &uplink->dialler, &err);
	if (r < 0)
		uplink_lost(uplink, r, &err);
	return 0;
}

/* ---- use ---- */

bool uplink_up(const struct uplink *uplink)
{
	return uplink->state == UPLINK_UP;
}

bool uplink_greets(const struct uplink *uplink)
{
	return uplink->state == UPLINK_GREETING;
}

struct peer *uplink_peer(const struct uplink *uplink)
{
	return uplink_up(uplink) ? uplink->peer : NULL;
}

int uplink_send(struct uplink *uplink, uint16_t type, const void *message)
{
	return uplink_up(uplink) ? peer_send(uplink->peer, type, 0, message) : -ENOTCONN;
}

int uplink_ask(struct uplink *uplink)
{
	return uplink_up(uplink) ? peer_send(uplink->peer, fq_Type_PING, UPLINK_ASK_TAG, NULL) : -ENOTCONN;
}

uint32_t uplink_proto(const struct uplink *uplink)
{
	return uplink->proto;
}

int uplink_connect(const struct uplink *uplink, struct connection **ret, struct error *err)
{
	int fd, r;

	if (!uplink_up(uplink))
		return error_set(err, -ENOTCONN, ERROR_UNAVAILABLE, "there is no connection to the coordinator");
	r = dial_again(connection_fd(peer_connection(uplink->peer)), &fd, err);
	return r < 0 ? r : connection_new_client(uplink->tls, fd, uplink->pin, ret, err);
}

const char *uplink_address(const struct uplink *uplink)
{
	return uplink->address;
}

void uplink_reset(struct uplink *uplink, const char *reason)
{
	if (uplink->peer)
		peer_end(uplink->peer, reason);
}

void uplink_end(struct uplink *uplink, const char *reason)
{
	if (uplink->ending)
		return;
	uplink->ending = true;
	(void)sd_event_source_set_enabled(uplink->timer,
	                                  SD_EVENT_OFF); /* switching off does not fail */
	uplink->dialler = dialler_free(uplink->dialler);
	if (uplink->peer) {
		peer_end(uplink->peer, reason);
		return;
	}
	uplink->state = UPLINK_ENDED;
	uplink->callbacks->on_down(uplink->userdata);
}

/* ---- making and freeing ---- */

static int not_enrolled(const struct uplink *uplink, struct error *err)
{
	const char *config = uplink->settings->state;

	return error_set(err, -ENOENT, ERROR_CONFIG,
	                 "this node is not enrolled with %s; on the coordinator run 'fqctl token "
	                 "--role worker' and here "
	                 "'fqworkerd --state %s --join %s TOKEN'",
	                 uplink->address, TEXT(config), uplink->address);
}

static int load_keys(struct uplink *uplink, struct error *err)
{
	const struct worker_settings *settings = uplink->settings;
	int r;

	if (asprintf(&uplink->generation_path, "%s/generation", settings->state) < 0)
		return error_oom(err);
	r = known_find(settings->known, settings->host.host, settings->host.port, uplink->pin, err);
	if (r > 0)
		return not_enrolled(uplink, err);
	if (r == 0)
		r = key_load(settings->key, &uplink->key, err);
	if (r == -ENOENT)
		return not_enrolled(uplink, err);
	if (r == 0)
		r = tls_new(uplink->key, &uplink->tls, err);
	return r;
}

static int set_up(struct uplink *uplink, struct error *err)
{
	int r;

	r = load_keys(uplink, err);
	if (r < 0)
		return r;
	r = digest_random(uplink->instance, sizeof uplink->instance);
	if (r == 0)
		r = sd_event_add_time(service_event(uplink->service), &uplink->timer,
		                      CLOCK_MONOTONIC, 0, 0, on_timer, uplink);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "cannot prepare dialling: %s", strerror(-r));
	(void)sd_event_source_set_description(uplink->timer,
	                                      "uplink-timer"); /* for debugging only */
	return 0;
}

static void uplink_freep(struct uplink **uplink)
{
	(void)uplink_free(*uplink); /* always NULL */
}

int uplink_new(struct service *service, const struct worker_settings *settings,
               const struct uplink_callbacks *callbacks, void *userdata, struct uplink **ret,
               struct error *err)
{
	_cleanup_(uplink_freep) struct uplink *uplink = calloc(1, sizeof *uplink);
	const char *host = settings->host.host;
	int r;

	assert(service && settings && callbacks && ret);
	if (!uplink)
		return error_oom(err);
	uplink->service = service;
	uplink->settings = settings;
	uplink->callbacks = callbacks;
	uplink->userdata = userdata;
	(void)snprintf(uplink->address, sizeof uplink->address,
	               strchr(host, ':') ? "[%s]:%u" : "%s:%u", TEXT(host), settings->host.port);
	r = set_up(uplink, err);
	if (r == 0)
		*ret = TAKE(uplink);
	return r;
}

struct uplink *uplink_free(struct uplink *uplink)
{
	if (!uplink)
		return NULL;
	(void)dialler_free(uplink->dialler); /* always NULL */
	(void)peer_free(uplink->peer);
	sd_event_source_disable_unref(uplink->timer);
	(void)tls_free(uplink->tls);
	(void)key_free(uplink->key);
	free(uplink->generation_path);
	free(uplink);
	return NULL;
}
