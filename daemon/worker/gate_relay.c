/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One user's connection through the gate:
 *
 *     HELLO comes -> WAITING -> NAMING (a process looks up his name, once a minute) -> GREETING -> WELCOME goes through -> OPEN
 *
 * The client is not read between its HELLO and WELCOME. When either side ends, the other is ended: the client hears why.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/gate_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

#define NAME_MS 60000 /* a name is good for */
#define QUEUE_MAX (4u << 20)
#define PROTO_VOUCHES 3

/* What is taken before HELLO. */
static const uint16_t first_types[] = {fq_Type_HELLO, fq_Type_TYPE_NONE};

/* ---- states ---- */

static bool on_its_way(const struct relay *relay)
{
	return relay->state == RELAY_NAMING || relay->state == RELAY_GREETING;
}

/* Who is there, or ends, gives way to the next one who waits. */
static void become(struct relay *relay, enum relay_state state)
{
	struct gate *gate = relay->gate;
	bool was = on_its_way(relay), is;

	relay->state = state;
	is = on_its_way(relay);
	gate->dials += is - was;
	relay->user->dials += is - was;
	if (was && !is)
		gate_turn(gate);
}

void relay_free(struct relay *relay)
{
	struct gate *gate = relay->gate;

	relay->local = peer_free(relay->local);
	relay->remote = peer_free(relay->remote);
	if (relay->previous)
		relay->previous->next = relay->next;
	else
		gate->relays = relay->next;
	if (relay->next)
		relay->next->previous = relay->previous;
	gate->clients--;
	if (--relay->user->clients == 0)
		relay->user->namer = namer_free(relay->user->namer);
	become(relay, RELAY_ENDING); /* not in the list any more */
	free(relay);
}

static void free_if_alone(struct relay *relay)
{
	if (!relay->local && !relay->remote)
		relay_free(relay);
}

/* Tells the client why it ends. */
static void relay_refuse(struct relay *relay, const struct error *err)
{
	become(relay, RELAY_ENDING);
	if (relay->remote)
		peer_end(relay->remote, err->text);
	if (relay->local) {
		peer_resume(relay->local);
		peer_refuse(relay->local, err);
	}
	free_if_alone(relay);
}

/* ---- passing on ---- */

/* A frame for `to`, which is all that `from` may have said when `to` does not take it. */
static void pass_on(struct relay *relay, struct peer *from, struct peer *to, const struct frame *frame)
{
	if (frame->type == fq_Type_DATA || frame->type == fq_Type_SUBMIT_FILE)
		relay->moved_ms = gate_now_ms(relay->gate);
	(void)peer_forward(to, frame); /* a failure ends it from the loop */
	if (connection_queued(peer_connection(to)) >= RELAY_BYTES)
		peer_pause(from);
}

/* ---- the coordinator's side ---- */

static void welcomed(struct relay *relay, const struct frame *frame)
{
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);
	struct error err = {0};
	int r = welcome ? 0 : error_oom(&err);

	if (r == 0)
		r = message_decode(frame->type, frame->payload, frame->n, welcome, &err);
	if (r == 0 && welcome->role != fq_Role_ROLE_CLIENT)
		r = error_set(&err, -EPROTO, ERROR_PROTOCOL, "the coordinator takes a user of this host for something else than a client");
	if (r < 0) {
		relay_refuse(relay, &err);
		return;
	}
	peer_set_times(relay->remote, welcome->ping_ms, welcome->dead_ms);
	peer_must_read(relay->local);
	peer_set_times(relay->local, welcome->ping_ms, welcome->dead_ms);
	pass_on(relay, relay->remote, relay->local, frame);
	peer_resume(relay->local);
	become(relay, RELAY_OPEN);
}

