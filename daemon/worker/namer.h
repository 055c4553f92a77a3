/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The name of a user of this host without keeping the event loop waiting: the system's name services may ask the network. So a forked
 * process asks them, for some seconds at most.
 */
#pragma once

#include <stdint.h>

#include "daemon/service.h"
#include "lib/base/error.h"

struct namer;

/* Called once, from the loop: his name, cut to what a HELLO has room for; "" where he has none; NULL: it could not be told in time. */
typedef void (*namer_fn)(void *userdata, const char *name);

int namer_new(struct service *service, uint32_t uid, namer_fn done, void *userdata, struct namer **ret, struct error *err);

/* Ends what is under way, without a callback; may be called in it. Takes NULL, returns NULL. */
struct namer *namer_free(struct namer *namer);
