/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers that said what cannot be. The node is drained, durably and with its reason, as if a person had done it, until an
 * administrator resumes it; else it would come back at once, and cost a slice of a job each time. Its key is not let in while this
 * process lives, so that another name does not help it either.
 *
 * The jobs of a batch system have one key: of these it is that name alone which is not let in, until there were BATCH_LIARS of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"

#define BATCH_LIARS 3

static uint64_t known(const struct server *server)
{
	if (!server->distrusted)
		return 0;
	return server->distrusted_n < DISTRUSTED_MAX ? server->distrusted_n : DISTRUSTED_MAX;
}

static struct distrusted *find(const struct server *server, const uint8_t pin[PIN_SIZE], const char *name)
{
	for (uint64_t i = 0; i < known(server); i++)
		if (digest_equal(server->distrusted[i].pin, pin, PIN_SIZE) && strcmp(server->distrusted[i].name, name) == 0)
			return &server->distrusted[i];
	return NULL;
}

/* Whom such a worker has vouched for may be anybody. */
static void cut_users(const struct session *worker)
{
	for (struct session *session = worker->server->sessions; session; session = session->next) {
		struct error error;

		if (!session->welcome || !session->vouched || !digest_equal(session->pin, worker->pin, PIN_SIZE))
			continue;
		(void)error_set(&error, -EPERM, ERROR_DENIED, "worker %s is not trusted any more, and vouches for nobody until an "
		                "administrator resumes it", worker->name);
		session_cut(session, &error);
	}
}

void distrust_add(struct session *session, const struct error *error)
{
	struct server *server = session->server;
	struct event event = {.kind = EVENT_DRAIN};
	struct distrusted *peer;

	if (!server->distrusted)
		server->distrusted = calloc(DISTRUSTED_MAX, sizeof *server->distrusted);
	peer = server->distrusted ? find(server, session->pin, session->name) : NULL;
	if (server->distrusted && !peer)
		peer = &server->distrusted[server->distrusted_n++ % DISTRUSTED_MAX];
	if (peer) { /* without memory its name alone must do */
		memcpy(peer->pin, session->pin, sizeof peer->pin);
		(void)snprintf(peer->name, sizeof peer->name, "%s", session->name);
		peer->batch = session->batch.engine[0] != '\0';
		(void)snprintf(peer->reason, sizeof peer->reason, "sent what cannot be: %.220s", error->text);
	}
	cut_users(session);
	event.drain.node = session->name;
	event.drain.reason = peer ? peer->reason : "sent what cannot be";
	drive(server, &event);
}

const char *distrust_reason(const struct session *session, const char *name, bool batch)
{
	const struct server *server = session->server;
	const char *reason = NULL;
	uint32_t liars = 0;

	for (uint64_t i = 0; i < known(server); i++) {
		const struct distrusted *peer = &server->distrusted[i];

		if (!digest_equal(peer->pin, session->pin, PIN_SIZE))
			continue;
		reason = peer->reason;
		liars++;
		if (!batch || !peer->batch || !name || strcmp(peer->name, name) == 0)
			return reason;
	}
	return liars >= BATCH_LIARS ? reason : NULL;
}

void distrust_forget(struct server *server)
{
	server->distrusted_n = 0;
}
