/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The greeting: TLS, HELLO, WELCOME, and what makes either side turn the other away. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/worker/uplink_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"

/* One result at a time is queued whole (give_result.c): the queue's bound is not the one that counts. */
#define QUEUE_MAX (2UL << 30)

/* ---- WELCOME: a ladder ---- */

static int welcome_version(const fq_Welcome *welcome, struct error *err)
{
	if (welcome->proto >= PROTO_VERSION_OLDEST && welcome->proto <= message_version())
		return 0;
	return error_set(
	    err, -EPROTO, ERROR_PROTOCOL,
	    "the coordinator (version %s) speaks protocol %u; this program speaks %u to %u",
	    TEXT(welcome->version), welcome->proto, PROTO_VERSION_OLDEST, message_version());
}

static int welcome_role(const fq_Welcome *welcome, struct error *err)
{
	if (welcome->role == fq_Role_ROLE_WORKER)
		return 0;
	return error_set(err, -EPROTO, ERROR_PROTOCOL,
	                 "the coordinator does not take this node for a worker");
}

/* A generation that cannot be written down is a warning: an old copy is noticed as long as this process lives. */
static int welcome_generation(struct uplink *uplink, const fq_Welcome *welcome, struct error *err)
{
	struct generation now = {.number = welcome->generation};
	bool same;
	int r;

	memcpy(now.id, welcome->coordinator, sizeof now.id);
	same = uplink->has_seen && memcmp(uplink->seen.id, now.id, sizeof now.id) == 0;
	if (same && now.number < uplink->seen.number)
		return generation_stale(now.number, uplink->seen.number, err);
	r = generation_check(uplink->generation_path, &now, uplink->pin, err);
	if (r == -ESTALE)
		return r;
	if (r < 0)
		log_warning("start %" PRIu64 " of the coordinator cannot be noted: %s", now.number, err->text);
	if (uplink->has_seen && !same)
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_COORDINATOR_IS_ANOTHER, .generation = LOG_ID(now.number)},
		          "the coordinator %s has begun another state under the same key; this is its start %" PRIu64, uplink->address,
		          now.number);
	uplink->has_seen = true;
	uplink->seen = now;
	return 0;
}

static void welcomed(struct uplink *uplink, const struct frame *frame)
{
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);
	struct error err = {0};
	struct log_about about = {.event = TOLD_COORDINATOR_CONNECTED, .address = uplink->address};
	int r = welcome ? 0 : error_oom(&err);

	if (r == 0)
		r = message_decode(frame->type, frame->payload, frame->n, welcome, &err);
	if (r == 0)
		r = welcome_version(welcome, &err);
	if (r == 0)
		r = welcome_role(welcome, &err);
	if (r == 0)
		r = welcome_generation(uplink, welcome, &err);
	if (r < 0) {
		uplink->refused = true;
		uplink->told = err;
		peer_refuse(uplink->peer, &err);
		return;
	}
	peer_set_times(uplink->peer, welcome->ping_ms, welcome->dead_ms);
	uplink->state = UPLINK_UP;
	uplink->proto = welcome->proto;
	uplink->was_ever_up = true;
	uplink->outage = OUTAGE_NONE;
	(void)sd_event_now(service_event(uplink->service), CLOCK_MONOTONIC,
	                   &uplink->up_ms); /* as in uplink.c */
	uplink->up_ms /= 1000;
	about.generation = LOG_ID(welcome->generation);
	log_event(LOG_INFO, &about,
	          "connected to the coordinator %s (version %s, start %" PRIu64 ")", uplink->address, TEXT(welcome->version),
	          welcome->generation);
	uplink->callbacks->on_up(welcome, uplink->userdata);
	uplink->callbacks->on_change(uplink->userdata);
}

/* ---- the peer's callbacks ---- */

