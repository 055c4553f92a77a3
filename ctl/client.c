/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl's side of the protocol: see client.h. */
#include "ctl/client.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "lib/wire/trust.h"

#define CONNECT_MS 10000
#define PATIENCE_MS 5000 /* with a coordinator that ended while it greeted */
#define PAUSE_FIRST_MS 50
#define PAUSE_LARGEST_MS 1000

int client_files(const struct client_settings *settings, char **ret_key, char **ret_known, struct error *err)
{
	char *key = NULL, *known = NULL;

	if (asprintf(&key, "%s/key.pem", settings->keys) < 0)
		return error_oom(err);
	if (asprintf(&known, "%s/known", settings->keys) < 0) {
		free(key);
		return error_oom(err);
	}
	*ret_key = key;
	*ret_known = known;
	return 0;
}

static int time_over(const struct client *client, struct error *err)
{
	return error_set(err, -ETIMEDOUT, ERROR_TIMEOUT, "the time of --timeout is over, and %s has not answered",
	                 client->address);
}

/* What is left of --timeout, at least 1; `otherwise` where there is none. */
static uint64_t time_left(const struct client *client, uint64_t otherwise)
{
	uint64_t now = clock_monotonic_ms();

	if (!client->until_ms)
		return otherwise;
	return client->until_ms > now ? client->until_ms - now : 1;
}

/* A wait that was cut short by --timeout says so. */
static int time_check(const struct client *client, int r, struct error *err)
{
	return r < 0 && client->until_ms && clock_monotonic_ms() >= client->until_ms ? time_over(client, err) : r;
}

static int open_tls(struct client *client, struct error *err)
{
	_cleanup_(freep) char *key_path = NULL, *known_path = NULL;
	const struct conf_address *host = &client->settings->host;
	_cleanup_(closep) int fd = -1;
	uint8_t pin[PIN_SIZE];
	int r;

	(void)snprintf(client->address, sizeof client->address, "%s:%u", host->host, host->port);
	r = client_files(client->settings, &key_path, &known_path, err);
	if (r < 0)
		return r;
	r = dial_tcp(host->host, host->port, time_left(client, CONNECT_MS), &fd, err);
	if (r < 0)
		return r;
	r = known_find(known_path, host->host, host->port, pin, err);
	if (r > 0)
		r = error_set(err, -ENOKEY, ERROR_DENIED,
		              "coordinator %s is not known here; get a token from its administrator ('fqctl token --role "
		              "client') and say 'fqctl join %s TOKEN'",
		              client->address, client->address);
	if (r == 0 && !client->key)
		r = key_load(key_path, &client->key, err);
	if (r == 0 && !client->tls)
		r = tls_new(client->key, &client->tls, err);
	return r < 0 ? r : connection_new_client(client->tls, take_fd(&fd), pin, &client->connection, err);
}

static int open_socket(struct client *client, const char *path, struct error *err)
{
	int fd, r;

	(void)snprintf(client->address, sizeof client->address, "%s", path);
	r = dial_unix(path, &fd, err);
	return r < 0 ? r : connection_new_plain(fd, &client->connection, err);
}

static int hello(struct client *client, struct error *err)
{
	fq_Hello hello = {.role = fq_Role_ROLE_CLIENT};
	const struct passwd *user = getpwuid(getuid());
	int r = digest_random(hello.instance, sizeof hello.instance);

	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	(void)snprintf(hello.name, sizeof hello.name, "%s", user ? user->pw_name : "");
	return dial_hello(client->connection, &hello, time_left(client, CONNECT_MS), &client->welcome, err);
}

static void pause_ms(uint64_t ms)
{
	struct timespec wait = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000L};

	(void)nanosleep(&wait, NULL);
}

/* The way for which nobody has asked: whatever fails on it says that it is one. */
static bool by_gate(const struct client_settings *settings)
{
	return !settings->host.host[0] && !settings->socket[0] && access(CLIENT_SOCKET_DEFAULT, W_OK) < 0 &&
	       access(CLIENT_GATE_DEFAULT, W_OK) == 0;
}

/* One try. *ret_greeting: somebody was there. */
static int open_once(struct client *client, bool *ret_greeting, struct error *err)
{
	const struct client_settings *settings = client->settings;
	bool gate = by_gate(settings);
	int r;

	if (settings->host.host[0])
		r = open_tls(client, err);
	else if (settings->socket[0])
		r = open_socket(client, settings->socket, err);
	else if (access(CLIENT_SOCKET_DEFAULT, W_OK) == 0)
		r = open_socket(client, CLIENT_SOCKET_DEFAULT, err);
	else if (gate)
		r = open_socket(client, CLIENT_GATE_DEFAULT, err);
	else
		return error_set(err, -EDESTADDRREQ, ERROR_USAGE,
		                 "no coordinator was named; give -h HOST, set FQ_HOST, or write host = \"HOST\"; into "
		                 "fqctl.conf; on the coordinator's own host, or a worker's, --socket PATH");
	if (r == 0) {
		*ret_greeting = true;
		r = hello(client, err);
	}
	r = time_check(client, r, err);
	if (r < 0 && gate)
		error_prefix(err, "through this host's worker (" CLIENT_GATE_DEFAULT "): ");
	if (r < 0)
		client->connection = connection_free(client->connection);
	return r;
}

