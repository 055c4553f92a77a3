/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate's socket, who is let in, and whose turn it is to go to the coordinator: see gate.h. */
#include "daemon/worker/gate.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/events.h"
#include "daemon/own_place.h"
#include "daemon/worker/gate_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

#define BACKLOG 128
#define AGAIN_MS 100     /* for who has to wait; without descriptors nobody is let in for so long */
#define RATE_SPAN_MS 1000
#define RATE_MOST 50     /* connections of one user to the coordinator in RATE_SPAN_MS */
#define QUIET_MS 1000
#define LINES_SPAN_MS 10000
#define LINES_MOST 5

uint64_t gate_now_ms(const struct gate *gate)
{
	uint64_t us = 0;

	(void)sd_event_now(service_event(gate->service), CLOCK_MONOTONIC, &us); /* fails for an unknown clock only */
	return us / 1000;
}

/* ---- whose turn it is ---- */

static void look_again(struct gate *gate)
{
	if (sd_event_source_set_time_relative(gate->timer, AGAIN_MS * 1000) >= 0)
		(void)sd_event_source_set_enabled(gate->timer, SD_EVENT_ONESHOT); /* else with the next one that comes or goes */
}

/* The one who waits for longest of those whose user has fewest on their way. */
static struct relay *next_of(const struct gate *gate, const struct gate_user *not_before)
{
	struct relay *best = NULL;

	for (struct relay *relay = gate->relays; relay; relay = relay->next)
		if (relay->state == RELAY_WAITING && relay->user != not_before && (!best || relay->user->dials <= best->user->dials))
			best = relay;
	return best;
}

void gate_turn(struct gate *gate)
{
	const struct gate_user *fast = NULL;
	struct relay *relay;
	uint64_t left_out;

	while (!gate->ending && gate->dials < GATE_DIALS_MAX && (relay = next_of(gate, fast))) {
		if (!rate_take(&relay->user->rate, gate_now_ms(gate), RATE_SPAN_MS, RATE_MOST, &left_out)) {
			look_again(gate);
			if (fast)
				return; /* two such users: the others go on with the timer */
			fast = relay->user;
			continue;
		}
		relay_begin(relay);
	}
}

/* ---- who is let in ---- */

/* NULL: he has as many as one may have. There is always room for one more user: each has a connection. */
static struct gate_user *user_of(struct gate *gate, uint32_t uid)
{
	struct gate_user *user = NULL;

	for (size_t i = 0; i < GATE_CLIENTS_MAX; i++) {
		struct gate_user *at = &gate->users[i];

		if (at->uid == uid && (at->clients > 0 || at->rate.begun > 0))
			return at->clients < GATE_CLIENTS_OF_USER ? at : NULL;
		if (at->clients == 0 && (!user || at->rate.begun < user->rate.begun))
			user = at;
	}
	if (user)
		*user = (struct gate_user){.gate = gate, .uid = uid};
	return user;
}

/* One frame and the end, as far as the socket takes it at once. */
static void turn_away(struct gate *gate, int fd, uint32_t uid, const struct error *err)
{
	fq_Error message = {.class = err->class};
	uint8_t frame[8 + sizeof message];
	uint16_t type = htons(fq_Type_ERROR), tag = 0;
	uint64_t left_out;
	uint32_t length;
	size_t n = 0;

	(void)snprintf(message.text, sizeof message.text, "%s", err->text);
	if (message_encode(fq_Type_ERROR, &message, frame + 8, sizeof frame - 8, &n) == 0) {
		length = htonl((uint32_t)n);
		memcpy(frame, &length, 4);
		memcpy(frame + 4, &type, 2);
		memcpy(frame + 6, &tag, 2);
		(void)send(fd, frame, 8 + n, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	(void)close(fd);
	if (rate_take(&gate->lines, gate_now_ms(gate), LINES_SPAN_MS, LINES_MOST, &left_out))
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_USER_TURNED_AWAY}, "user %u was turned away at the gate: %s", uid, err->text);
}

static void let_in(struct gate *gate, int fd)
{
	struct ucred who = {0};
	socklen_t n = sizeof who;
	struct gate_user *user;
	struct error err = {0};

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0) {
		(void)close(fd);
		return;
	}
	user = gate->clients < GATE_CLIENTS_MAX ? user_of(gate, who.uid) : NULL;
	if (!user) {
		(void)error_set(&err, -EBUSY, ERROR_TEMPORARY, gate->clients < GATE_CLIENTS_MAX
		                ? "you have %d connections through the worker of this host, which is the most; end some of them"
		                : "all %d places at the worker of this host are taken; try again later",
		                gate->clients < GATE_CLIENTS_MAX ? GATE_CLIENTS_OF_USER : GATE_CLIENTS_MAX);
		turn_away(gate, fd, who.uid, &err);
		return;
	}
	if (relay_new(gate, fd, user, &err) < 0)
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_USER_TURNED_AWAY}, "user %u cannot be let in at the gate: %s", who.uid, err.text);
}

