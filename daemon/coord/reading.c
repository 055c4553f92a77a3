/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading large results out of the store without anybody having to wait for it: one after the other, in the order of asking, each a turn of
 * TURN_MS at a time, with everybody else's turn in between. The digest that goes out with a result is taken on the way.
 *
 * A row that changes meanwhile, as a result that a later job makes use of does, is read anew, from its beginning since SQLite cannot
 * go on in the middle. After TRIES_MAX of that it is read as a whole, which somebody then has to wait for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"

#define TURN_MS 4         /* as group_work.c's */
#define PIECE (512u << 10) /* bytes: not a millisecond, with their digest two */
#define TRIES_MAX 8

/* Memory for what was opened, and a digest that has seen nothing. */
static int prepare(struct reading *reading, size_t n, struct error *err)
{
	if (reading->max > 0 && n > reading->max)
		return error_set(err, -EFBIG, ERROR_NO_INPUT, "the result is too large to be shown here");
	if (reading->bytes && n != reading->n) {
		free(reading->bytes);
		reading->bytes = NULL;
	}
	reading->n = n;
	reading->at = 0;
	if (!reading->bytes)
		reading->bytes = malloc(n);
	reading->digest = digest_free(reading->digest);
	if (reading->hashed)
		reading->digest = digest_new();
	return !reading->bytes || (reading->hashed && !reading->digest) ? error_oom(err) : 0;
}

static int hash(struct reading *reading, size_t n, struct error *err)
{
	int r = reading->hashed ? digest_add(reading->digest, reading->bytes + reading->at, n) : 0;

	return r < 0 ? error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r)) : 0;
}

/* All of it at once. */
static int read_whole(struct server *server, struct reading *reading, struct error *err)
{
	const void *bytes;
	size_t n;
	int r = store_result(server->store, reading->job, reading->file, &bytes, &n, err);

	if (r != 0)
		return r;
	r = prepare(reading, n, err);
	if (r == 0) {
		memcpy(reading->bytes, bytes, n);
		r = hash(reading, n, err);
	}
	reading->at = n;
	return r;
}

/* The next piece; LISTING_WAITS: it is not the last one. */
static int read_piece(struct server *server, struct reading *reading, struct error *err)
{
	size_t n = reading->n - reading->at;
	int r = 0;

	if (!reading->open) {
		if (reading->tries++ == TRIES_MAX)
			return read_whole(server, reading, err);
		r = store_result_open(server->store, reading->job, reading->file, &n, err);
		reading->open = r == 0;
		return r == 0 && (r = prepare(reading, n, err)) == 0 ? LISTING_WAITS : r;
	}
	n = n < PIECE ? n : PIECE;
	r = store_result_read(server->store, reading->at, reading->bytes + reading->at, n, err);
	if (r == -ESTALE || FAILPOINT_ON("reading-stale")) {
		store_result_close(server->store);
		reading->open = false;
		return LISTING_WAITS;
	}
	if (r == 0)
		r = hash(reading, n, err);
	reading->at += n;
	return r == 0 && reading->at < reading->n ? LISTING_WAITS : r;
}

static void leave(struct server *server, struct reading *reading)
{
	struct reading **at = &server->readings;

	while (*at && *at != reading)
		at = &(*at)->next;
	if (*at)
		*at = reading->next;
	if (reading->open)
		store_result_close(server->store);
	reading->open = reading->waits = false;
	reading->digest = digest_free(reading->digest);
}

/* Nothing more will be read for it. */
static void conclude(struct server *server, struct reading *reading, int r)
{
	if (r == 0 && reading->hashed) {
		r = digest_end(reading->digest, reading->sha256);
		if (r < 0)
			r = error_set(&reading->error, r, ERROR_OS, "no digest: %s", strerror(-r));
	}
	leave(server, reading);
	if (r != 0)
		reading_drop(server, reading);
	reading->r = r;
	reading->done(reading->data);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	uint64_t begun = clock_monotonic_ms();

	(void)source;
	(void)usec;
	if (FAILPOINT_ON("reading-idle")) { /* one that never comes to its end */
		timer_again(server, server->reading);
		return 0;
	}
	while (!server->fallen && server->readings && clock_monotonic_ms() < begun + TURN_MS) {
		struct reading *reading = server->readings;
		int r = read_piece(server, reading, &reading->error);

		if (r != LISTING_WAITS)
			conclude(server, reading, r);
		(void)drive_check(server);
	}
	if (!server->fallen && server->readings)
		timer_again(server, server->reading);
	return 0;
}

int readings_init(struct server *server, struct error *err)
{
	return timer_add(server, &server->reading, on_turn, false, err);
}

void reading_begin(struct server *server, struct reading *reading)
{
	struct reading **at = &server->readings;

	while (*at)
		at = &(*at)->next;
	*at = reading;
	reading->next = NULL;
	reading->waits = true;
	timer_again(server, server->reading);
}

void reading_drop(struct server *server, struct reading *reading)
{
	if (reading->waits)
		leave(server, reading);
	free(reading->bytes);
	reading->bytes = NULL;
	reading->n = reading->at = 0;
}

void readings_end(struct server *server)
{
	while (server->readings)
		conclude(server, server->readings,
		         error_set(&server->readings->error, -ENOSPC, ERROR_TEMPORARY, "the coordinator goes back to its last commit, or ends"));
}