int client_open(struct client *client, const struct client_settings *settings, struct error *err)
{
	uint64_t end = clock_monotonic_ms() + PATIENCE_MS, pause = PAUSE_FIRST_MS;
	bool greeting = false, again = false;

	client->settings = settings;
	if (settings->timeout_ms && !client->until_ms)
		client->until_ms = clock_monotonic_ms() + settings->timeout_ms;
	for (;;) {
		int r = open_once(client, &greeting, err);

		if (r == 0 || !greeting || !client_lost(r, err) || ((again || r == -ETIMEDOUT) && clock_monotonic_ms() >= end))
			return r;
		again = true; /* once, whatever the first try has taken */
		pause_ms(pause);
		pause *= 2;
	}
}

void client_close(struct client *client)
{
	client->connection = connection_free(client->connection);
	client->tls = tls_free(client->tls);
	client->key = key_free(client->key);
}

int client_ask(struct client *client, uint16_t type, const void *message, struct error *err)
{
	int r;

	if (type != fq_Type_SUBMIT_FILE) /* belongs to the SUBMIT before it */
		client->tag = client->tag == UINT16_MAX ? 1 : client->tag + 1;
	r = connection_send(client->connection, type, client->tag, message);
	return r < 0 ? error_set(err, r, ERROR_SOFTWARE, "cannot send %s: %s", message_name(type), strerror(-r)) : 0;
}

int client_answer(struct client *client, uint16_t *ret_type, void *ret_message, struct frame *ret_frame, struct error *err)
{
	struct frame frame;
	int r;

	do {
		r = dial_wait(client->connection, time_left(client, 0), &frame, err);
		if (r < 0)
			return time_check(client, r, err);
	} while (frame.tag != client->tag);
	if (frame.type != fq_Type_DATA) {
		r = message_decode(frame.type, frame.payload, frame.n, ret_message, err);
		if (r < 0)
			return r;
	}
	*ret_type = frame.type;
	if (ret_frame)
		*ret_frame = frame;
	return 0;
}

static int unexpected(uint16_t type, struct error *err)
{
	return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s, which was not asked for",
	                 message_name(type));
}

int client_idle(struct client *client, struct error *err)
{
	struct frame frame;
	int r;

	if (client->until_ms && clock_monotonic_ms() >= client->until_ms)
		return time_over(client, err);
	r = dial_wait(client->connection, 1, &frame, err);
	if (r == -ETIMEDOUT)
		return 0;
	return r == 0 ? unexpected(frame.type, err) : r;
}

int client_call(struct client *client, uint16_t type, const void *message, uint16_t answer_type, void *ret_answer,
                struct error *err)
{
	_cleanup_(freep) void *answer = malloc(message_struct_size_largest());
	uint16_t got;
	int r;

	if (!answer)
		return error_oom(err);
	r = client_ask(client, type, message, err);
	if (r == 0)
		r = client_answer(client, &got, answer, NULL, err);
	if (r < 0)
		return r;
	if (got != answer_type)
		return unexpected(got, err);
	if (ret_answer)
		memcpy(ret_answer, answer, message_struct_size(answer_type));
	return 0;
}

int client_list(struct client *client, uint16_t type, const void *message,
                int (*each)(void *data, uint16_t type, const void *message, struct error *err), void *data,
                struct error *err)
{
	_cleanup_(freep) void *answer = malloc(message_struct_size_largest());
	uint16_t got;
	int r;

	if (!answer)
		return error_oom(err);
	r = client_ask(client, type, message, err);
	while (r >= 0) {
		r = client_answer(client, &got, answer, NULL, err);
		if (r < 0 || got == fq_Type_END)
			break;
		r = each && got != fq_Type_DATA ? each(data, got, answer, err) : unexpected(got, err);
	}
	return r < 0 ? r : 0;
}

bool client_lost(int r, const struct error *err)
{
	return r < 0 && (err->class == ERROR_UNAVAILABLE || r == -ECONNRESET || r == -EPIPE || r == -ECONNREFUSED ||
	                 r == -ECONNABORTED);
}

static int reopen(struct client *client, uint64_t end, bool when_told, struct error *err)
{
	uint64_t pause = PAUSE_FIRST_MS;

	for (;;) {
		int r;

		client->connection = connection_free(client->connection);
		r = client_open(client, client->settings, err);
		if (r == 0 || clock_monotonic_ms() >= end || (!client_lost(r, err) && !(when_told && err->class == ERROR_TEMPORARY)))
			return r;
		pause_ms(pause);
		pause = pause * 2 > PAUSE_LARGEST_MS ? PAUSE_LARGEST_MS : pause * 2;
	}
}

int client_reopen(struct client *client, uint64_t patience_ms, struct error *err)
{
	return reopen(client, clock_monotonic_ms() + patience_ms, false, err);
}

int client_return(struct client *client, uint64_t end_ms, struct error *err)
{
	return reopen(client, end_ms, true, err);
}

int client_job_number(const char *text, uint64_t *ret_job, struct error *err)
{
	if (text_to_number(text, ret_job) < 0 || *ret_job == 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no job; jobs are numbers as 'fqctl status' lists them",
		                 TEXT(text));
	return 0;
}

int client_job_numbers(char *const *texts, size_t n, struct error *err)
{
	uint64_t id;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = client_job_number(texts[i], &id, err);
	return r;
}

int client_node_name(const char *text, char *out, size_t size, struct error *err)
{
	if (text[strcspn(text, "[]{}*?,")] != '\0')
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no node: right is a name as 'fqctl nodes' has it", TEXT(text));
	if ((size_t)snprintf(out, size, "%s", text) >= size)
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is too long for a node's name; 'fqctl nodes' lists them", TEXT(text));
	return 0;
}
