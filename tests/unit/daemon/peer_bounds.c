/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon/peer.c where one side is kept waiting: by an owner who has no room, by a thin line, by one who does not read, by long work.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/peer.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

#define NEVER_MS 60000
#define PING_MS 40
#define DEAD_MS 1000 /* for which a busy machine does not stop this process, in which both sides are */

struct end {
	sd_event *event;
	struct peer *peer;
	unsigned int frames, ends;
	size_t data;          /* bytes of DATA */
	size_t data_at_first; /* when OPENED came */
	size_t want;          /* DATA that ends the loop */
	unsigned int want_frames; /* or frames */
	int r;
	struct error why;
};

static void on_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct end *end = userdata;

	(void)peer;
	end->frames++;
	if (frame->type == fq_Type_OPENED)
		end->data_at_first = end->data;
	if (frame->type == fq_Type_DATA)
		end->data += frame->n;
	if ((end->want > 0 && end->data == end->want) || (end->want_frames > 0 && end->frames == end->want_frames))
		(void)sd_event_exit(end->event, 3);
}

static void on_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct end *end = userdata;

	end->ends++;
	end->r = r;
	end->why = *err;
	end->peer = peer_free(peer);
	(void)sd_event_exit(end->event, 1);
}

static const struct peer_callbacks callbacks = {.on_frame = on_frame, .on_end = on_end};

static void make(struct end *end, sd_event *event, struct connection *connection, bool must_read)
{
	struct error err = {0};

	end->event = event;
	if (peer_new(event, connection, &callbacks, PING_MS, DEAD_MS, end, &end->peer, &err) < 0)
		ok(false, "peer_new: %s", err.text);
	if (must_read)
		peer_must_read(end->peer);
	peer_set_times(end->peer, PING_MS, DEAD_MS);
}

static int after_a_while(sd_event_source *source, uint64_t us, void *userdata)
{
	(void)us;
	return sd_event_exit(sd_event_source_get_event(source), (int)(intptr_t)userdata);
}

static void run_for(sd_event *event, uint64_t ms)
{
	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, ms * 1000, 1000, after_a_while, (void *)(intptr_t)7);
}

static sd_event *new_loop(void)
{
	sd_event *event = NULL;

	if (sd_event_new(&event) < 0)
		ok(false, "no event loop");
	return event;
}

static void end_loop(sd_event *event, struct end *a, struct end *b)
{
	a->peer = peer_free(a->peer);
	b->peer = peer_free(b->peer);
	sd_event_unref(event);
}

/* ---- an owner without room */

static int on_room(sd_event_source *source, uint64_t us, void *userdata)
{
	struct end *end = userdata;

	(void)source;
	(void)us;
	is_u64(end->frames, 0, "the one that waits shows nothing");
	peer_resume(end->peer);
	return 0;
}

static void test_pause(void)
{
	struct end a = {.want_frames = 10}, b = {0};
	sd_event *event = new_loop();
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 0);
	make(&a, event, TAKE(pair.client), true);
	make(&b, event, TAKE(pair.server), false);
	peer_pause(a.peer);
	for (int i = 0; i < 10; i++)
		(void)peer_send(b.peer, fq_Type_END, 0, NULL);
	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 4 * DEAD_MS * 1000, 1000, on_room, &a);
	run_for(event, NEVER_MS);
	is_int(sd_event_loop(event), 3, "for many times the dead time neither takes the other for gone: %s%s", a.why.text, b.why.text);
	is_u64(a.frames, 10, "then it shows all");
	end_loop(event, &a, &b);
}

/* One that has to wait and goes. */
static void test_pause_gone(void)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {0};
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 0);
	make(&a, event, TAKE(pair.client), true);
	peer_pause(a.peer);
	pair.server = connection_free(pair.server);
	run_for(event, NEVER_MS);
	is_int(sd_event_loop(event), 1, "the loop");
	is_int(a.r, -ECONNABORTED, "it is noticed: %s", a.why.text);
	end_loop(event, &a, &b);
}

/* ---- one that does not read, and says all the time that it is there */

struct talker {
	struct connection *connection;
	unsigned int said;
};

static int on_talk(sd_event_source *source, uint64_t us, void *userdata)
{
	struct talker *talker = userdata;

	(void)us;
	(void)connection_send(talker->connection, fq_Type_PING, 0, NULL);
	connection_push(talker->connection);
	talker->said++;
	(void)sd_event_source_set_time_relative(source, 20000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void test_does_not_read(bool must_read)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {0};
	struct talker talker;
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 2048);
	make(&a, event, TAKE(pair.client), must_read);
	talker = (struct talker){.connection = pair.server};
	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 20000, 1000, on_talk, &talker);
	for (int i = 0; i < 1000; i++)
		(void)peer_send(a.peer, fq_Type_END, 0, NULL);
	run_for(event, 4 * DEAD_MS);
	is_int(sd_event_loop(event), must_read ? 1 : 7, "%s reads nothing for four times the dead time",
	       must_read ? "one that has to read" : "one that may pause");
	ok(talker.said > 5, "and says %u times that it is there", talker.said);
	if (must_read)
		ok(a.r == -ETIMEDOUT && strstr(a.why.text, "does not read"), "it is ended: %s", a.why.text);
	else
		is_u64(a.ends, 0, "it is not ended");
	pair_deinit(&pair);
	end_loop(event, &a, &b);
}

/* ---- long work */

