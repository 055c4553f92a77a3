/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the store fails.
 *
 * A disk that is full is no reason to end: the core, which is ahead of the disk then, is thrown away with all that waited to be
 * told and all connections, and a new one is made of the last commit under a new generation, as if the process had been started
 * again. Workers come back with what they hold, fqctl with the same uuid. The ballast that is given up (store_room.c) has the room
 * for that; where even that is not enough there is no core, and everybody is told so until there is one.
 *
 * While there is little room nothing is taken on (EVENT_HOLD). That is looked at every LOOK_MS, and before something new.
 *
 * Any other failure ends the process: what the disk has now only a new start can tell.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define LOOK_MS 5000ULL
#define LOOK_AGAIN_MS 1000 /* what was seen is good for so long */
#define FIRST (-100)       /* before what comes from outside */
#define KIB 1024

void die(const struct error *error)
{
	log_event(LOG_ERR, &(struct log_about){.event = TOLD_DAEMON_FAILED}, "cannot go on: %s", error->text);
	abort(); /* not exit(): nothing more may be written */
}

int fall(struct server *server, const struct error *err)
{
	struct error why = *err;

	if (server->fallen)
		return -ENOSPC;
	if (store_failure(server->store, &why) != -ENOSPC)
		die(&why);
	if (!server->fallen_told)
		log_event(LOG_ERR, &(struct log_about){.event = TOLD_STATE_FELL_BACK},
		          "%s: what is not committed is taken back, and all connections end", why.text);
	server->fallen_told = true;
	if (store_roll_back(server->store, &why) < 0)
		die(&why);
	server->fallen = true;
	(void)sd_event_source_set_enabled(server->fall, SD_EVENT_ONESHOT); /* its source exists: cannot fail */
	return -ENOSPC;
}

/* All that is made of rows, or stands for somebody who knows more than they do. */
static void forget(struct server *server)
{
	backup_end(server);
	probes_end(server);
	while (server->sessions)
		session_free(server->sessions);
	free(server->held);
	server->held = NULL;
	server->held_n = server->held_room = 0;
	readings_end(server);
	contexts_deinit(&server->contexts);
	server->coord = coord_free(server->coord);
	server->hold = false;
	pulse_stop(server);
	(void)sd_event_source_set_enabled(server->commit, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(server->changes, SD_EVENT_OFF);
}

static void fall_back(struct server *server)
{
	struct error error;
	int r;

	forget(server);
	server->fallen = false;
	r = store_next_generation(server->store, &error);
	if (r == 0)
		r = core_begin(server, &error);
	if (r == 0 && !server->fallen) {
		server->fallen_told = false;
		log_event(LOG_NOTICE,
		          &(struct log_about){.event = TOLD_STATE_RECOVERED, .generation = LOG_ID(store_generation(server->store))},
		          "going on from the last commit, as start %llu", (unsigned long long)store_generation(server->store));
		room_look(server);
		return;
	}
	if (!server->fallen)
		(void)fall(server, &error);
	(void)sd_event_source_set_enabled(server->fall, SD_EVENT_OFF); /* the next look tries again */
	forget(server);
	server_status(server);
}

static int on_fall(sd_event_source *source, void *userdata)
{
	(void)source;
	fall_back(userdata);
	return 0;
}

/* ---- room */

void room_look(struct server *server)
{
	struct event event = {.kind = EVENT_HOLD};
	bool room;

	server->looked_ms = clock_monotonic_ms();
	if (server->fallen) {
		if (!server->coord)
			fall_back(server);
		return;
	}
	room = store_look(server->store);
	if (room == !server->hold)
		return;
	server->hold = event.hold = !room;
	if (room)
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_DISK_HAS_ROOM},
		          "the disk of %s has room again: going on", TEXT(server->settings->state));
	else
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_DISK_FULL},
		          "the disk of %s is full: no job is taken and nothing handed out until there is room",
		          TEXT(server->settings->state));
	drive(server, &event);
	server_status(server);
}

void room_check(struct server *server)
{
	if (clock_monotonic_ms() - server->looked_ms >= LOOK_AGAIN_MS)
		room_look(server);
}

static int on_room(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	const uint64_t dead = server->settings->dead_ms;

	(void)usec;
	room_look(server);
	(void)sd_event_source_set_time_relative(source, (dead < LOOK_MS ? dead : LOOK_MS) * 1000);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int fall_init(struct server *server, struct error *err)
{
	int r = sd_event_add_defer(service_event(server->service), &server->fall, on_fall, server);

	if (r >= 0)
		r = sd_event_source_set_enabled(server->fall, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(server->fall, FIRST);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "event source: %s", strerror(-r));
	if (store_ballast(server->store) < BALLAST_WHOLE)
		log_notice("the disk of %s is small: %llu KiB of it are kept for cancels and ends", TEXT(server->settings->state),
		           (unsigned long long)store_ballast(server->store) / KIB);
	return timer_add(server, &server->room, on_room, true, err);
}

void fall_deinit(struct server *server)
{
	(void)sd_event_source_unref(server->fall);
	(void)sd_event_source_unref(server->room);
}
