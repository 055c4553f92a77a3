/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coordinator's sockets, timers, start and end: see server.h. */
#include "daemon/coord/server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"

#define BACKLOG 1024
#define EXPIRE_MS (3600ULL * 1000) /* how often ended jobs are looked through */

/* ---- accepting */

/* Whether one more may come from this address before it has said who it is. */
static bool stranger_fits(const struct server *server, const char *address)
{
	uint64_t all = 0, here = 0;

	if (server->sessions_n >= server->settings->connections_max)
		return false;
	for (const struct session *session = server->sessions; session; session = session->next) {
		if (session->welcome || !session->secured)
			continue;
		all++;
		here += strcmp(session->address, address) == 0;
	}
	return all < server->settings->unauthenticated_max && here < server->settings->unauthenticated_per_address;
}

static int accept_one(struct server *server, int listener, struct error *err)
{
	struct sockaddr_storage from = {0};
	socklen_t n = sizeof from;
	char address[64] = "";
	struct connection *connection;
	struct ucred user = {0};
	socklen_t user_n = sizeof user;
	int fd, r;

	fd = accept4(listener, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR
		           ? 0
		           : error_set(err, -errno, ERROR_OS, "accept: %s", strerror(errno));
	if (from.ss_family == AF_UNIX) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &user_n) < 0 ||
		    server->sessions_n >= server->settings->connections_max) {
			(void)close(fd);
			return 0;
		}
		r = connection_new_plain(fd, &connection, err);
		return r < 0 ? r : session_new(server, connection, "", user.uid, false, err);
	}
	(void)getnameinfo((struct sockaddr *)&from, n, address, sizeof address, NULL, 0, NI_NUMERICHOST);
	if (!stranger_fits(server, address)) {
		(void)close(fd);
		return 0;
	}
	r = connection_new_server(server->tls, fd, &connection, err);
	return r < 0 ? r : session_new(server, connection, address, 0, true, err);
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct server *server = userdata;
	struct error error;

	(void)source;
	(void)events;
	if (accept_one(server, fd, &error) < 0)
		log_warning("a connection was not taken: %s", error.text);
	return 0;
}

static int listener_add(struct server *server, int fd, const char *what, struct error *err)
{
	sd_event_source *source;
	int r;

	if (server->listeners_n == LISTENERS_MAX) {
		(void)close(fd);
		return error_set(err, -E2BIG, ERROR_CONFIG, "more than %d sockets to listen on", LISTENERS_MAX);
	}
	r = sd_event_add_io(service_event(server->service), &source, fd, EPOLLIN, on_listener, server);
	if (r < 0) {
		(void)close(fd);
		return error_set(err, r, ERROR_OS, "%s: %s", what, strerror(-r));
	}
	(void)sd_event_source_set_io_fd_own(source, true);
	(void)sd_event_source_set_description(source, what);
	server->listeners[server->listeners_n++] = source;
	return 0;
}

/* Writes the address that was bound into STATE/listening: whoever chose port 0 learns the port there. */
static int say_address(struct server *server, int fd, struct error *err)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof at;
	char host[64], port[16], line[96];
	int r;

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&at, n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return error_set(err, -errno, ERROR_OS, "the socket's own address cannot be told");
	(void)snprintf(line, sizeof line, strchr(host, ':') ? "[%s]:%s\n" : "%s:%s\n", host, port);
	r = durable_write(server->listening_path, line, strlen(line), 0644, true, err);
	line[strlen(line) - 1] = '\0';
	log_info("listening on %s", line);
	return r;
}

