/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A peer whose key is enrolled and that talks garbage once it is let in, on the TLS stream itself:
 *
 *     stranger WHAT HOST PORT FOLDER ROLE [SEED | FILE...]     FOLDER has key and known coordinators; ROLE is worker or client
 *     stranger --list
 *
 * WHAT is a row of the table at the end. replay sends each FILE behind a greeting of its own, but for its first byte (the format of
 * tests/fuzz/session.c). Prints what came of each connection: "ended: SENTENCE" where the coordinator has closed it (with the last
 * ERROR that it sent), "open: N frames" where it answers on, "mute" where it does neither. Exit status 0 in any case.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/dial.h"
#include "lib/wire/queue.h"
#include "lib/wire/tls.h"
#include "lib/wire/trust.h"

#define WAIT_MS 10000
#define INPUT_MAX (256u << 10)

struct stranger {
	const char *host;
	uint16_t port;
	struct tls *tls;
	uint8_t pin[PIN_SIZE];
	fq_Role role;
	uint64_t random; /* state */

	int fd;
	struct tls_stream *stream;
	bool over, deaf; /* the coordinator has closed; nothing is read */
	uint8_t *input;
	size_t input_n;
	uint64_t frames; /* that came */
	bool answered;   /* what finish() asked */
	char told[512];  /* the last ERROR */
};

static void must(bool fact, const char *what)
{
	if (fact)
		return;
	(void)fprintf(stderr, "stranger: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* splitmix64 */
static uint64_t draw(struct stranger *stranger)
{
	uint64_t z = stranger->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* ---- reading */

#define LAST_TAG 65535

static void take_frame(struct stranger *stranger, uint16_t type, uint16_t tag, const uint8_t *payload, uint32_t n)
{
	fq_Error error;

	stranger->answered |= tag == LAST_TAG || type == fq_Type_DROP;
	stranger->frames += type != fq_Type_PING && type != fq_Type_PONG;
	if (type == fq_Type_ERROR && message_decode(type, payload, n, &error, NULL) == 0)
		(void)text_escape(stranger->told, sizeof stranger->told, error.text);
}

static void take_frames(struct stranger *stranger)
{
	size_t at = 0;
	uint16_t halves[2];
	uint32_t n;

	while (stranger->input_n - at >= FRAME_HEADER) {
		memcpy(&n, stranger->input + at, 4);
		memcpy(halves, stranger->input + at + 4, 4);
		n = ntohl(n);
		must(n <= PAYLOAD_MAX, "the coordinator talks garbage");
		if (stranger->input_n - at - FRAME_HEADER < n)
			break;
		take_frame(stranger, ntohs(halves[0]), ntohs(halves[1]), stranger->input + at + FRAME_HEADER, n);
		at += FRAME_HEADER + n;
	}
	memmove(stranger->input, stranger->input + at, stranger->input_n - at);
	stranger->input_n -= at;
}

/* What is there. False: the other side waits for us, or has closed. */
static bool read_some(struct stranger *stranger)
{
	size_t n = 0;
	int r;

	if (stranger->over || stranger->deaf)
		return false;
	r = tls_stream_read(stranger->stream, stranger->input + stranger->input_n, INPUT_MAX - stranger->input_n, &n, NULL);
	stranger->over = r < 0;
	if (r != 0)
		return false;
	stranger->input_n += n;
	take_frames(stranger);
	return true;
}

static bool wait_for(const struct stranger *stranger, short events, int ms)
{
	struct pollfd poll_fd = {.fd = stranger->fd, .events = events};

	return poll(&poll_fd, 1, ms) > 0;
}

/* ---- writing */

static void send_raw(struct stranger *stranger, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0 && !stranger->over) {
		size_t done = 0;
		int r = tls_stream_write(stranger->stream, at, n, &done, NULL);

		while (read_some(stranger))
			continue;
		if (r < 0) {
			stranger->over = true;
			return;
		}
		at += done;
		n -= done;
		if (r > 0 && !wait_for(stranger, POLLOUT | (stranger->deaf ? 0 : POLLIN), WAIT_MS))
			return; /* it does not read */
	}
}

static void send_frame(struct stranger *stranger, uint16_t type, uint16_t tag, const void *payload, uint32_t n)
{
	uint8_t frame[FRAME_HEADER + PAYLOAD_MAX];
	uint32_t length = htonl(n);
	uint16_t halves[2] = {htons(type), htons(tag)};

	memcpy(frame, &length, 4);
	memcpy(frame + 4, halves, 4);
	if (n > 0)
		memcpy(frame + FRAME_HEADER, payload, n);
	send_raw(stranger, frame, FRAME_HEADER + n);
}

static void send_message(struct stranger *stranger, uint16_t type, uint16_t tag, const void *message)
{
	uint8_t payload[PAYLOAD_MAX];
	size_t n = 0;

	must(message_encode(type, message, payload, sizeof payload, &n) == 0, "a message");
	send_frame(stranger, type, tag, payload, (uint32_t)n);
}

/* ---- a connection */

static void begin(struct stranger *stranger)
{
	int r;

	must(dial_tcp(stranger->host, stranger->port, WAIT_MS, &stranger->fd, NULL) == 0, "no connection");
	must(tls_stream_new(stranger->tls, stranger->fd, stranger->pin, &stranger->stream, NULL) == 0, "TLS");
	while ((r = tls_stream_handshake(stranger->stream, NULL)) > 0)
		must(wait_for(stranger, r == TLS_WANT_WRITE ? POLLOUT : POLLIN, WAIT_MS), "no handshake");
	must(r == 0, "no handshake");
	stranger->over = stranger->deaf = false;
	stranger->input_n = 0;
	stranger->frames = 0;
	stranger->told[0] = '\0';
}

static void say_hello(struct stranger *stranger)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);

	must(hello != NULL, "memory");
	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = PROTO_VERSION;
	hello->role = stranger->role;
	hello->algorithm = 99; /* a worker that gets no work */
	(void)snprintf(hello->name, sizeof hello->name, "stranger");
	send_message(stranger, fq_Type_HELLO, 0, hello);
	while (stranger->frames == 0 && !stranger->over && !read_some(stranger) && wait_for(stranger, POLLIN, WAIT_MS))
		continue;
}

