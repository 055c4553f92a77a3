/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections that have not said yet who they are: see strangers.h. */
#include "daemon/coord/strangers.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/events.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define STRANGER_MS 1000 /* who has not said who he is for so long makes room for others */
#define LINE_BYTES 200   /* bytes of a line of the log that a stranger causes */
#define LINES_MS 10000
#define LINES_MOST 10    /* of them in LINES_MS */

void stranger_network(const struct sockaddr_storage *from, char ret[NETWORK_MAX])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	struct in6_addr v6 = ((const struct sockaddr_in6 *)from)->sin6_addr;

	ret[0] = '\0';
	if (from->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &v4->sin_addr, ret, NETWORK_MAX); /* fits */
	} else if (from->ss_family == AF_INET6) {
		if (!IN6_IS_ADDR_V4MAPPED(&v6))
			memset(v6.s6_addr + 8, 0, 8);
		(void)inet_ntop(AF_INET6, &v6, ret, NETWORK_MAX);
	}
}

/* The strangers of a network or (NULL) of any: how many, and the one who has been here for longest. */
static uint64_t strangers(const struct server *server, const char *network, bool secured, struct session **ret_oldest)
{
	uint64_t n = 0;

	*ret_oldest = NULL;
	for (struct session *session = server->sessions; session; session = session->next) {
		if (session->welcome || session->secured != secured || (network && strcmp(session->network, network) != 0))
			continue;
		n++;
		*ret_oldest = session; /* the newest are first */
	}
	return n;
}

bool stranger_fits(struct server *server, const char *network, bool secured)
{
	const struct coord_settings *settings = server->settings;
	struct session *oldest;

	if (server->sessions_n >= server->connections_max)
		return false;
	if (strangers(server, network, secured, &oldest) >= settings->unauthenticated_per_address) {
		/* oldest is one of this network */
	} else if (strangers(server, NULL, secured, &oldest) < settings->unauthenticated_max) {
		return true;
	}
	if (!oldest || clock_monotonic_ms() - oldest->since_ms < STRANGER_MS)
		return false;
	session_free(oldest);
	return true;
}

/* Those whose time is over. */
static int on_strangers(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	const uint64_t handshake = server->settings->handshake_ms;
	bool left = false;

	(void)usec;
	for (int secured = 0; secured < 2; secured++) {
		struct session *oldest;

		while (strangers(server, NULL, secured, &oldest) > 0 && clock_monotonic_ms() - oldest->since_ms >= handshake)
			session_free(oldest);
		left = left || oldest;
	}
	if (left && sd_event_source_set_time_relative(source, handshake * 1000 / 4) >= 0)
		(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

void strangers_watch(struct server *server)
{
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(server->strangers, &enabled);
	if (enabled == SD_EVENT_OFF &&
	    sd_event_source_set_time_relative(server->strangers, server->settings->handshake_ms * 1000) >= 0)
		(void)sd_event_source_set_enabled(server->strangers, SD_EVENT_ONESHOT);
}

int strangers_init(struct server *server, struct error *err)
{
	return timer_add(server, &server->strangers, on_strangers, false, err);
}

void stranger_line(struct server *server, int level, const char *format, ...)
{
	char line[LINE_BYTES - 8]; /* what log_line() puts around it */
	uint64_t left_out;
	va_list args;

	if (!log_wanted(level) || !rate_take(&server->stranger_lines, clock_monotonic_ms(), LINES_MS, LINES_MOST, &left_out))
		return;
	if (left_out > 0)
		log_line(level, "%llu lines about strangers were left out", (unsigned long long)left_out);
	va_start(args, format);
	(void)vsnprintf(line, sizeof line, format, args); /* cut is good enough for a stranger */
	va_end(args);
	log_event(level, &(struct log_about){.event = TOLD_STRANGER_REFUSED}, "%s", line);
}
