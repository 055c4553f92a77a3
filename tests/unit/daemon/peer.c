/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon/peer.c: two peers on one loop, or one against a connection driven by hand; each test runs
 * the loop until it ends.
 */
#include "daemon/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

#define NEVER_MS 60000 /* a test that takes so long has failed */

static struct side client, server;

/* One end under test: what it has seen, and what it does. */
struct end {
	sd_event *event;
	struct peer *peer;
	unsigned int ready, frames, ends, flushed;
	uint16_t last_type;
	int r;
	struct error why;
	void (*act)(struct end *end, const struct frame *frame);
	void (*act_flushed)(struct end *end);
	bool keep; /* the loop goes on after the end */
	struct end *other;
	struct connection *late; /* who speaks later */
	size_t left;
};

static void on_ready(struct peer *peer, void *userdata)
{
	((struct end *)userdata)->ready++;
}

static void on_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct end *end = userdata;

	end->frames++;
	end->last_type = frame->type;
	if (end->act)
		end->act(end, frame);
}

static void on_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct end *end = userdata;

	end->ends++;
	end->r = r;
	end->why = *err;
	end->peer = peer_free(peer);
	if (!end->keep)
		(void)sd_event_exit(end->event, 0);
}

static void on_flushed(struct peer *peer, void *userdata)
{
	struct end *end = userdata;

	end->flushed++;
	if (end->act_flushed)
		end->act_flushed(end);
}

static const struct peer_callbacks callbacks = {on_ready, on_frame, on_end, on_flushed};

static void make(struct end *end, sd_event *event, struct connection *connection, uint64_t ping_ms,
                 uint64_t dead_ms)
{
	struct error err = {0};

	end->event = event;
	if (peer_new(event, connection, &callbacks, ping_ms, dead_ms, end, &end->peer, &err) < 0)
		ok(false, "peer_new: %s", err.text);
	peer_set_times(end->peer, ping_ms, dead_ms);
}

static void make_two(struct end *a, struct end *b, sd_event *event)
{
	struct pair pair;

	pair_init(&pair, &client, &server, NULL, 0);
	make(a, event, pair.client, NEVER_MS, NEVER_MS);
	make(b, event, pair.server, NEVER_MS, NEVER_MS);
	a->other = b;
	b->other = a;
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
	if (b)
		b->peer = peer_free(b->peer);
	sd_event_unref(event);
}

/* ---- the ordinary life ---- */

static void answer_end(struct end *end, const struct frame *frame)
{
	(void)peer_send(end->peer, fq_Type_END, frame->tag, NULL);
}

static void end_it(struct end *end, const struct frame *frame)
{
	peer_end(end->peer, "all said");
	ok(peer_send(end->peer, fq_Type_END, 0, NULL) == -EPIPE, "nothing is sent behind the end");
}

static void test_life(void)
{
	sd_event *event = new_loop();
	struct end a = {.act = end_it, .keep = true}, b = {.act = answer_end};

	make_two(&a, &b, event);
	ok(peer_send(a.peer, fq_Type_NODES, 5, NULL) == 0, "a frame before the handshake");
	is_int(sd_event_loop(event), 0, "the loop");
	is_u64(a.ready + b.ready, 2, "both were ready once");
	is_u64(b.frames, 1, "the question came");
	is_u64(a.frames, 1, "and the answer");
	is_int(b.r, -ECONNRESET, "the other end: %s", b.why.text);
	end_loop(event, &a, &b);
}

/* The one that ends gets its own reason when the other has closed. */
static void test_end_reason(void)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {.keep = true};

	make_two(&a, &b, event);
	peer_end(a.peer, "all said");
	peer_end(a.peer, "a second reason");
	is_u64(a.ends, 0, "not from within the call");
	is_int(sd_event_loop(event), 0, "the loop");
	is_u64(a.ends, 1, "ended once");
	is_int(a.r, 0, "by itself");
	is_str(a.why.text, "all said", "with its reason");
	is_u64(b.ends, 1, "the other too");
	end_loop(event, &a, &b);
}

