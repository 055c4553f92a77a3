/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers that said what cannot be. The node is drained, durably and with its reason, as if a person had done it, until an
 * administrator resumes it; else it would come back at once, and cost a slice of a job each time. Its key is not let in while this
 * process lives, so that another name does not help it either.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"

static struct suspect *find(const struct server *server, const uint8_t pin[PIN_SIZE])
{
	uint64_t n = server->suspects_n < SUSPECTS_MAX ? server->suspects_n : SUSPECTS_MAX;

	for (uint64_t i = 0; i < n; i++)
		if (digest_equal(server->suspects[i].pin, pin, PIN_SIZE))
			return &server->suspects[i];
	return NULL;
}

void suspect_add(struct session *session, const struct error *error)
{
	struct server *server = session->server;
	struct event event = {.kind = EVENT_DRAIN};
	struct suspect *suspect;

	if (!server->suspects)
		server->suspects = calloc(SUSPECTS_MAX, sizeof *server->suspects);
	suspect = server->suspects ? find(server, session->pin) : NULL;
	if (server->suspects && !suspect)
		suspect = &server->suspects[server->suspects_n++ % SUSPECTS_MAX];
	if (suspect) { /* without memory its name alone must do */
		memcpy(suspect->pin, session->pin, sizeof suspect->pin);
		(void)snprintf(suspect->reason, sizeof suspect->reason, "suspect: %.240s", error->text);
	}
	event.drain.node = session->name;
	event.drain.reason = suspect ? suspect->reason : "suspect";
	drive(server, &event);
}

const char *suspect_reason(const struct session *session)
{
	const struct suspect *suspect = find(session->server, session->pin);

	return suspect ? suspect->reason : NULL;
}

void suspects_forget(struct server *server)
{
	server->suspects_n = 0;
}