static int listen_tcp(struct server *server, struct error *err)
{
	const struct conf_address *address = &server->settings->listen;
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *list;
	char port[8];
	int fd = -1, on = 1, off = 0, r;

	(void)snprintf(port, sizeof port, "%u", address->port);
	r = getaddrinfo(address->host, port, &hints, &list);
	if (r != 0)
		return error_set(err, -ENOENT, ERROR_CONFIG, "the address to listen on, %s: %s", TEXT(address->host),
		                 gai_strerror(r));
	errno = EADDRNOTAVAIL;
	for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
		if (fd < 0)
			continue;
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (at->ai_family == AF_INET6)
			(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
		if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
			closep(&fd);
	}
	freeaddrinfo(list);
	if (fd < 0)
		return error_set(err, -errno, ERROR_CONFIG, "cannot listen on %s port %s: %s", TEXT(address->host), port,
		                 strerror(errno));
	r = say_address(server, fd, err);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return listener_add(server, fd, "workers and clients", err);
}

static int listen_unix(struct server *server, struct error *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const char *path = server->settings->socket;
	int fd;

	if (strlen(path) >= sizeof at.sun_path)
		return error_set(err, -ENAMETOOLONG, ERROR_CONFIG, "the path of the unix socket %s is too long", TEXT(path));
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, -errno, ERROR_OS, "socket: %s", strerror(errno));
	(void)unlink(path); /* of a coordinator that is gone: the lock on the state says so */
	/* Anybody may talk to it: who it is the kernel says, and what he may the session. */
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || chmod(path, 0666) < 0 || listen(fd, BACKLOG) < 0) {
		int code = errno;

		(void)close(fd);
		return error_set(err, -code, ERROR_CONFIG, "cannot listen on %s: %s", TEXT(path), strerror(code));
	}
	return listener_add(server, fd, "fqctl on this host", err);
}

/* Sockets that systemd hands over, or our own. */
static int listen_all(struct server *server, struct error *err)
{
	int n = sd_listen_fds(1), r = 0;

	for (int i = 0; r == 0 && i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
			return error_set(err, -EINVAL, ERROR_CONFIG, "systemd handed over something that is no listening socket");
		if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0)
			r = say_address(server, fd, err);
		if (r == 0)
			r = listener_add(server, fd, "socket of systemd", err);
	}
	if (n > 0)
		return r;
	r = listen_tcp(server, err);
	return r < 0 ? r : listen_unix(server, err);
}

/* ---- timers */

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct event event = {.kind = EVENT_TICK};

	(void)source;
	(void)usec;
	drive(userdata, &event);
	return 0;
}

static int on_commit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	drive_commit(userdata);
	return 0;
}

static int on_changes(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;

	(void)source;
	(void)usec;
	for (struct session *session = server->sessions; session; session = session->next)
		watches_tell(session, true);
	server_status(server);
	return 0;
}

