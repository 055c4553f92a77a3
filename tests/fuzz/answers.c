/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a coordinator answers to fqctl, by a socket pair: the first byte of the input is the verb, the rest are frames of its answers, each
 * a type, a length (two bytes, the lowest first) and a payload; type ANSWER_NEXT means that what follows answers the next question.
 *
 * Whatever is answered: the verb ends, with 0 or a sentence; what it prints is text that no terminal is fooled by; and with --json it is
 * nothing, or whole JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_client_open(struct client *client, const struct client_settings *settings, struct error *err);

#define ANSWER_NEXT 255
#define ANSWERS_MAX (64u << 10) /* bytes: what a socket takes at once */
#define WORDS_MAX 8

static const char *const calls[][WORDS_MAX] = {
	{"status", "--all"},
	{"status", "--all", "--json"},
	{"history", "-S", "2d"},
	{"history", "-S", "2d", "--json"},
	{"history", "--stats", "-S", "2d", "--json"},
	{"nodes"},
	{"nodes", "--json"},
	{"show", "1"},
	{"show", "--slices", "--json", "1"},
	{"peers"},
	{"peers", "--json"},
	{"cache", "list"},
	{"cache", "stats", "--json"},
	{"profile", "list"},
	{"profile", "show", "wgs"},
	{"probe", "--json", "--all", "/a"},
	{"probe", "--all", "/a"},
	{"token", "--role", "client", "--json"},
	{"token", "--list"},
	{"ping"},
	{"status", "--all", "-P"},
	{"cancel", "1"},
	{"drain", "node-1"},
	{"revoke", "node-1"},
};
#define CALLS_N (sizeof calls / sizeof *calls)

static int coordinator = -1; /* open while the verb runs: what it asks goes there, and is not read */

static struct {
	uint8_t bytes[ANSWERS_MAX];
	size_t n;
} answers;

/* In place of client_open() (-Wl,--wrap): a coordinator that has said WELCOME and answers all at once, whatever it is asked. */
int __wrap_client_open(struct client *client, const struct client_settings *settings, struct error *err)
{
	int fds[2];

	closep(&coordinator);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	must(answers.n == 0 || write(fds[1], answers.bytes, answers.n) == (ssize_t)answers.n);
	(void)shutdown(fds[1], SHUT_WR);
	client->settings = settings;
	client->welcome = (fq_Welcome){.proto = PROTO_VERSION, .role = fq_Role_ROLE_ADMIN};
	client->tag = 0;
	(void)snprintf(client->address, sizeof client->address, "fuzz");
	must(connection_new_plain(fds[0], &client->connection, err) == 0);
	coordinator = fds[1];
	return 0;
}

static void put_u16(uint16_t value)
{
	answers.bytes[answers.n++] = (uint8_t)(value >> 8);
	answers.bytes[answers.n++] = (uint8_t)value;
}

static void answers_take(const uint8_t *data, size_t size)
{
	uint16_t tag = 1;

	answers.n = 0;
	for (size_t at = 0; at + 3 <= size;) {
		uint8_t type = data[at];
		size_t n = data[at + 1] | (size_t)data[at + 2] << 8;

		at += 3;
		if (type == ANSWER_NEXT) {
			tag++;
			at -= 2; /* it has no length */
			continue;
		}
		n = n < size - at ? n : size - at;
		if (answers.n + n + 8 > sizeof answers.bytes)
			return;
		put_u16((uint16_t)(n >> 16));
		put_u16((uint16_t)n);
		put_u16(type);
		put_u16(tag);
		memcpy(answers.bytes + answers.n, data + at, n);
		answers.n += n;
		at += n;
	}
}

/* No escape sequence, nothing that a terminal acts on; all else text_escape() and its kin see to. */
static void check_printed(const char *text, size_t n, bool json)
{
	if (!json)
		must_be_text(text, n);
	else if (n > 0)
		must_be_json(text, n);
}

static int run(const char *const *words, char **ret_out, size_t *ret_out_n, char **ret_said, size_t *ret_said_n)
{
	const char *arguments[WORDS_MAX + 6] = {"fqctl", "--config", "/dev/null"};
	FILE *out = stdout, *said = stderr;
	int n = 3, status;

	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		arguments[n++] = words[i];
	stdout = open_memstream(ret_out, ret_out_n);
	stderr = open_memstream(ret_said, ret_said_n);
	must(stdout && stderr);
	status = ctl_main(n, (char **)arguments);
	must(fclose(stdout) == 0 && fclose(stderr) == 0);
	stdout = out;
	stderr = said;
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *out = NULL, *said = NULL;
	size_t out_n = 0, said_n = 0;
	const char *const *words;
	bool json = false;
	int status;

	if (size < 1)
		return 0;
	words = calls[data[0] % CALLS_N];
	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		json = json || strcmp(words[i], "--json") == 0;
	answers_take(data + 1, size - 1);
	status = run(words, &out, &out_n, &said, &said_n);
	closep(&coordinator);
	must(status >= 0 && status < 128);
	check_printed(out, out_n, json);
	must_be_text(said, said_n);
	must(status == 0 || said_n > 0);
	return 0;
}
