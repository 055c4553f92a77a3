/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/wire/dial.c: a thread plays the coordinator on 127.0.0.1; name, connect, HELLO, JOIN,
 * deadlines and how each fails.
 */
#include "lib/wire/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/trust.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

#define LONG_MS 20000
#define STILL_DEAD_MS 4000 /* of which a busy machine may take some */
#define SECRET "0123456789abcdef0123456789abcdef01234567"

static struct side client, server;

/*
 * One connection served by a thread, which answers the first frame by fixed ones and then waits for
 * the end.
 */
struct coordinator {
	int listener, family;
	uint16_t port;
	uint16_t type; /* of the answer; 0: none */
	const void *answer;
	bool pings;  /* PING first, and the answer behind the PONG only */
	bool closes; /* at once after the handshake's beginning */
	fq_Hello hello;
	fq_Join join;
	pthread_t thread;
};

static void answer(struct coordinator *coordinator, struct connection *connection)
{
	struct frame frame;
	bool pong = !coordinator->pings;

	if (dial_wait(connection, LONG_MS, &frame, NULL) < 0)
		return;
	if (frame.type == fq_Type_HELLO)
		(void)message_decode(frame.type, frame.payload, frame.n, &coordinator->hello, NULL);
	if (frame.type == fq_Type_JOIN)
		(void)message_decode(frame.type, frame.payload, frame.n, &coordinator->join, NULL);
	if (!pong)
		(void)connection_send(connection, fq_Type_PING, 5, NULL);
	for (uint64_t before = connection_bytes_in(connection);
	     !pong && connection_run(connection, NULL) >= 0;)
		pong = connection_bytes_in(connection) > before;
	if (coordinator->type)
		(void)connection_send(connection, coordinator->type, frame.tag,
		                      coordinator->answer);
	(void)dial_wait(connection, LONG_MS, &frame, NULL); /* until the other side closes */
}

static void *serve(void *data)
{
	struct coordinator *coordinator = data;
	struct connection *connection = NULL;
	int fd = accept4(coordinator->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), r;

	if (coordinator->closes) {
		closep(&fd);
		return NULL;
	}
	r = coordinator->family == AF_UNIX
	        ? connection_new_plain(fd, &connection, NULL)
	        : connection_new_server(server.tls, fd, &connection, NULL);
	if (r == 0)
		answer(coordinator, connection);
	connection_free(connection);
	return NULL;
}

static void listen_on(struct coordinator *coordinator, const struct sockaddr *address,
                      socklen_t size)
{
	struct sockaddr_in bound = {0};
	socklen_t n = sizeof bound;

	coordinator->family = address->sa_family;
	coordinator->listener = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(coordinator->listener, address, size) < 0 ||
	    listen(coordinator->listener, 5) < 0 ||
	    (address->sa_family == AF_INET &&
	     getsockname(coordinator->listener, (struct sockaddr *)&bound, &n) < 0))
		ok(false, "cannot listen: %s", strerror(errno));
	coordinator->port = ntohs(bound.sin_port);
}

static void start(struct coordinator *coordinator)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	listen_on(coordinator, (const struct sockaddr *)&address, sizeof address);
	(void)pthread_create(&coordinator->thread, NULL, serve, coordinator);
}

static void finish(struct coordinator *coordinator)
{
	(void)pthread_join(coordinator->thread, NULL);
	closep(&coordinator->listener);
}

static int hello_to(struct coordinator *coordinator, uint64_t timeout_ms, fq_Welcome *welcome,
                    struct error *err)
{
	struct connection *connection;
	fq_Hello hello = {.role = fq_Role_ROLE_CLIENT, .name = "anna"};
	int fd, r;

	start(coordinator);
	r = dial_tcp("127.0.0.1", coordinator->port, LONG_MS, &fd, err);
	ok(r == 0, "connected");
	r = connection_new_client(client.tls, fd, server.pin, &connection, err);
	if (r == 0)
		r = dial_hello(connection, &hello, timeout_ms, welcome, err);
	connection_free(connection);
	finish(coordinator);
	return r;
}

