/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several connections at once: see many.h. */
#include "tests/unit/daemon/many.h"

#include <poll.h>
#include <stdio.h>

#include "lib/base/clock.h"

void many_free(struct many *many)
{
	for (size_t i = 0; i < many->n; i++)
		many->of[i] = connection_free(many->of[i]);
}

static void take_all(struct many *many, size_t i)
{
	struct frame frame;
	struct error err;

	while (connection_take(many->of[i], &frame, &err) > 0) {
		fq_Error told;

		if (frame.type == fq_Type_PING) {
			(void)connection_send(many->of[i], fq_Type_PONG, 0, NULL);
			continue;
		}
		if (frame.type == fq_Type_ERROR && message_decode(frame.type, frame.payload, frame.n, &told, NULL) == 0)
			(void)snprintf(many->told[i], sizeof many->told[i], "%.199s", told.text);
		many->got[i]++;
		many->last[i] = frame.type;
		many->tasked[i] |= frame.type == fq_Type_TASK;
	}
}

static void listen_to(struct many *many, size_t i)
{
	uint64_t now = clock_monotonic_ms(), bytes = connection_bytes_in(many->of[i]);

	if (bytes != many->bytes[i] || many->heard[i] == 0)
		many->heard[i] = now;
	many->bytes[i] = bytes;
	if (now - many->heard[i] > many->silence_ms)
		many->silence_ms = now - many->heard[i];
}

static void attend_once(struct many *many)
{
	struct pollfd fds[64];

	for (size_t i = 0; i < many->n; i++)
		fds[i] = (struct pollfd){.fd = many->ended[i] ? -1 : connection_fd(many->of[i]),
		                         .events = connection_events(many->of[i])};
	(void)poll(fds, many->n, 5);
	for (size_t i = 0; i < many->n; i++) {
		if (many->ended[i])
			continue;
		if (many->deaf)
			connection_push(many->of[i]);
		else
			many->ended[i] = connection_run(many->of[i], NULL) < 0;
		if (fds[i].revents & (POLLERR | POLLHUP))
			many->ended[i] = 1;
		listen_to(many, i);
		take_all(many, i);
	}
}

void attend(struct many *many, int ms)
{
	uint64_t now = clock_monotonic_ms(), end = now + (uint64_t)ms;

	while (now < end) {
		uint64_t begun = now;

		attend_once(many);
		now = clock_monotonic_ms();
		many->turn_ms = now - begun > many->turn_ms ? now - begun : many->turn_ms;
	}
}

size_t ended(const struct many *many)
{
	size_t n = 0;

	for (size_t i = 0; i < many->n; i++)
		n += many->ended[i] != 0;
	return n;
}
