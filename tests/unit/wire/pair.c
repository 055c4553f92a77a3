/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two connections that speak with each other: see pair.h. */
#include "tests/unit/wire/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS_MAX 1000 /* a side whose input is full until the test takes frames is never idle */

static void must(int r, const struct error *err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", err ? err->text : strerror(-r));
	exit(1);
}

void side_init(struct side *side)
{
	char folder[] = "/tmp/fqcluster-test-XXXXXX", path[64];
	struct error err = {0};

	if (!mkdtemp(folder))
		must(-1, &(struct error){.text = "no temporary folder"});
	(void)snprintf(path, sizeof path, "%s/key.pem", folder);
	must(key_load_or_make(path, &side->key, NULL, &err), &err);
	(void)unlink(path);
	(void)rmdir(folder);
	key_pin(side->key, side->pin);
	must(tls_new(side->key, &side->tls, &err), &err);
}

void side_deinit(struct side *side)
{
	side->tls = tls_free(side->tls);
	side->key = key_free(side->key);
}

void pair_sockets(int fds[2], int buffer_size)
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), NULL);
	for (int i = 0; i < 2 && buffer_size > 0; i++)
		must(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof buffer_size),
		     NULL);
}

void pair_init(struct pair *pair, struct side *client, struct side *server, const uint8_t *pin,
               int buffer_size)
{
	struct error err = {0};
	int fds[2];

	*pair = (struct pair){0};
	pair_sockets(fds, buffer_size);
	if (client)
		must(connection_new_client(client->tls, fds[0], pin ? pin : server->pin,
		                           &pair->client, &err),
		     &err);
	else
		must(connection_new_plain(fds[0], &pair->client, &err), &err);
	if (server)
		must(connection_new_server(server->tls, fds[1], &pair->server, &err), &err);
	else
		must(connection_new_plain(fds[1], &pair->server, &err), &err);
}

void pair_deinit(struct pair *pair)
{
	pair->client = connection_free(pair->client);
	pair->server = connection_free(pair->server);
}

/* Whether there is more to do for it. */
static bool step(struct connection *connection, int *ended, struct error *err)
{
	struct pollfd poll_fd;
	int r;

	if (!connection || *ended < 0)
		return false;
	r = connection_run(connection, err);
	if (r < 0)
		*ended = r;
	poll_fd = (struct pollfd){.fd = connection_fd(connection),
	                          .events = connection_events(connection)};
	return r == CONNECTION_AGAIN || (r == 0 && poll(&poll_fd, 1, 0) > 0);
}

void pair_run(struct pair *pair)
{
	for (int i = 0, idle = 0; idle < 2 && i < ROUNDS_MAX; i++) {
		bool busy = step(pair->client, &pair->client_ended, &pair->client_error);

		busy |= step(pair->server, &pair->server_ended, &pair->server_error);
		idle = busy ? 0 : idle + 1;
	}
}

struct frame pair_take(struct connection *connection)
{
	struct frame frame = {0};
	struct error err;

	return connection_take(connection, &frame, &err) > 0 ? frame : (struct frame){0};
}