static void test_hello(void)
{
	fq_Welcome answer = {.proto = 1, .generation = 17, .ping_ms = 1000, .dead_ms = 5000}, got;
	fq_Error error = {.class = ERROR_DENIED, .text = "no\nsuch key"},
		 odd = {.class = 4000, .text = "odd"};
	struct coordinator c = {.type = fq_Type_WELCOME, .answer = &answer};
	struct error err = {0};

	is_int(hello_to(&c, LONG_MS, &got, &err), 0, "welcome: %s", err.text);
	is_u64(got.generation, 17, "generation");
	is_u64(c.hello.proto_max, PROTO_VERSION, "HELLO names the protocol");
	is_str(c.hello.name, "anna", "and the name");
	is_str(c.hello.version, PACKAGE_VERSION, "and the version");

	c = (struct coordinator){.type = fq_Type_WELCOME, .answer = &answer, .pings = true};
	is_int(hello_to(&c, LONG_MS, &got, &err), 0, "PING is answered meanwhile");

	answer.proto = 9;
	c = (struct coordinator){.type = fq_Type_WELCOME, .answer = &answer};
	is_int(hello_to(&c, LONG_MS, &got, &err), -EPROTO, "another protocol: %s", err.text);

	c = (struct coordinator){.type = fq_Type_ERROR, .answer = &error};
	is_int(hello_to(&c, LONG_MS, &got, &err), -EREMOTEIO, "ERROR: %s", err.text);
	is_str(err.text, "no\\x0asuch key", "its sentence, made printable");
	is_int(err.class, ERROR_DENIED, "its class");
	c = (struct coordinator){.type = fq_Type_ERROR, .answer = &odd};
	is_int(hello_to(&c, LONG_MS, &got, &err), -EREMOTEIO, "ERROR: %s", err.text);
	is_int(err.class, ERROR_JOB, "a class that is none");

	c = (struct coordinator){.type = fq_Type_JOINED, .answer = &(fq_Joined){0}};
	is_int(hello_to(&c, LONG_MS, &got, &err), -EPROTO, "another answer: %s", err.text);
	c = (struct coordinator){0};
	is_int(hello_to(&c, 50, &got, &err), -ETIMEDOUT, "no answer: %s", err.text);
	c = (struct coordinator){.closes = true};
	is_int(hello_to(&c, LONG_MS, &got, &err), -ECONNABORTED, "closed: %s", err.text);
	is_int(err.class, ERROR_UNAVAILABLE, "which may pass");
}

/* With a dead time, silence ends the wait although it has no deadline. */
static void test_dead(void)
{
	struct pair pair;
	struct frame frame;
	struct error err = {0};

	pair_init(&pair, NULL, NULL, NULL, 0);
	connection_set_dead(pair.client, 60);
	(void)connection_send(pair.client, fq_Type_STATUS, 1, &(fq_JobsRequest){0});
	is_int(dial_wait(pair.client, LONG_MS, NULL, &err), 0, "sent: %s", err.text);
	ok(connection_flushed(pair.client), "all of it");
	is_int(dial_wait(pair.client, 0, &frame, &err), -ETIMEDOUT, "%s", err.text);
	ok(strstr(err.text, "seems to be gone") && err.class == ERROR_UNAVAILABLE, "in words");
	pair_deinit(&pair);
}

/* The same process, which stood still for longer than that together with the other side: then it has come to nothing yet. */
static void test_still(void)
{
	struct pair pair;
	struct frame frame;
	int status = -1;
	pid_t pid;

	pair_init(&pair, NULL, NULL, NULL, 0);
	connection_set_dead(pair.client, STILL_DEAD_MS);
	pid = fork();
	if (pid == 0)
		_exit(dial_wait(pair.client, 0, &frame, NULL) < 0 ? 1 : 0);
	(void)usleep(100000); /* it waits */
	(void)kill(pid, SIGSTOP);
	(void)usleep(STILL_DEAD_MS * 1500);
	(void)kill(pid, SIGCONT);
	(void)usleep(STILL_DEAD_MS * 250); /* whose clock says meanwhile that it is far too late */
	(void)connection_send(pair.server, fq_Type_STATUS, 1, &(fq_JobsRequest){0});
	(void)dial_wait(pair.server, LONG_MS, NULL, NULL);
	ok(waitpid(pid, &status, 0) == pid && status == 0, "one that was stopped for longer than its dead time goes on to wait");
	pair_deinit(&pair);
}