/* Reads until the other side has closed, or has answered a question behind all that was sent. */
static void finish(struct stranger *stranger)
{
	const fq_JobsRequest request = {.job = UINT64_MAX};
	const fq_Progress progress = {.has_ref = true};

	stranger->deaf = stranger->answered = false;
	if (stranger->role == fq_Role_ROLE_CLIENT)
		send_message(stranger, fq_Type_STATUS, LAST_TAG, &request);
	else
		send_message(stranger, fq_Type_PROGRESS, 0, &progress); /* of no slice that it has: DROP */
	while (!stranger->over && !stranger->answered && (read_some(stranger) || wait_for(stranger, POLLIN, WAIT_MS)))
		continue;
	if (stranger->over)
		(void)printf("ended: %s\n", stranger->told[0] ? stranger->told : "without a word");
	else
		(void)printf("%s: %llu frames\n", stranger->answered ? "open" : "mute", (unsigned long long)stranger->frames);
	(void)fflush(stdout);
	stranger->stream = tls_stream_free(stranger->stream);
	closep(&stranger->fd);
}

/* ---- garbage */

static void noise(struct stranger *stranger)
{
	uint8_t bytes[4096];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)draw(stranger);
	send_raw(stranger, bytes, sizeof bytes);
}

/* One frame of a known type with random bytes in it. */
static void random_frame(struct stranger *stranger)
{
	uint8_t payload[256];
	uint16_t type = (uint16_t)(draw(stranger) % 90);
	uint32_t n = (uint32_t)(draw(stranger) % sizeof payload);

	for (uint32_t i = 0; i < n; i++)
		payload[i] = draw(stranger) % 3 ? (uint8_t)draw(stranger) : (uint8_t)(draw(stranger) % 32);
	send_frame(stranger, type, (uint16_t)draw(stranger), payload, n);
}

static void unknown(struct stranger *stranger)
{
	send_frame(stranger, 1000, 1, "x", 1);
}