static void remote_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct relay *relay = userdata;
	struct error err = {0};

	if (!relay->local || relay->state == RELAY_ENDING)
		return; /* nobody hears it any more */
	relay->told = frame->type == fq_Type_ERROR && frame->tag == 0;
	if (relay->state == RELAY_OPEN || relay->told) {
		pass_on(relay, peer, relay->local, frame);
	} else if (frame->type == fq_Type_WELCOME) {
		welcomed(relay, frame);
	} else {
		(void)error_set(&err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent %s in place of WELCOME", message_name(frame->type));
		relay_refuse(relay, &err);
	}
}

static void remote_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct relay *relay = userdata;
	struct error why = {0};

	(void)peer;
	relay->remote = peer_free(relay->remote);
	if (relay->local && relay->state != RELAY_ENDING) {
		peer_resume(relay->local);
		(void)error_set(&why, r, r == -EKEYREJECTED ? ERROR_DENIED : ERROR_UNAVAILABLE,
		                "the worker of this host has lost the coordinator %s for you: %s", uplink_address(relay->gate->uplink),
		                err->text);
		if (relay->told)
			peer_end(relay->local, why.text);
		else
			peer_refuse(relay->local, &why);
		become(relay, RELAY_ENDING);
	}
	free_if_alone(relay);
}

static void remote_flushed(struct peer *peer, void *userdata)
{
	struct relay *relay = userdata;

	(void)peer;
	if (relay->local && relay->state == RELAY_OPEN)
		peer_resume(relay->local);
}

static const struct peer_callbacks remote_callbacks = {
	.on_frame = remote_frame,
	.on_end = remote_end,
	.on_flushed = remote_flushed,
};

/* What the client says of himself is left out: name and uid are what this host knows. */
static int send_hello(struct relay *relay, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	int r;

	if (!hello)
		return error_oom(err);
	hello->proto_min = relay->said.proto_min;
	hello->proto_max = relay->said.proto_max < message_version() ? relay->said.proto_max : message_version();
	hello->role = fq_Role_ROLE_CLIENT;
	hello->vouched = true;
	hello->uid = relay->user->uid;
	(void)snprintf(hello->name, sizeof hello->name, "%s", relay->user->name);
	(void)snprintf(hello->version, sizeof hello->version, "%s", relay->said.version);
	memcpy(hello->instance, relay->said.instance, sizeof hello->instance);
	log_debug("user %u (%s) goes to the coordinator", hello->uid, hello->name);
	r = peer_send(relay->remote, fq_Type_HELLO, 0, hello);
	return r < 0 ? error_set(err, r, ERROR_SOFTWARE, "cannot send HELLO: %s", strerror(-r)) : 0;
}

static void go(struct relay *relay)
{
	struct connection *connection;
	struct error err = {0};
	int r;

	become(relay, RELAY_GREETING);
	r = uplink_connect(relay->gate->uplink, &connection, &err);
	if (r == 0) {
		connection_set_queue_max(connection, QUEUE_MAX);
		r = peer_new(service_event(relay->gate->service), connection, &remote_callbacks, 0, 0, relay, &relay->remote, &err);
	}
	if (r == 0)
		r = send_hello(relay, &err);
	if (r < 0)
		relay_refuse(relay, &err);
}

/* All of his that wait for it. None of them is freed here: their clients are there. */
static void on_named(void *userdata, const char *name)
{
	struct gate_user *user = userdata;
	struct error err = {0};

	if (name) {
		(void)snprintf(user->name, sizeof user->name, "%s", name);
		user->named_ms = gate_now_ms(user->gate);
	}
	user->namer = namer_free(user->namer);
	(void)error_set(&err, -ETIMEDOUT, ERROR_UNAVAILABLE, "this host could not tell in time who user %u is", user->uid);
	for (struct relay *relay = user->gate->relays; relay; relay = relay->next) {
		if (relay->user != user || relay->state != RELAY_NAMING)
			continue;
		if (name)
			go(relay);
		else
			relay_refuse(relay, &err);
	}
}

