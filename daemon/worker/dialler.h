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

/*
 * The same for a user of this host, whose name is looked up on the way (which may take as long); a process that is not done some
 * seconds after timeout_ms is given up. In the callback dialler_user() is his name, cut to what a HELLO has room for; "" where he has none.
 */
int dialler_new_for(struct service *service, const char *host, uint16_t port, uint64_t timeout_ms, uint32_t uid, dialler_fn done,
                    void *userdata, struct dialler **ret, struct error *err);
const char *dialler_user(const struct dialler *dialler);

/* Ends what is under way, without a callback. Takes NULL, returns NULL. */
struct dialler *dialler_free(struct dialler *dialler);