static void too_long(struct stranger *stranger)
{
	const uint8_t header[FRAME_HEADER] = {0xff, 0xff, 0xff, 0xff, 0, fq_Type_STATUS, 0, 1};

	send_raw(stranger, header, sizeof header);
}

/* Most of a frame, and then nothing: the end of the connection must do. */
static void cut(struct stranger *stranger)
{
	const uint8_t header[FRAME_HEADER + 3] = {0, 0, 0, 200, 0, fq_Type_SUBMIT_FILE, 0, 1, 1, 2, 3};

	send_raw(stranger, header, sizeof header);
	stranger->stream = tls_stream_free(stranger->stream);
	closep(&stranger->fd);
	begin(stranger);
	say_hello(stranger);
}

static void data(struct stranger *stranger)
{
	uint8_t bytes[DATA_MAX] = {1};

	send_frame(stranger, fq_Type_DATA, 0, bytes, sizeof bytes);
}

static void no_data(struct stranger *stranger)
{
	for (int i = 0; i < 10000 && !stranger->over; i++)
		send_frame(stranger, fq_Type_DATA, 0, NULL, 0);
}

static void hello_again(struct stranger *stranger)
{
	say_hello(stranger);
}

static fq_Submit submit_of(struct stranger *stranger, uint32_t files)
{
	fq_Submit submit = {.files = files, .modules = 3};

	for (size_t i = 0; i < sizeof submit.uuid; i++)
		submit.uuid[i] = (uint8_t)draw(stranger);
	return submit;
}

static void submit_twice(struct stranger *stranger)
{
	fq_Submit submit = submit_of(stranger, 2);

	send_message(stranger, fq_Type_SUBMIT, 1, &submit);
	send_message(stranger, fq_Type_SUBMIT, 1, &submit);
}

static void file_alone(struct stranger *stranger)
{
	send_message(stranger, fq_Type_SUBMIT_FILE, 1, &(fq_SubmitFile){.path = "/etc/passwd"});
}

static void other_tag(struct stranger *stranger)
{
	fq_Submit submit = submit_of(stranger, 2);

	send_message(stranger, fq_Type_SUBMIT, 5, &submit);
	send_message(stranger, fq_Type_SUBMIT_FILE, 6, &(fq_SubmitFile){.path = "/etc/passwd"});
}

/* As many files as a job may have, with paths as long as may be, of a job that is never whole. */
static void file_flood(struct stranger *stranger)
{
	fq_SubmitFile file = {.path = "/"};
	fq_Submit submit = submit_of(stranger, 10000);

	memset(file.path + 1, 'x', sizeof file.path - 2);
	send_message(stranger, fq_Type_SUBMIT, 1, &submit);
	for (int i = 0; i < 9999 + 100000 && !stranger->over; i++)
		send_message(stranger, fq_Type_SUBMIT_FILE, 1, &file);
}

static void wait_flood(struct stranger *stranger)
{
	fq_JobsRequest request = {0};

	for (int i = 0; i < 5000 && !stranger->over; i++) {
		request.job = (uint64_t)i % 3;
		send_message(stranger, fq_Type_WAIT, (uint16_t)i, &request);
	}
}

/* Questions with long answers that nobody reads. */
static void unread(struct stranger *stranger)
{
	fq_JobsRequest request = {.all = true};

	stranger->deaf = true;
	for (int i = 0; i < 20000 && !stranger->over; i++)
		send_message(stranger, fq_Type_STATUS, (uint16_t)i, &request);
}

static void many_lists(struct stranger *stranger)
{
	fq_JobsRequest request = {.all = true};

	for (int i = 0; i < 3000 && !stranger->over; i++)
		send_message(stranger, i % 2 ? fq_Type_STATUS : fq_Type_NODES, (uint16_t)i, i % 2 ? (void *)&request : &(fq_Empty){0});
}