static void test_breathe(void)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {0};
	uint64_t begun, now, last;
	struct pair pair;
	unsigned int pings = 0, due = 0; /* due: as often as this machine lets us look */

	pair_init(&pair, NULL, NULL, NULL, 0);
	make(&a, event, TAKE(pair.client), true);
	begun = now = last = clock_monotonic_ms();
	while (now - begun < 3 * DEAD_MS || (pings == 0 && now - begun < NEVER_MS)) {
		(void)connection_send(pair.server, fq_Type_PING, 0, NULL);
		(void)connection_run(pair.server, NULL);
		while (pair_take(pair.server).type == fq_Type_PING)
			pings++;
		(void)usleep(10000); /* the work */
		now = clock_monotonic_ms();
		if (now - last >= PING_MS) {
			due++;
			last = now;
		}
		peer_breathe(a.peer, now);
	}
	ok(pings > 0 && pings + 1 >= due / 3, "in long work the other side hears %u PINGs of %u", pings, due);
	run_for(event, DEAD_MS / 2);
	is_int(sd_event_loop(event), 7, "and it is not blamed for what could not be heard: %s", a.why.text);
	pair_deinit(&pair);
	end_loop(event, &a, &b);
}

/* ---- a thin line: 100 bytes a ms each way at most, and a result of 5 times the dead time and more */

#define TICK_US 10000
#define TICK_BYTES 1000
#define RESULT_BYTES 500000

struct line {
	int fds[2];
};

static void carry(int from, int to)
{
	char bytes[TICK_BYTES];
	ssize_t n = recv(from, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK);

	if (n > 0)
		n = send(to, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		(void)recv(from, bytes, (size_t)n, MSG_DONTWAIT);
}

static int on_tick(sd_event_source *source, uint64_t us, void *userdata)
{
	const struct line *line = userdata;

	(void)us;
	carry(line->fds[0], line->fds[1]);
	carry(line->fds[1], line->fds[0]);
	(void)sd_event_source_set_time_relative(source, TICK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void test_thin_line(void)
{
	fq_Opened opened = {.has_fingerprint = true};
	fq_Result result = {.has_ref = true, .blob_bytes = RESULT_BYTES};
	struct end worker = {0}, coordinator = {.want = RESULT_BYTES};
	sd_event *event = new_loop();
	struct connection *a, *b = NULL;
	struct line line;
	int near[2], far[2];

	pair_sockets(near, 4096);
	pair_sockets(far, 4096);
	line = (struct line){{near[1], far[1]}};
	if (connection_new_plain(near[0], &a, NULL) < 0 || connection_new_plain(far[0], &b, NULL) < 0)
		ok(false, "no connections");
	make(&worker, event, a, false);
	make(&coordinator, event, b, true);
	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, TICK_US, 1000, on_tick, &line);
	(void)peer_send_blob(worker.peer, fq_Type_RESULT, 0, &result, calloc(1, RESULT_BYTES), RESULT_BYTES);
	(void)sd_event_run(event, 0); /* it has begun */
	(void)peer_send(worker.peer, fq_Type_OPENED, 0, &opened);
	run_for(event, NEVER_MS);
	is_int(sd_event_loop(event), 3, "the result comes whole, and nobody is taken for gone: %s%s", worker.why.text,
	       coordinator.why.text);
	ok(coordinator.data_at_first <= 2 * DATA_MAX, "what is said behind it comes after %zu bytes of it", coordinator.data_at_first);
	end_loop(event, &worker, &coordinator);
	closep(&line.fds[0]);
	closep(&line.fds[1]);
}

/* ---- a machine that stands still */

static int stand_still(sd_event_source *source, uint64_t us, void *userdata)
{
	(void)source;
	(void)us;
	(void)usleep((useconds_t)(uintptr_t)userdata * 1000);
	return 0;
}

/* Both sides are in one process, neither of which has sent anything while it stood still. */
static void test_still(void)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {0};
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 0);
	make(&a, event, TAKE(pair.client), true);
	make(&b, event, TAKE(pair.server), true);
	for (uint64_t i = 0; i < 2; i++)
		(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, (1 + 4 * i) * DEAD_MS * 1000, 1000, stand_still,
		                                 (void *)(uintptr_t)(3 * DEAD_MS));
	run_for(event, 9 * DEAD_MS);
	is_int(sd_event_loop(event), 7, "of two that stand still together neither takes the other for gone: %s%s", a.why.text, b.why.text);
	end_loop(event, &a, &b);
}

/* Who has just been accepted has his time to say who he is all the same. */
static void test_still_greeting(void)
{
	const uint64_t still = PEER_GREETING_MS + 1000, begun = clock_monotonic_ms();
	sd_event *event = new_loop();
	struct end a = {.event = event}, b = {0};
	struct error err = {0};
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 0);
	if (peer_new(event, TAKE(pair.client), &callbacks, PING_MS, NEVER_MS, &a, &a.peer, &err) < 0)
		ok(false, "peer_new: %s", err.text);
	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 200000, 1000, stand_still, (void *)(uintptr_t)still);
	run_for(event, NEVER_MS);
	is_int(sd_event_loop(event), 1, "not greeted");
	is_int(a.r, -ETIMEDOUT, "it ends: %s", a.why.text);
	ok(clock_monotonic_ms() - begun >= still + PEER_GREETING_MS - 1000, "behind the time in which nobody could be heard (%llu ms)",
	   (unsigned long long)(clock_monotonic_ms() - begun));
	pair_deinit(&pair);
	end_loop(event, &a, &b);
}

int main(void)
{
	test_pause();
	test_still();
	test_still_greeting();
	test_pause_gone();
	test_does_not_read(true);
	test_does_not_read(false);
	test_breathe();
	test_thin_line();
	return done_testing();
}