static int on_listener(sd_event_source *source, int listener, uint32_t events, void *userdata)
{
	struct gate *gate = userdata;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		let_in(gate, fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_GATE_CLOSED}, "nobody can be let in at the gate for a moment: %s",
		          strerror(errno));
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF); /* asking again at once would be a busy loop */
		look_again(gate);
	}
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t us, void *userdata)
{
	struct gate *gate = userdata;

	if (!gate->closed)
		(void)sd_event_source_set_enabled(gate->listener, SD_EVENT_ON);
	gate_turn(gate);
	return 0;
}

/* ---- the socket ---- */

/* It gets its name when it listens, so that while a worker is started anew there is always one, old or new. */
static int listen_at(const char *path, int *ret_fd, struct error *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if ((size_t)snprintf(at.sun_path, sizeof at.sun_path, "%s.new", path) >= sizeof at.sun_path)
		return error_set(err, -ENAMETOOLONG, ERROR_CONFIG, "the path of the gate's socket %s has more than %zu bytes", path,
		                 sizeof at.sun_path - sizeof ".new");
	r = own_place_socket("the gate's socket", path, err); /* what is left of a worker that has ended is replaced */
	if (r < 0)
		return r;
	(void)unlink(at.sun_path);
	/* Anybody may talk to it: who it is the kernel says, and what he may the coordinator. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || chmod(at.sun_path, 0666) < 0 ||
	    listen(fd, BACKLOG) < 0 || rename(at.sun_path, path) < 0)
		return error_set(err, -errno, ERROR_CONFIG, "the gate cannot listen on %s: %s", path, strerror(errno));
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The socket of systemd, or one of our own. 1: none is wanted. */
static int listen_any(const struct worker_settings *settings, int *ret_fd, struct error *err)
{
	int n = sd_listen_fds(1), fd = SD_LISTEN_FDS_START, flags;

	if (strcmp(settings->gate, WORKER_GATE_NONE) == 0)
		return 1;
	if (n <= 0)
		return settings->gate[0] ? listen_at(settings->gate, ret_fd, err) : 1;
	flags = fcntl(fd, F_GETFL);
	if (n > 1 || sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "systemd handed over something else than one listening unix socket for the gate");
	*ret_fd = fd;
	return 0;
}

static void gate_freep(struct gate **gate)
{
	(void)gate_free(*gate); /* always NULL */
}

int gate_new(struct service *service, const struct worker_settings *settings, const struct uplink *uplink, struct gate **ret,
             struct error *err)
{
	_cleanup_(gate_freep) struct gate *gate = calloc(1, sizeof *gate);
	int fd = -1, r;

	assert(service && settings && uplink && ret);
	if (!gate)
		return error_oom(err);
	gate->service = service;
	gate->uplink = uplink;
	r = listen_any(settings, &fd, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = sd_event_add_io(service_event(service), &gate->listener, fd, EPOLLIN, on_listener, gate);
	if (r < 0) {
		(void)close(fd);
		return error_set(err, r, ERROR_OS, "the gate cannot be put on the event loop: %s", strerror(-r));
	}
	(void)sd_event_source_set_io_fd_own(gate->listener, true);
	r = sd_event_add_time(service_event(service), &gate->timer, CLOCK_MONOTONIC, 0, 0, on_timer, gate);
	if (r >= 0)
		r = sd_event_source_set_enabled(gate->timer, SD_EVENT_OFF);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "a timer cannot be made: %s", strerror(-r));
	*ret = TAKE(gate);
	return 0;
}

/* ---- use and the end ---- */

void gate_close(struct gate *gate)
{
	if (!gate || gate->closed)
		return;
	gate->closed = true;
	gate->listener = sd_event_source_disable_unref(gate->listener);
}

bool gate_quiet(const struct gate *gate)
{
	for (const struct relay *relay = gate ? gate->relays : NULL; relay; relay = relay->next)
		if (relay->moved_ms > 0 && gate_now_ms(gate) - relay->moved_ms < QUIET_MS)
			return false;
	return true;
}

void gate_end(struct gate *gate, const char *why)
{
	struct error err = {0};

	if (!gate)
		return;
	gate_close(gate);
	gate->ending = true;
	(void)error_set(&err, -ECONNRESET, ERROR_UNAVAILABLE, "%s", why);
	while (gate->relays) {
		struct relay *relay = gate->relays;

		if (relay->local) {
			(void)peer_send_error(relay->local, 0, &err); /* one that does not read does not hear it */
			peer_breathe(relay->local, gate_now_ms(gate));
		}
		relay_free(relay);
	}
}

struct gate *gate_free(struct gate *gate)
{
	if (!gate)
		return NULL;
	gate->ending = true;
	while (gate->relays)
		relay_free(gate->relays);
	sd_event_source_disable_unref(gate->listener);
	sd_event_source_disable_unref(gate->timer);
	free(gate);
	return NULL;
}