static void test_unreachable(void)
{
	struct coordinator c = {0};
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct error err = {0};
	char want[256];
	int fd = -1;

	listen_on(&c, (const struct sockaddr *)&address, sizeof address);
	closep(&c.listener);
	is_int(dial_tcp("127.0.0.1", c.port, LONG_MS, &fd, &err), -ECONNREFUSED, "refused: %s",
	       err.text);
	(void)snprintf(want, sizeof want,
	               "cannot reach coordinator 127.0.0.1:%u: Connection refused; nobody listens there: does fqcoordd run, and on this port?",
	               c.port);
	is_str(err.text, want, "the sentence");
	is_int(err.class, ERROR_UNAVAILABLE, "its class");
	ok(dial_tcp("no host", 1, LONG_MS, &fd, &err) < 0, "no name: %s", err.text);
	is_int(err.class, ERROR_NO_HOST, "its class");
	ok(dial_unix("/tmp/fqcluster-test-none/s", &fd, &err) == -ENOENT, "no socket: %s",
	   err.text);
	is_int(fd, -1, "no descriptor");
}

static void test_unix(void)
{
	char folder[] = "/tmp/fqcluster-dial-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	fq_Welcome welcome = {.proto = 1}, got;
	struct coordinator c = {.type = fq_Type_WELCOME, .answer = &welcome};
	struct connection *connection;
	struct error err = {0};
	fq_Hello hello = {0};
	int fd = -1;

	if (!mkdtemp(folder))
		return;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
	listen_on(&c, (const struct sockaddr *)&address, sizeof address);
	(void)pthread_create(&c.thread, NULL, serve, &c);
	is_int(dial_unix(address.sun_path, &fd, &err), 0, "connected");
	is_int(connection_new_plain(fd, &connection, &err), 0, "plain");
	is_int(dial_hello(connection, &hello, LONG_MS, &got, &err), 0, "welcome: %s", err.text);
	connection_free(connection);
	finish(&c);
	(void)unlink(address.sun_path);
	(void)rmdir(folder);
}

static int join_to(struct coordinator *c, const uint8_t *pin, const char *known, fq_Role *role,
                   struct error *err)
{
	char token[TOKEN_TEXT_MAX];
	int r;

	start(c);
	token_format(pin, SECRET, token);
	r = dial_join("127.0.0.1", c->port, token, client.key, "node-a", known, role, err);
	finish(c);
	return r;
}

static void test_join(void)
{
	char folder[] = "/tmp/fqcluster-dial-XXXXXX", known[100];
	fq_Error error = {.class = ERROR_DENIED, .text = "this token was used"};
	struct coordinator c = {.type = fq_Type_JOINED,
	                        .answer = &(fq_Joined){fq_Role_ROLE_WORKER}};
	fq_Role role = fq_Role_ROLE_NONE;
	struct error err = {0};
	uint8_t pin[PIN_SIZE];

	if (!mkdtemp(folder))
		return;
	(void)snprintf(known, sizeof known, "%s/known", folder);
	is_int(join_to(&c, client.pin, known, &role, &err), -EKEYREJECTED,
	       "another coordinator: %s", err.text);
	c = (struct coordinator){.type = fq_Type_ERROR, .answer = &error};
	is_int(join_to(&c, server.pin, known, &role, &err), -EREMOTEIO, "a used token: %s",
	       err.text);
	ok(access(known, F_OK) < 0, "nothing is known yet");
	c = (struct coordinator){.type = fq_Type_JOINED,
	                         .answer = &(fq_Joined){fq_Role_ROLE_WORKER}};
	is_int(join_to(&c, server.pin, known, &role, &err), 0, "joined: %s", err.text);
	is_int(role, fq_Role_ROLE_WORKER, "as a worker");
	is_str(c.join.secret, SECRET, "by the secret");
	is_str(c.join.name, "node-a", "with the name");
	is_int(known_find(known, "127.0.0.1", c.port, pin, &err), 0, "is known now");
	is_mem(pin, server.pin, PIN_SIZE, "by its pin");
	is_int(dial_join("127.0.0.1", 1, "nonsense", client.key, "n", known, &role, &err), -EINVAL,
	       "no token: %s", err.text);
	(void)unlink(known);
	(void)rmdir(folder);
}

int main(void)
{
	side_init(&client);
	side_init(&server);
	test_hello();
	test_dead();
	test_still();
	test_unreachable();
	test_unix();
	test_join();
	side_deinit(&client);
	side_deinit(&server);
	return done_testing();
}