static void test_refuse(void)
{
	sd_event *event = new_loop();
	struct end a = {.keep = true}, b = {0};
	struct error err = {.class = ERROR_DENIED, .text = "not you"};

	make_two(&a, &b, event);
	peer_refuse(a.peer, &err);
	is_int(sd_event_loop(event), 0, "the loop");
	is_u64(b.frames, 1, "a frame came before the end");
	is_int(b.last_type, fq_Type_ERROR, "ERROR");
	is_int(b.r, -ECONNRESET, "then the end: %s", b.why.text);
	end_loop(event, &a, &b);
}

static void free_it(struct end *end, const struct frame *frame)
{
	end->peer = peer_free(end->peer);
}

static void test_free_inside(void)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {.act = free_it};

	make_two(&a, &b, event);
	for (int i = 0; i < 10; i++)
		(void)peer_send(a.peer, fq_Type_NODES, 0, NULL);
	is_int(sd_event_loop(event), 0, "the loop");
	is_u64(b.frames, 1, "no frame after peer_free()");
	is_u64(b.ends, 0, "and no end");
	is_u64(a.ends, 1, "the other has seen it: %s", a.why.text);
	end_loop(event, &a, &b);
}

/* ---- deadlines ---- */

static void count_down(struct end *end)
{
	if (end->left-- > 0)
		(void)peer_send(end->peer, fq_Type_END, 0, NULL);
	else
		peer_end(end->peer, "done");
}

static void test_flushed(void)
{
	sd_event *event = new_loop();
	struct end a = {.act_flushed = count_down, .left = 500}, b = {.keep = true};

	make_two(&a, &b, event);
	(void)peer_send(a.peer, fq_Type_END, 0, NULL);
	is_int(sd_event_loop(event), 0, "the loop");
	is_u64(b.frames, 501, "a list sent piece by piece");
	end_loop(event, &a, &b);
}

/* A connection that says nothing more after the handshake, although its socket is open. */
static void test_dead(void)
{
	sd_event *event = new_loop();
	struct end a = {0};
	struct pair pair;

	pair_init(&pair, &client, &server, NULL, 0);
	pair_run(&pair);
	make(&a, event, TAKE(pair.client), 30, 150);
	is_int(sd_event_loop(event), 0, "the loop");
	is_int(a.r, -ETIMEDOUT, "ended: %s", a.why.text);
	ok(strstr(a.why.text, "nothing came"), "in words");
	pair_run(&pair);
	is_int(pair_take(pair.server).type, fq_Type_PING, "it had sent PING");
	pair_deinit(&pair);
	end_loop(event, &a, NULL);
}

static int after_a_while(sd_event_source *source, uint64_t us, void *userdata)
{
	return sd_event_exit(userdata, 7);
}

/* Two that have nothing to say keep each other alive for many times the dead time. */
static void test_pings(void)
{
	sd_event *event = new_loop();
	struct end a = {0}, b = {0};
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 0);
	make(&a, event, pair.client, 40, 2000);
	make(&b, event, pair.server, 0, 2000); /* only answers */
	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 5000000, 1000, after_a_while,
	                                 event);
	is_int(sd_event_loop(event), 7, "both live");
	is_u64(a.frames + b.frames, 0, "PING and PONG are not shown");
	ok(connection_bytes_in(peer_connection(b.peer)) >= 5 * 8, "PINGs came");
	ok(peer_idle_ms(a.peer) < 2000, "PONGs came");
	end_loop(event, &a, &b);
}

static void test_greeting(void)
{
	sd_event *event = new_loop();
	struct end a = {.event = event};
	struct pair pair;
	uint64_t begin = 0, end = 0;

	pair_init(&pair, NULL, NULL, NULL, 0);
	ok(peer_new(event, TAKE(pair.client), &callbacks, 100, 60000, &a, &a.peer, NULL) == 0,
	   "not greeted");
	(void)sd_event_now(event, CLOCK_MONOTONIC, &begin);
	is_int(sd_event_loop(event), 0, "the loop");
	(void)sd_event_now(event, CLOCK_MONOTONIC, &end);
	is_int(a.r, -ETIMEDOUT, "ended: %s", a.why.text);
	ok(end - begin >= PEER_GREETING_MS * 1000 - 100000, "after the greeting's time");
	pair_deinit(&pair);
	end_loop(event, &a, NULL);
}

