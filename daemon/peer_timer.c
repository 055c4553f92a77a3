/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deadlines of a peer: see peer_timer.h. */
#include "daemon/peer_timer.h"

#include <errno.h>
#include <inttypes.h>

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void peer_timer_init(struct peer_timer *timer, uint64_t now, uint64_t greeting, uint64_t ping,
                     uint64_t dead)
{
	*timer = (struct peer_timer){
	    .ping = ping,
	    .dead = dead,
	    .greeting = now + greeting,
	    .greeting_span = greeting,
	    .heard = now,
	    .sent = now,
	    .pinged = now,
	    .waits = UINT64_MAX,
	};
}

void peer_timer_greet(struct peer_timer *timer, uint64_t ping, uint64_t dead)
{
	timer->ping = ping;
	timer->dead = dead;
	timer->greeting = 0;
	timer->greeted = true;
}

void peer_timer_goodbye(struct peer_timer *timer, uint64_t now, uint64_t span)
{
	timer->goodbye = now + span;
}

void peer_timer_heard(struct peer_timer *timer, uint64_t now)
{
	timer->heard = now;
}

void peer_timer_sent(struct peer_timer *timer, uint64_t now)
{
	timer->sent = now;
}

void peer_timer_taken(struct peer_timer *timer, uint64_t now, bool taken, bool waits)
{
	if (!waits)
		timer->waits = UINT64_MAX;
	else if (taken || timer->waits == UINT64_MAX)
		timer->waits = now;
}

void peer_timer_pause(struct peer_timer *timer, uint64_t now, bool paused)
{
	timer->paused = paused;
	if (!paused)
		timer->heard = now;
}

void peer_timer_late(struct peer_timer *timer, uint64_t now, uint64_t late)
{
	timer->heard = smaller(timer->heard + late, now);
	if (timer->waits != UINT64_MAX)
		timer->waits = smaller(timer->waits + late, now);
	if (timer->greeting)
		timer->greeting += late;
}

void peer_timer_pinged(struct peer_timer *timer, uint64_t now)
{
	timer->pinged = now;
}

/* PING is due when either direction was silent for its span, and once a span. */
static uint64_t ping_at(const struct peer_timer *timer)
{
	if (timer->ping == 0 || !timer->greeted || timer->goodbye)
		return UINT64_MAX;
	return larger(smaller(timer->heard, timer->sent), timer->pinged) + timer->ping;
}

static uint64_t dead_at(const struct peer_timer *timer)
{
	return timer->dead && !timer->goodbye && !timer->paused ? timer->heard + timer->dead : UINT64_MAX;
}

static uint64_t unread_at(const struct peer_timer *timer)
{
	return timer->dead && timer->greeted && !timer->goodbye && timer->waits != UINT64_MAX
	           ? timer->waits + timer->dead
	           : UINT64_MAX;
}

static uint64_t greeting_at(const struct peer_timer *timer)
{
	return timer->greeting && !timer->goodbye ? timer->greeting : UINT64_MAX;
}

uint64_t peer_timer_next(const struct peer_timer *timer)
{
	uint64_t goodbye = timer->goodbye ? timer->goodbye : UINT64_MAX;

	return smaller(smaller(ping_at(timer), smaller(dead_at(timer), unread_at(timer))),
	               smaller(greeting_at(timer), goodbye));
}

enum peer_due peer_timer_due(const struct peer_timer *timer, uint64_t now, struct error *err)
{
	if (timer->goodbye && now >= timer->goodbye)
		return PEER_DUE_GOODBYE;
	if (now >= dead_at(timer)) {
		(void)error_set(err, -ETIMEDOUT, ERROR_UNAVAILABLE,
		                "nothing came from the other side for %" PRIu64 " ms",
		                now - timer->heard); /* the caller knows the code */
		return PEER_DUE_END;
	}
	if (now >= unread_at(timer)) {
		(void)error_set(err, -ETIMEDOUT, ERROR_UNAVAILABLE,
		                "the other side does not read: it took nothing of what waits for it for %" PRIu64 " ms",
		                now - timer->waits);
		return PEER_DUE_END;
	}
	if (now >= greeting_at(timer)) {
		(void)error_set(err, -ETIMEDOUT, ERROR_UNAVAILABLE,
		                "the other side did not say who it is within %" PRIu64 " ms",
		                timer->greeting_span);
		return PEER_DUE_END;
	}
	return peer_timer_ping_due(timer, now) ? PEER_DUE_PING : PEER_DUE_NOTHING;
}

bool peer_timer_ping_due(const struct peer_timer *timer, uint64_t now)
{
	return now >= ping_at(timer);
}

uint64_t peer_timer_idle(const struct peer_timer *timer, uint64_t now)
{
	return now > timer->heard ? now - timer->heard : 0;
}