/* Every message of a worker, as a client; every one of a client, as a worker; and all that is the coordinator's to say. */
static void of_others(struct stranger *stranger)
{
	static const uint8_t ref[] = {0x0a, 0x02, 0x08, 0x01}; /* job 1, as the first field of most */
	bool worker = stranger->role == fq_Role_ROLE_WORKER;

	for (uint16_t type = worker ? 60 : 40; type <= (worker ? 71 : 46); type++)
		if (message_name(type)[0] != 'a')
			send_frame(stranger, type, type, ref, message_payload_max(type) > 300 ? sizeof ref : 0);
}

static void of_the_coordinator(struct stranger *stranger)
{
	send_frame(stranger, fq_Type_WELCOME, 0, NULL, 0);
}

static const struct garbage {
	const char *what;
	void (*talk)(struct stranger *stranger);
} garbage[] = {
	{"noise", noise},
	{"frames", random_frame},
	{"unknown", unknown},
	{"too-long", too_long},
	{"cut", cut},
	{"data", data},
	{"no-data", no_data},
	{"hello-again", hello_again},
	{"submit-twice", submit_twice},
	{"file-alone", file_alone},
	{"other-tag", other_tag},
	{"file-flood", file_flood},
	{"wait-flood", wait_flood},
	{"unread", unread},
	{"many-lists", many_lists},
	{"of-others", of_others},
	{"of-the-coordinator", of_the_coordinator},
};

/* ---- the program */

/* Frames of type after type before HELLO, each over a connection of its own. */
static void before_hello(struct stranger *stranger)
{
	for (uint16_t type = 0; type < 100; type++) {
		if (type == fq_Type_HELLO || type == fq_Type_PING || type == fq_Type_PONG)
			continue;
		begin(stranger);
		send_frame(stranger, type, 1, NULL, 0);
		finish(stranger);
	}
}

static void replay(struct stranger *stranger, const char *path)
{
	_cleanup_(fclosep) FILE *in = fopen(path, "re");
	uint8_t bytes[65536];
	size_t n;

	must(in != NULL, path);
	begin(stranger);
	say_hello(stranger);
	(void)getc(in);
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		send_raw(stranger, bytes, n);
	finish(stranger);
}

static const struct garbage *garbage_find(const char *what)
{
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
		if (strcmp(garbage[i].what, what) == 0)
			return &garbage[i];
	return NULL;
}

static void prepare(struct stranger *stranger, const char *folder)
{
	_cleanup_(freep) char *key_path = NULL, *known = NULL;
	struct key *key = NULL;

	must(asprintf(&key_path, "%s/key.pem", folder) > 0 && asprintf(&known, "%s/known", folder) > 0, "memory");
	must(key_load(key_path, &key, NULL) == 0 && tls_new(key, &stranger->tls, NULL) == 0, "no key");
	must(known_find(known, stranger->host, stranger->port, stranger->pin, NULL) == 0, "the coordinator is not known");
	stranger->input = malloc(INPUT_MAX);
	must(stranger->input != NULL, "memory");
	key_free(key);
}

int main(int argc, char **argv)
{
	struct stranger stranger = {.fd = -1};
	const struct garbage *row;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
			(void)puts(garbage[i].what);
		return 0;
	}
	must(argc >= 6, "usage: stranger WHAT HOST PORT FOLDER ROLE [SEED | FILE...]");
	(void)signal(SIGPIPE, SIG_IGN);
	stranger.host = argv[2];
	stranger.port = (uint16_t)atoi(argv[3]);
	stranger.role = strcmp(argv[5], "worker") == 0 ? fq_Role_ROLE_WORKER : fq_Role_ROLE_CLIENT;
	stranger.random = argc > 6 ? strtoull(argv[6], NULL, 10) : 1;
	prepare(&stranger, argv[4]);
	row = garbage_find(argv[1]);
	if (row) {
		begin(&stranger);
		say_hello(&stranger);
		row->talk(&stranger);
		finish(&stranger);
	} else if (strcmp(argv[1], "before-hello") == 0) {
		before_hello(&stranger);
	} else {
		must(strcmp(argv[1], "replay") == 0, "no such garbage");
		for (int i = 6; i < argc; i++)
			replay(&stranger, argv[i]);
	}
	free(stranger.input);
	tls_free(stranger.tls);
	return 0;
}