/* The goodbye to one that neither reads nor closes is short. */
static void test_goodbye(void)
{
	sd_event *event = new_loop();
	struct end a = {0};
	struct pair pair;

	pair_init(&pair, NULL, NULL, NULL, 2048);
	make(&a, event, TAKE(pair.client), NEVER_MS, NEVER_MS);
	for (int i = 0; i < 10000; i++)
		(void)peer_send(a.peer, fq_Type_END, 0, NULL);
	peer_end(a.peer, "enough");
	is_int(sd_event_loop(event), 0, "the loop");
	is_int(a.r, 0, "ended: %s", a.why.text);
	pair_deinit(&pair);
	end_loop(event, &a, NULL);
}

/* ---- what a peer may not do ---- */

static void test_does_not_read(void)
{
	sd_event *event = new_loop();
	struct end a = {0};
	struct pair pair;
	int r = 0;

	pair_init(&pair, NULL, NULL, NULL, 2048);
	connection_set_queue_max(pair.client, 10000);
	make(&a, event, TAKE(pair.client), NEVER_MS, NEVER_MS);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = peer_send(a.peer, fq_Type_END, 0, NULL);
	is_int(r, -ENOBUFS, "the queue is full");
	is_int(peer_send(a.peer, fq_Type_END, 0, NULL), -EPIPE, "takes nothing more");
	is_u64(a.ends, 0, "not ended from within the call");
	is_int(sd_event_loop(event), 0, "the loop");
	is_int(a.r, -ENOBUFS, "ended: %s", a.why.text);
	pair_deinit(&pair);
	end_loop(event, &a, NULL);
}

static void test_nonsense(void)
{
	sd_event *event = new_loop();
	struct end a = {0};
	struct pair pair;
	struct connection *reader;
	struct frame frame = {0};

	pair_init(&pair, NULL, NULL, NULL, 0);
	ok(send(connection_fd(pair.server), "\0\0\0\0\0\x63\0\0", 8, MSG_NOSIGNAL) == 8, "type 99");
	make(&a, event, TAKE(pair.client), NEVER_MS, NEVER_MS);
	reader = pair.server;
	while (sd_event_run(event, 100000) >= 0 && a.ends == 0) {
		if (connection_run(reader, NULL) < 0 && frame.type == 0) {
			frame = pair_take(reader);
			(void)shutdown(connection_fd(reader), SHUT_RDWR);
		}
	}
	is_int(a.r, -EBADMSG, "ended: %s", a.why.text);
	is_u64(a.frames, 0, "without a frame");
	is_int(frame.type, fq_Type_ERROR, "and said so");
	pair_deinit(&pair);
	end_loop(event, &a, NULL);
}

/*
 * A peer that floods does not keep another from being served that speaks when the flood has begun.
 */
static void others_speak(struct end *end, const struct frame *frame)
{
	if (end->frames != 200)
		return;
	(void)connection_send(end->late, fq_Type_END, 0, NULL);
	(void)connection_run(end->late, NULL);
}

static void leave_when_served(struct end *end, const struct frame *frame)
{
	(void)sd_event_exit(end->event, 0);
}

static void test_fair(void)
{
	sd_event *event = new_loop();
	struct end flood = {.act = others_speak}, quiet = {.act = leave_when_served};
	struct pair a, b;

	pair_init(&a, NULL, NULL, NULL, 1 << 20);
	pair_init(&b, NULL, NULL, NULL, 0);
	for (int i = 0; i < 12000; i++)
		(void)connection_send(a.server, fq_Type_END, 0, NULL);
	(void)connection_run(a.server, NULL);
	flood.late = b.server;
	make(&flood, event, TAKE(a.client), NEVER_MS, NEVER_MS);
	make(&quiet, event, TAKE(b.client), NEVER_MS, NEVER_MS);
	is_int(sd_event_loop(event), 0, "the loop");
	is_u64(quiet.frames, 1, "the quiet one was served");
	ok(flood.frames < 1000, "after few frames of the other: %u", flood.frames);
	pair_deinit(&a);
	pair_deinit(&b);
	end_loop(event, &flood, &quiet);
}

int main(void)
{
	side_init(&client);
	side_init(&server);
	test_life();
	test_end_reason();
	test_refuse();
	test_free_inside();
	test_flushed();
	test_dead();
	test_pings();
	test_greeting();
	test_goodbye();
	test_does_not_read();
	test_nonsense();
	test_fair();
	side_deinit(&client);
	side_deinit(&server);
	return done_testing();
}
