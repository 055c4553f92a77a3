/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The core's clock and its timer. The clock stands still while nobody is listened to, so that no silence is blamed on a node that could
 * not be heard: during long work (labour.c), and while this process is not let run, on a machine that is paused, swaps, or has no
 * processor for it.
 *
 *     something has a deadline -> the timer fires at it, and each PULSE_MS -> more than LATE_MS late: what is beyond was no time
 *
 * What has no deadline waits for nobody, and needs no pulse.
 */
#include "daemon/coord/session.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define PULSE_MS 500
#define LATE_MS 500

uint64_t server_now(const struct server *server)
{
	uint64_t now = clock_monotonic_ms();

	if (server->awake_ms > 0 && now > server->awake_ms)
		now = server->awake_ms;
	return now - server->deaf_ms;
}

void pulse_skip(struct server *server, uint64_t ms)
{
	server->deaf_ms += ms;
	if (server->awake_ms > 0)
		server->awake_ms += ms;
}

/* What the clock did not count has been; it goes on. */
static void catch_up(struct server *server)
{
	uint64_t now = clock_monotonic_ms();

	if (server->awake_ms > 0 && now > server->awake_ms)
		pulse_skip(server, now - server->awake_ms);
}

void pulse_arm(struct server *server)
{
	uint64_t deadline = coord_deadline(server->coord), now, at;

	catch_up(server);
	if (deadline == UINT64_MAX) {
		pulse_stop(server);
		return;
	}
	now = clock_monotonic_ms();
	at = deadline + server->deaf_ms < now + PULSE_MS ? deadline + server->deaf_ms : now + PULSE_MS;
	server->awake_ms = (at > now ? at : now) + LATE_MS;
	if (sd_event_source_set_time(server->tick, at * 1000) < 0 || sd_event_source_set_enabled(server->tick, SD_EVENT_ONESHOT) < 0)
		log_error("a timer cannot be set");
}

void pulse_stop(struct server *server)
{
	server->awake_ms = 0;
	(void)sd_event_source_set_enabled(server->tick, SD_EVENT_OFF); /* switching off does not fail */
}

int pulse_beat(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct event event = {.kind = EVENT_TICK};
	struct server *server = userdata;

	(void)source;
	(void)usec;
	if (server_now(server) < coord_deadline(server->coord))
		pulse_arm(server);
	else
		drive(server, &event);
	return 0;
}
