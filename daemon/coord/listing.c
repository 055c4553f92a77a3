/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long answers (a list of jobs, the slices of a file, results): piece by piece, as the other side reads them, so that
 * none of them fills the memory or holds up the loop.
 */
#include <errno.h>

#include "daemon/coord/session.h"

#define PIECE (256u << 10) /* bytes that wait for the other side before the next piece is made */

void listing_end(struct session *session, uint16_t tag, int r, const struct error *error)
{
	const fq_Empty end = {0};

	if (r < 0)
		session_fail(session, tag, error);
	else
		session_send(session, fq_Type_END, tag, &end);
}

static void send_pieces(struct session *session)
{
	struct listing *listing = &session->listing;

	if (session->sending.busy && connection_flushed(peer_connection(session->peer)))
		memory_out_done(session);
	while (listing->more && connection_queued(peer_connection(session->peer)) < PIECE) {
		struct error error;
		int r = listing->more(session, listing, &error);

		if (r == 0)
			continue;
		if (r == LISTING_WAITS)
			return;
		listing->more = NULL;
		listing_end(session, listing->tag, r, &error);
	}
}

void listing_more(struct session *session)
{
	send_pieces(session);
	session_pace(session);
}

void listing_begin(struct session *session, const struct listing *listing)
{
	struct error error;

	if (session->listing.more) {
		(void)error_set(&error, -EBUSY, ERROR_PROTOCOL, "one connection can be told one list at a time");
		session_fail(session, listing->tag, &error);
		return;
	}
	session->listing = *listing;
	listing_more(session);
}
