/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Status page and metrics over HTTP: all of libmicrohttpd is here, what is told is made by http_pages.c.
 *
 * libmicrohttpd has no thread of its own: its epoll descriptor is on the coordinator's loop, and it runs when that is readable or its
 * time has come. Whoever asks too slowly is left after TIMEOUT_S; no more than CONNECTIONS are held, the others wait in the backlog,
 * which is short: libmicrohttpd takes one that has gone meanwhile for a slow one. Only GET and HEAD, no body is read.
 *
 * Without a token only this host can connect, and the Host header has to be an address or localhost: a page of somebody else's in a
 * browser here, whose name leads to 127.0.0.1, is told nothing. With one, who asks shows it as Bearer, or as the password of Basic, which
 * is what a browser asks for.
 */
#include "daemon/coord/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/base/error.h"

#ifdef HAVE_MICROHTTPD
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"

#define CONNECTIONS 64          /* HTTP_DESCRIPTORS of listen.c has room for them */
#define CONNECTION_MEMORY 16384 /* bytes of a request's head, and of libmicrohttpd's own */
#define TIMEOUT_S 5
#define SOON_MS 10
#define SECOND_MS 1000
#define TOKEN_LEAST 16          /* bytes */
#define TOKEN_FILE_MAX 4096

struct http {
	struct server *server;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *timer;
	unsigned int connections;   /* after the last run */
	bool local;                 /* nobody else than this host can connect */
	bool guarded;               /* there is a token */
	uint8_t token[DIGEST_SIZE]; /* its SHA-256 */
};

/* ---- the token */

/* 1: there is none. */
static int token_read(const char *path, uint8_t ret[DIGEST_SIZE], struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	int r = durable_read(path, TOKEN_FILE_MAX, &text, &n, err);

	if (r != 0)
		return r;
	n = strcspn(text, "\r\n");
	if (n < TOKEN_LEAST)
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "%s: its first line is the token of the status page, of %zu bytes: right are at least %d, hard to guess",
		                 TEXT(path), n, TOKEN_LEAST);
	r = digest_sha256(text, n, NULL, 0, ret);
	return r < 0 ? error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r)) : 0;
}

static int token_load(struct http *http, struct error *err)
{
	uint8_t token[DIGEST_SIZE];
	int r = token_read(http->server->settings->status_token, token, err);

	if (r < 0)
		return r;
	if (r > 0 && !http->local)
		return error_set(err, -EPERM, ERROR_CONFIG,
		                 "the status page listens where others than this host can connect, and there is no token in %s: right is "
		                 "a loopback address, or a token",
		                 TEXT(http->server->settings->status_token));
	http->guarded = r == 0;
	if (r > 0)
		log_notice("there is no token in %s: every user of this host may see the status page", TEXT(http->server->settings->status_token));
	if (r == 0)
		memcpy(http->token, token, sizeof token);
	return 0;
}

static bool token_is(const struct http *http, const char *given)
{
	uint8_t digest[DIGEST_SIZE];

	return given && digest_sha256(given, strlen(given), NULL, 0, digest) == 0 && digest_equal(digest, http->token, sizeof digest);
}

static bool token_shown(const struct http *http, struct MHD_Connection *connection)
{
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	char *user, *password = NULL;
	bool right;

	if (!header)
		return false;
	if (strncasecmp(header, "Bearer ", 7) == 0)
		return token_is(http, header + 7);
	user = MHD_basic_auth_get_username_password(connection, &password);
	right = token_is(http, password);
	MHD_free(user);
	MHD_free(password);
	return right;
}

/* ---- answering */

static bool host_is_address(struct MHD_Connection *connection)
{
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	struct in6_addr v6;
	struct in_addr v4;
	char host[64];
	size_t n;

	if (!header)
		return true; /* no browser */
	n = *header == '[' ? strcspn(header, "]") : strcspn(header, ":");
	if (n >= sizeof host)
		return false;
	memcpy(host, header, n);
	host[n] = '\0';
	return *host == '[' ? inet_pton(AF_INET6, host + 1, &v6) == 1
	                    : inet_pton(AF_INET, host, &v4) == 1 || strcasecmp(host, "localhost") == 0;
}

