/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strangers: connections that have not said yet who they are. One costs little, lasts for the handshake's time at most, and gives
 * its place to a newer one when places are short.
 *
 * Places are counted by network: an IPv4 address, the upper half of an IPv6 address (which is one site's, and has 2^64 addresses
 * for whoever is in it), or a user of the unix socket. Those of the unix socket have places of their own, so that who floods
 * the network keeps nobody out who is on this host.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/coord/session.h"

#define NETWORK_MAX 64

/* "" for a family that is none of IP. */
void stranger_network(const struct sockaddr_storage *from, char ret[NETWORK_MAX]);

/* Whether one more may come; the oldest stranger of those who are in its way may have to go for it. */
bool stranger_fits(struct server *server, const char *network, bool secured);

/* One has come: the timer that ends those whose time is over runs. */
void strangers_watch(struct server *server);
int strangers_init(struct server *server, struct error *err);
