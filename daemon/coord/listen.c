/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sockets on which the coordinator listens.
 *
 * Descriptors: there are never more connections than the process may have descriptors for (connections_open). Where one lacks all the
 * same, a spare one is given up for a moment, so that the connection can be taken and closed: it is told no, and the
 * socket is not readable for ever. When that fails too, all listening pauses for ACCEPT_AGAIN_MS.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/coord/strangers.h"
#include "daemon/own_place.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"

#define BACKLOG 1024
#define HTTP_BACKLOG 64
#define ACCEPT_AGAIN_MS 200 /* without descriptors or memory: connections wait for so long */
#define DESCRIPTORS_OWN 24  /* that are not connections: database, loop, timers, sockets to listen on, and what files need */
#define HTTP_DESCRIPTORS 72 /* of the status page, where there is one */
#define CONNECTIONS_LEAST 4
#define STATUS_NAME "fqcoordd-status" /* FileDescriptorName= of the status page's socket unit */
#define LINES_MS 10000      /* one line in such a time about connections that are not taken */

/* ---- accepting */

static int accept_local(struct server *server, int fd, struct error *err)
{
	struct connection *connection;
	struct ucred user = {0};
	socklen_t n = sizeof user;
	char network[NETWORK_MAX];
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &n) < 0) {
		(void)close(fd);
		return 0;
	}
	(void)snprintf(network, sizeof network, "uid:%u", user.uid);
	if (!stranger_fits(server, network, false)) {
		(void)close(fd);
		return 0;
	}
	r = connection_new_plain(fd, &connection, err);
	return r < 0 ? r : session_new(server, connection, "", network, user.uid, false, err);
}

static int accept_remote(struct server *server, int fd, const struct sockaddr_storage *from, socklen_t n, struct error *err)
{
	char address[64] = "", network[NETWORK_MAX];
	struct connection *connection;
	int r;

	stranger_network(from, network);
	if (!stranger_fits(server, network, true)) {
		(void)close(fd);
		return 0;
	}
	(void)getnameinfo((const struct sockaddr *)from, n, address, sizeof address, NULL, 0, NI_NUMERICHOST);
	r = connection_new_server(server->tls, fd, &connection, err);
	return r < 0 ? r : session_new(server, connection, address, network, 0, true, err);
}

static int accept_one(struct server *server, int listener, struct error *err)
{
	struct sockaddr_storage from = {0};
	socklen_t n = sizeof from;
	int fd, r;

	fd = accept4(listener, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR
		           ? 0
		           : error_set(err, -errno, ERROR_OS, "accept: %s", strerror(errno));
	r = from.ss_family == AF_UNIX ? accept_local(server, fd, err) : accept_remote(server, fd, &from, n, err);
	if (r == 0)
		strangers_watch(server);
	FAILPOINT("accepted");
	return r;
}

static int spare_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Takes and closes a connection with the help of the spare descriptor. False: it could not be taken. */
static bool turn_away(struct server *server, int listener)
{
	int fd;

	closep(&server->spare);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	server->spare = spare_open();
	return fd >= 0 && server->spare >= 0;
}

static void listeners_set(struct server *server, int enabled)
{
	for (uint32_t i = 0; i < server->listeners_n; i++)
		(void)sd_event_source_set_enabled(server->listeners[i], enabled);
}

static void listeners_pause(struct server *server)
{
	if (sd_event_source_set_time_relative(server->again, ACCEPT_AGAIN_MS * 1000) >= 0 &&
	    sd_event_source_set_enabled(server->again, SD_EVENT_ONESHOT) >= 0)
		listeners_set(server, SD_EVENT_OFF);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;

	(void)source;
	(void)usec;
	if (server->spare < 0)
		server->spare = spare_open();
	listeners_set(server, SD_EVENT_ON);
	return 0;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct server *server = userdata;
	struct error error;
	uint64_t left_out;
	int r;

	(void)source;
	(void)events;
	r = accept_one(server, fd, &error);
	if (r == 0)
		return 0;
	if (rate_take(&server->listener_lines, clock_monotonic_ms(), LINES_MS, 1, &left_out))
		log_warning("a connection was not taken: %s (and %llu since the last such line)", error.text,
		            (unsigned long long)left_out);
	if ((r == -EMFILE || r == -ENFILE) && turn_away(server, fd))
		return 0;
	if (r == -EMFILE || r == -ENFILE || r == -ENOBUFS || r == -ENOMEM)
		listeners_pause(server); /* it stays readable: asking again at once would be a busy loop */
	return 0;
}

/* As many connections as are configured, or as there are descriptors for. */
static void connections_open(struct server *server)
{
	const uint64_t wanted = server->settings->connections_max, own = DESCRIPTORS_OWN + (server->http ? HTTP_DESCRIPTORS : 0);
	struct rlimit limit = {0};
	uint64_t most = wanted;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* what it has does as well */
		(void)getrlimit(RLIMIT_NOFILE, &limit);
		most = limit.rlim_cur > own + CONNECTIONS_LEAST ? limit.rlim_cur - own : CONNECTIONS_LEAST;
	}
	server->connections_max = most < wanted ? most : wanted;
	if (most < wanted)
		log_warning("at most %llu connections are held at a time, not connections_max = %llu: the limit of descriptors is "
		            "%llu (LimitNOFILE=)", (unsigned long long)most, (unsigned long long)wanted,
		            (unsigned long long)limit.rlim_cur);
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

/* Writes the address that was bound into the file: whoever chose port 0 learns the port there. */
static int say_address(const char *path, int fd, const char *what, struct error *err)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof at;
	char host[64], port[16], line[96];
	int r;

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&at, n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return error_set(err, -errno, ERROR_OS, "the socket's own address cannot be told");
	(void)snprintf(line, sizeof line, strchr(host, ':') ? "[%s]:%s\n" : "%s:%s\n", host, port);
	r = durable_write(path, line, strlen(line), 0644, true, err);
	line[strlen(line) - 1] = '\0';
	log_info("%s on %s", what, line);
	return r;
}