/* Why the coordinator is about to close. */
static void note_error(struct uplink *uplink, const struct frame *frame)
{
	fq_Error error;

	if (message_decode(frame->type, frame->payload, frame->n, &error, NULL) < 0)
		return;
	uplink->told.class =
	    error.class <= ERROR_CONFIG ? (enum error_class)error.class : ERROR_PROTOCOL;
	(void)text_escape(uplink->told.text, sizeof uplink->told.text, error.text);
	uplink->refused = uplink->told.class == ERROR_DENIED ||
	                  uplink->told.class == ERROR_PROTOCOL ||
	                  uplink->told.class == ERROR_CONFIG;
}

static void on_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct uplink *uplink = userdata;
	struct error err = {0};

	if (frame->type == fq_Type_ERROR && frame->tag == 0)
		note_error(uplink, frame);
	else if (uplink->state == UPLINK_UP)
		uplink->callbacks->on_frame(frame, uplink->userdata);
	else if (frame->type == fq_Type_WELCOME)
		welcomed(uplink, frame);
	else {
		(void)error_set(&err, -EPROTO, ERROR_PROTOCOL,
		                "the coordinator sent %s in place of WELCOME",
		                message_name(frame->type));
		peer_refuse(peer, &err);
	}
}

static void on_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct uplink *uplink = userdata;
	struct error why = uplink->told.text[0] ? uplink->told : *err;

	if (r == -EKEYREJECTED)
		uplink->refused = true;
	uplink_lost(uplink, r, &why);
}

static void on_flushed(struct peer *peer, void *userdata)
{
	struct uplink *uplink = userdata;

	if (uplink->state == UPLINK_UP)
		uplink->callbacks->on_flushed(uplink->userdata);
}

static void on_pong(struct peer *peer, uint16_t tag, void *userdata)
{
	struct uplink *uplink = userdata;

	if (uplink->state == UPLINK_UP && tag == UPLINK_ASK_TAG)
		uplink->callbacks->on_heard(uplink->userdata);
}

static const struct peer_callbacks callbacks = {
    .on_frame = on_frame,
    .on_end = on_end,
    .on_flushed = on_flushed,
    .on_pong = on_pong,
};

/* ---- HELLO ---- */

/* Of which state this worker has seen which start; what it holds is of the same. */
static int tell_seen(struct uplink *uplink, fq_Hello *hello, struct error *err)
{
	int r = uplink->has_seen ? 0 : generation_of_key(uplink->generation_path, uplink->pin, &uplink->seen, err);

	if (r != 0)
		return r < 0 ? r : 0;
	uplink->has_seen = true;
	hello->generation_seen = uplink->seen.number;
	hello->coordinator.size = sizeof uplink->seen.id;
	memcpy(hello->coordinator.bytes, uplink->seen.id, sizeof uplink->seen.id);
	return 0;
}

static int send_hello(struct uplink *uplink, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	int r;

	if (!hello)
		return error_oom(err);
	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = message_version();
	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	(void)snprintf(hello->version, sizeof hello->version, "%s", PACKAGE_VERSION);
	(void)snprintf(hello->name, sizeof hello->name, "%s", uplink->settings->name);
	memcpy(hello->instance, uplink->instance, sizeof hello->instance);
	r = tell_seen(uplink, hello, err);
	if (r < 0)
		return r;
	uplink->callbacks->fill_hello(hello, uplink->userdata);
	if (message_version() < 2)
		hello->coordinator.size = 0;
	r = peer_send(uplink->peer, fq_Type_HELLO, 0, hello);
	return r < 0 ? error_set(err, r, ERROR_SOFTWARE, "cannot send HELLO: %s", strerror(-r)) : 0;
}

int uplink_greet(struct uplink *uplink, struct connection *connection, struct error *err)
{
	int r;

	uplink->state = UPLINK_GREETING;
	uplink->told = (struct error){0};
	connection_set_queue_max(connection, QUEUE_MAX);
	r = peer_new(service_event(uplink->service), connection, &callbacks, 0, 0, uplink,
	             &uplink->peer, err);
	return r < 0 ? r : send_hello(uplink, err);
}