static const char *const headers[][2] = {
	{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
	                            "frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cache-Control", "no-store"},
};

static enum MHD_Result answer(struct MHD_Connection *connection, struct page *page)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(page->n, page->bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_YES;

	if (!response) {
		free(page->bytes);
		return MHD_NO;
	}
	for (size_t i = 0; result == MHD_YES && i < sizeof headers / sizeof *headers; i++)
		result = MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (result == MHD_YES)
		result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
	if (result == MHD_YES && page->status == MHD_HTTP_UNAUTHORIZED)
		result = MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"fqcluster\", charset=\"UTF-8\"");
	if (result == MHD_YES && page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		result = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (result == MHD_YES)
		result = MHD_queue_response(connection, page->status, response);
	MHD_destroy_response(response); /* the connection has its own hold on it */
	return result;
}

static bool is_asking(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static int page_choose(const struct http *http, struct MHD_Connection *connection, const char *path, const char *method,
                       struct page_asker *asker, struct page *page)
{
	const bool health = strcmp(path, "/healthz") == 0;

	if (!is_asking(method))
		return page_sentence(MHD_HTTP_METHOD_NOT_ALLOWED, "Nothing can be changed here: right are GET and HEAD.", page);
	if (!http->guarded && !host_is_address(connection))
		return page_sentence(MHD_HTTP_FORBIDDEN,
		                     "The page was asked for by a host's name: right is http://127.0.0.1 or http://localhost with the port.", page);
	if (http->guarded && !health && !token_shown(http, connection))
		return page_sentence(MHD_HTTP_UNAUTHORIZED,
		                     "The token of the status page is asked for: as a bearer, or as the password of any user.", page);
	return page_make(http->server, path, http->guarded, asker, page);
}

/* ---- an answer that is made while the loop goes on: libmicrohttpd does not look at the connection until then */

struct asking {
	struct page_asker asker;
	struct MHD_Connection *connection;
};

static void asking_tell(struct page_asker *asker)
{
	MHD_resume_connection(((struct asking *)asker)->connection);
}

/* A browser that goes on waiting does not close its side. */
static bool asking_gone(const struct page_asker *asker)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(((const struct asking *)asker)->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	ssize_t n;
	char byte;

	if (!info)
		return false;
	n = recv(info->connect_fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static enum MHD_Result answer_later(struct MHD_Connection *connection, struct asking *asking, void **request)
{
	*request = asking;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static int begun; /* what a request has that waits for nothing */

static enum MHD_Result answer_told(struct MHD_Connection *connection, struct asking *asking)
{
	struct page page = asking->asker.page;

	asking->asker.page.bytes = NULL;
	return page.bytes ? answer(connection, &page) : MHD_NO;
}

static void on_request_end(void *userdata, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode why)
{
	struct asking *asking = *request == &begun ? NULL : *request;

	(void)userdata;
	(void)connection;
	(void)why;
	if (asking)
		free(asking->asker.page.bytes);
	free(asking);
}

/* Called when the head of a request is there, again when there is no more of it, and again when what was to be made is. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload_data, size_t *upload_data_size, void **request)
{
	_cleanup_(freep) struct asking *asking = NULL;
	struct page page;
	int r;

	(void)version;
	(void)upload_data;
	if (!*request && is_asking(method)) {
		*request = &begun; /* with an answer now the connection would end behind it */
		return MHD_YES;
	}
	if (*upload_data_size > 0)
		return MHD_NO; /* a GET with a body */
	if (*request && *request != &begun)
		return answer_told(connection, *request);
	asking = calloc(1, sizeof *asking);
	if (!asking)
		return MHD_NO;
	*asking = (struct asking){.asker = {.tell = asking_tell, .gone = asking_gone}, .connection = connection};
	r = page_choose(userdata, connection, url, method, &asking->asker, &page);
	if (r == PAGE_LATER)
		return answer_later(connection, TAKE(asking), request);
	return r < 0 ? MHD_NO : answer(connection, &page);
}

/* ---- on the loop */

/*
 * libmicrohttpd takes no new connections while there are as many as there may be, and at the end of a run in which some end it does not
 * look at the socket again. So there is always one more run: soon behind one that had something to do, and each second while there are
 * connections.
 */
static void turn(struct http *http, uint64_t most_ms)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	const union MHD_DaemonInfo *info;
	unsigned int before = http->connections;

	(void)MHD_run(http->daemon); /* fails for no such daemon */
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	http->connections = info ? info->num_connections : 0;
	if (MHD_get_timeout(http->daemon, &ms) == MHD_YES && ms < most_ms)
		most_ms = ms;
	if (most_ms == SECOND_MS && http->connections == 0 && before == 0)
		(void)sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
	else if (sd_event_source_set_time_relative(http->timer, most_ms * 1000) < 0 ||
	         sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT) < 0)
		log_error("a timer cannot be set");
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	turn(((struct server *)userdata)->http, SOON_MS);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	turn(((struct server *)userdata)->http, SECOND_MS);
	return 0;
}