static int on_expire(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	struct timespec now;
	struct error error;
	uint64_t wall;

	(void)usec;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	wall = (uint64_t)now.tv_sec * 1000;
	if (wall > server->settings->keep_ms && store_expire(server->store, wall - server->settings->keep_ms, &error) < 0)
		log_warning("old jobs cannot be removed: %s", error.text);
	drive_commit(server);
	(void)sd_event_source_set_time_relative(source, EXPIRE_MS * 1000);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static int timer_add(struct server *server, sd_event_source **ret, sd_event_time_handler_t handler, bool now, struct error *err)
{
	int r = sd_event_add_time_relative(service_event(server->service), ret, CLOCK_MONOTONIC, 0, 0, handler, server);

	if (r >= 0)
		r = sd_event_source_set_enabled(*ret, now ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
	return r < 0 ? error_set(err, r, ERROR_OS, "timer: %s", strerror(-r)) : 0;
}

static int timers_add(struct server *server, struct error *err)
{
	int r = timer_add(server, &server->tick, on_tick, false, err);

	if (r == 0)
		r = timer_add(server, &server->commit, on_commit, false, err);
	if (r == 0)
		r = timer_add(server, &server->changes, on_changes, false, err);
	return r < 0 ? r : timer_add(server, &server->expire, on_expire, true, err);
}

/* ---- start and end */

static struct coord_limits limits_of(const struct coord_settings *settings)
{
	return (struct coord_limits){
		.stall_ms = settings->stall_ms,
		.open_ms = settings->open_ms,
		.slice_min = settings->slice_min,
		.slice_max = settings->slice_max,
		.slices_max = settings->slices_max,
		.read_max = settings->read_max,
		.crashes_max = (uint32_t)settings->crashes_max,
		.losses_max = (uint32_t)settings->losses_max,
		.jobs_max = (uint32_t)settings->jobs_max,
		.files_max = (uint32_t)settings->files_max,
	};
}

static int keys_open(struct server *server, struct error *err)
{
	char pin_text[PIN_TEXT_MAX];
	uint8_t pin[PIN_SIZE];
	bool made = false;
	int r;

	r = key_load_or_make(server->settings->key, &server->key, &made, err);
	if (r < 0)
		return r;
	key_pin(server->key, pin);
	log_info("%s key %s", made ? "made" : "this coordinator has", text_hex(pin_text, pin, sizeof pin));
	r = tls_new(server->key, &server->tls, err);
	return r < 0 ? r : peers_load(server->peers_path, &server->peers, err);
}

int server_init(struct server *server, const struct coord_settings *settings, struct service *service, struct error *err)
{
	struct coord_limits limits = limits_of(settings);
	int r;

	*server = (struct server){.settings = settings, .service = service, .next_session = 1};
	if (asprintf(&server->peers_path, "%s/peers", settings->state) < 0 ||
	    asprintf(&server->listening_path, "%s/listening", settings->state) < 0)
		return error_oom(err);
	r = store_open(settings->state, &server->store, err);
	if (r == 0)
		r = keys_open(server, err);
	if (r == 0 && coord_new(&limits, &server->coord) < 0)
		r = error_oom(err);
	if (r == 0)
		r = timers_add(server, err);
	if (r == 0)
		r = drive_begin(server, err);
	return r < 0 ? r : listen_all(server, err);
}

void server_deinit(struct server *server)
{
	struct error error;

	if (server->store && store_commit(server->store, &error) < 0)
		log_error("%s", error.text);
	while (server->sessions)
		session_free(server->sessions);
	for (uint32_t i = 0; i < server->listeners_n; i++)
		(void)sd_event_source_unref(server->listeners[i]);
	if (server->listeners_n > 0)
		(void)unlink(server->listening_path);
	(void)sd_event_source_unref(server->tick);
	(void)sd_event_source_unref(server->commit);
	(void)sd_event_source_unref(server->changes);
	(void)sd_event_source_unref(server->expire);
	free(server->held);
	coord_free(server->coord);
	peers_deinit(&server->peers);
	tls_free(server->tls);
	key_free(server->key);
	store_free(server->store);
	free(server->peers_path);
	free(server->listening_path);
}

int server_reload(struct server *server, struct error *err)
{
	struct peers peers = {0};
	int r = peers_load(server->peers_path, &peers, err);

	if (r < 0)
		return r;
	peers_deinit(&server->peers);
	server->peers = peers;
	for (struct session *session = server->sessions; session; session = session->next) {
		const struct peer_row *row = session->welcome && session->secured ? peers_find(&peers, session->pin) : NULL;
		struct error error;

		if (!session->welcome || !session->secured || (row && row->role == session->role))
			continue;
		(void)error_set(&error, -EPERM, ERROR_DENIED, "this key was revoked");
		log_notice("%s: key revoked", session->name);
		peer_refuse(session->peer, &error);
	}
	return 0;
}

void server_status(struct server *server)
{
	uint32_t nodes = 0, slots = 0, jobs = 0;
	struct node_view node;
	struct job_view job;
	uint64_t cursor = 0;

	while (coord_next_node(server->coord, &cursor, &node)) {
		nodes += node.peer > 0;
		slots += node.peer ? node.slots : 0;
	}
	cursor = 0;
	while (coord_next_job(server->coord, &cursor, &job))
		jobs += job.row->state <= JOB_RUNNING;
	service_status(server->service, "%u node%s with %u slots, %u job%s", nodes, nodes == 1 ? "" : "s", slots, jobs,
	               jobs == 1 ? "" : "s");
}
