/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connected socket to the coordinator without keeping the event loop waiting: looking up a name, and connecting, may take
 * long, and the slots go on meanwhile. So a forked process does it and passes the socket, or its sentence, back.
 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/service.h"
#include "lib/base/error.h"

struct dialler;

/* Called once, from the loop: r is 0 with a socket that is the owner's now, or negative with err. Then call dialler_free(). */
typedef void (*dialler_fn)(void *userdata, int r, int fd, const struct error *err);

int dialler_new(struct service *service, const char *host, uint16_t port, uint64_t timeout_ms,
                dialler_fn done, void *userdata, struct dialler **ret, struct error *err);

/* Ends what is under way, without a callback. Takes NULL, returns NULL. */
struct dialler *dialler_free(struct dialler *dialler);