/* Of libmicrohttpd's lines none is worth one here: they are of what a stranger sent. */
static void on_line(void *userdata, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void on_line(void *userdata, const char *format, va_list args)
{
	char line[256];

	(void)userdata;
	(void)vsnprintf(line, sizeof line, format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("status page: %s", TEXT(line));
}

static int loop_join(struct http *http, struct error *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int r = timer_add(http->server, &http->timer, on_timer, false, err);

	if (r < 0)
		return r;
	r = info ? sd_event_add_io(service_event(http->server->service), &http->io, info->epoll_fd, EPOLLIN, on_io, http->server) : -EINVAL;
	if (r >= 0) /* behind workers and clients */
		r = sd_event_source_set_priority(http->io, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? error_set(err, r, ERROR_OS, "status page: %s", strerror(-r)) : 0;
}

static bool is_local(int fd)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof at;

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		return false;
	if (at.ss_family == AF_INET)
		return ntohl(((struct sockaddr_in *)&at)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (at.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&at)->sin6_addr);
	return at.ss_family == AF_UNIX;
}

static int http_start(struct http *http, int *fd, struct error *err)
{
	int r;

	http->local = is_local(*fd);
	r = token_load(http, err);
	if (r < 0)
		return r;
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, http,
	                                MHD_OPTION_EXTERNAL_LOGGER, on_line, NULL, MHD_OPTION_LISTEN_SOCKET, *fd,
	                                MHD_OPTION_NOTIFY_COMPLETED, on_request_end, NULL,
	                                MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS,
	                                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	                                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)TIMEOUT_S, MHD_OPTION_END);
	if (!http->daemon)
		return error_set(err, -EIO, ERROR_OS, "the status page cannot be served: libmicrohttpd does not start");
	*fd = -1; /* it closes it at its end */
	return loop_join(http, err);
}

int http_init(struct server *server, int fd, struct error *err)
{
	_cleanup_(closep) int listening = fd;
	struct http *http;

	if (server->http)
		return error_set(err, -E2BIG, ERROR_CONFIG, "more than one socket for the status page");
	http = calloc(1, sizeof *http);
	if (!http)
		return error_oom(err);
	http->server = server;
	server->http = http;
	return http_start(http, &listening, err);
}

int http_reload(struct server *server, struct error *err)
{
	return server->http ? token_load(server->http, err) : 0;
}

void http_deinit(struct server *server)
{
	struct http *http = server->http;

	if (!http)
		return;
	renderings_end(server);
	(void)sd_event_source_disable_unref(http->io);
	(void)sd_event_source_disable_unref(http->timer);
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	free(http);
	server->http = NULL;
}

#else

int http_init(struct server *server, int fd, struct error *err)
{
	_cleanup_(closep) int listening = fd;

	(void)server;
	(void)listening;
	return error_set(err, -ENOSYS, ERROR_CONFIG,
	                 "this fqcoordd was built without libmicrohttpd and has no status page: right is no status_listen, or another build");
}

int http_reload(struct server *server, struct error *err)
{
	(void)server;
	(void)err;
	return 0;
}

void http_deinit(struct server *server)
{
	(void)server;
}

#endif