void relay_begin(struct relay *relay)
{
	struct gate_user *user = relay->user;
	struct error err = {0};

	if (user->named_ms > 0 && gate_now_ms(relay->gate) - user->named_ms < NAME_MS) {
		go(relay);
		return;
	}
	become(relay, RELAY_NAMING);
	if (!user->namer && namer_new(relay->gate->service, user->uid, on_named, user, &user->namer, &err) < 0)
		relay_refuse(relay, &err);
}

/* ---- the client's side ---- */

/* A ladder: what keeps him from the coordinator before it is asked. */
static int check_way(const struct relay *relay, struct error *err)
{
	const struct uplink *uplink = relay->gate->uplink;
	char where[512];

	uplink_describe(uplink, where, sizeof where);
	if (!uplink_up(uplink))
		return error_set(err, -ENOTCONN, ERROR_UNAVAILABLE, "the worker of this host is not connected to its coordinator; it is %s",
		                 where);
	if (uplink_proto(uplink) < PROTO_VOUCHES)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator %s is too old to let anybody in through a worker; have it "
		                 "upgraded, or join with a key of your own: 'fqctl join %s TOKEN'", uplink_address(uplink),
		                 uplink_address(uplink));
	return 0;
}

static int check_hello(struct relay *relay, const struct frame *frame, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	int r = hello ? message_decode(frame->type, frame->payload, frame->n, hello, err) : error_oom(err);

	if (r < 0)
		return r;
	if (hello->role != fq_Role_ROLE_CLIENT)
		return error_set(err, -EPERM, ERROR_DENIED, "through the worker of this host one is a client and nothing else");
	relay->said.proto_min = hello->proto_min;
	relay->said.proto_max = hello->proto_max;
	memcpy(relay->said.instance, hello->instance, sizeof relay->said.instance);
	(void)snprintf(relay->said.version, sizeof relay->said.version, "%s", hello->version);
	return check_way(relay, err);
}

static void local_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct relay *relay = userdata;
	struct error err = {0};

	if (relay->state == RELAY_OPEN) {
		pass_on(relay, peer, relay->remote, frame);
	} else if (relay->state == RELAY_HELLO) {
		if (check_hello(relay, frame, &err) < 0) {
			relay_refuse(relay, &err);
			return;
		}
		peer_pause(peer);
		peer_set_times(peer, 0, 0); /* the deadlines are those of the coordinator's side */
		become(relay, RELAY_WAITING);
		gate_turn(relay->gate);
	}
}

static void local_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct relay *relay = userdata;

	(void)peer;
	(void)r;
	relay->local = peer_free(relay->local);
	if (relay->remote) {
		peer_resume(relay->remote);
		peer_end(relay->remote, err->text); /* what the client had said is sent first */
	}
	become(relay, RELAY_ENDING);
	free_if_alone(relay);
}

static void local_flushed(struct peer *peer, void *userdata)
{
	struct relay *relay = userdata;

	(void)peer;
	if (relay->remote && relay->state == RELAY_OPEN)
		peer_resume(relay->remote);
}

static const struct peer_callbacks local_callbacks = {
	.on_frame = local_frame,
	.on_end = local_end,
	.on_flushed = local_flushed,
};

int relay_new(struct gate *gate, int fd, struct gate_user *user, struct error *err)
{
	struct relay *relay = calloc(1, sizeof *relay);
	struct connection *connection;
	int r;

	if (!relay) {
		closep(&fd);
		return error_oom(err);
	}
	r = connection_new_plain(fd, &connection, err);
	if (r == 0) {
		connection_set_queue_max(connection, QUEUE_MAX);
		connection_restrict(connection, first_types);
		r = peer_new(service_event(gate->service), connection, &local_callbacks, 0, 0, relay, &relay->local, err);
	}
	if (r < 0) {
		free(relay);
		return r;
	}
	relay->gate = gate;
	relay->user = user;
	user->clients++;
	gate->clients++;
	relay->next = gate->relays;
	if (relay->next)
		relay->next->previous = relay;
	gate->relays = relay;
	return 0;
}