/* Binds the first of the host's addresses that can be bound; -errno of the last failure. */
static int bind_host(const struct conf_address *address, const char *host, int backlog, int *ret_fd, struct error *err)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *list;
	int fd = -1, on = 1, off = 0, code = -EADDRNOTAVAIL, r;
	char port[8];

	(void)snprintf(port, sizeof port, "%u", address->port);
	r = getaddrinfo(host, port, &hints, &list);
	if (r != 0)
		return error_set(err, -ENOENT, ERROR_CONFIG, "the address to listen on, %s: %s", TEXT(host), gai_strerror(r));
	for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
		if (fd < 0) {
			code = -errno;
			continue;
		}
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (at->ai_family == AF_INET6)
			(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
		if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, backlog) < 0) {
			code = -errno;
			closep(&fd);
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		return error_set(err, code, ERROR_CONFIG, "cannot listen on %s port %s: %s", TEXT(host), port, strerror(-code));
	*ret_fd = fd;
	return 0;
}

static int listen_tcp(struct server *server, struct error *err)
{
	const struct conf_address *address = &server->settings->listen;
	int fd, r;

	r = bind_host(address, address->host, BACKLOG, &fd, err);
	if ((r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL) && strcmp(address->host, "::") == 0)
		r = bind_host(address, "0.0.0.0", BACKLOG, &fd, err); /* all addresses of a host that has no IPv6 */
	if (r < 0)
		return r;
	r = say_address(server->listening_path, fd, "listening", err);
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
	int fd, r;

	if (strlen(path) >= sizeof at.sun_path)
		return error_set(err, -ENAMETOOLONG, ERROR_CONFIG, "the path of the unix socket %s is too long", TEXT(path));
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, -errno, ERROR_OS, "socket: %s", strerror(errno));
	r = own_place_socket("the unix socket", path, err);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	(void)unlink(path); /* of a coordinator that is gone */
	/* Anybody may talk to it: who it is the kernel says, and what he may the session. */
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || chmod(path, 0666) < 0 || listen(fd, BACKLOG) < 0) {
		int code = errno;

		(void)close(fd);
		return error_set(err, -code, ERROR_CONFIG, "cannot listen on %s: %s", TEXT(path), strerror(code));
	}
	return listener_add(server, fd, "fqctl on this host", err);
}

/* ---- the status page */

static int status_serve(struct server *server, int fd, bool is_unix, struct error *err)
{
	int r = is_unix ? 0 : say_address(server->status_path, fd, "status page", err);

	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return http_init(server, fd, err);
}

static int listen_status(struct server *server, struct error *err)
{
	const struct conf_address *address = &server->settings->status_listen;
	int fd, r;

	if (server->http || address->host[0] == '\0')
		return 0;
	r = bind_host(address, address->host, HTTP_BACKLOG, &fd, err);
	return r < 0 ? r : status_serve(server, fd, false, err);
}

/* ---- all of them */

/*
 * One socket that systemd hands over. It may block, which would hold everybody up when a connection is gone again before it
 * was accepted.
 */
static int listen_handed(struct server *server, int fd, bool is_status, struct error *err)
{
	int flags = fcntl(fd, F_GETFL), r = 0;

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
		return error_set(err, -EINVAL, ERROR_CONFIG, "systemd handed over something that is no listening socket");
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_set(err, -errno, ERROR_OS, "a socket of systemd: %s", strerror(errno));
	if (is_status)
		return status_serve(server, fd, sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0, err);
	if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0)
		r = say_address(server->listening_path, fd, "listening", err);
	return r < 0 ? r : listener_add(server, fd, "socket of systemd", err);
}

/* Sockets that systemd hands over, or our own. */
static int listen_all(struct server *server, struct error *err)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), r = 0;
	bool handed = false;

	for (int i = 0; i < n; i++) {
		const bool is_status = strcmp(names[i], STATUS_NAME) == 0;

		if (r == 0)
			r = listen_handed(server, SD_LISTEN_FDS_START + i, is_status, err);
		handed = handed || !is_status;
		free(names[i]);
	}
	free(names);
	if (r == 0)
		r = listen_status(server, err);
	if (handed || r < 0)
		return r;
	r = listen_unix(server, err);
	return r < 0 ? r : listen_tcp(server, err); /* last: STATE/listening tells that all of it is there */
}

int listen_init(struct server *server, struct error *err)
{
	int r = timer_add(server, &server->again, on_again, false, err);

	server->spare = spare_open();
	if (r == 0)
		r = strangers_init(server, err);
	if (r == 0)
		r = listen_all(server, err);
	if (r == 0)
		connections_open(server);
	return r;
}

void listen_deinit(struct server *server)
{
	for (uint32_t i = 0; i < server->listeners_n; i++)
		(void)sd_event_source_unref(server->listeners[i]);
	if (server->listeners_n > 0)
		(void)unlink(server->listening_path);
	if (server->http)
		(void)unlink(server->status_path);
	(void)sd_event_source_unref(server->again);
	(void)sd_event_source_unref(server->strangers);
	closep(&server->spare);
}
