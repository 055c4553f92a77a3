/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Profiles as fqctl comes to them: those of this machine (FQ_CONF_DIR/profiles/NAME.txt and built in), a file, and those that the
 * coordinator tells of. What is returned in an entry is the caller's to deinit.
 */
#pragma once

#include "ctl/client.h"
#include "lib/base/error.h"
#include "lib/qc/profiles.h"

#define PROTO_PROFILES 3 /* coordinators of an older protocol have none */

/* Of this machine; files that are wrong are told on standard error and left out. 0 or negative with a sentence. */
int profiles_here(struct profiles *ret, struct error *err);

/* One of this machine; a word with a slash is a file, whose entry is called ./NAME. */
int profile_here(const char *word, struct profile_entry *ret, struct error *err);

/* By the coordinator (of protocol 3): with which the job was submitted; or job 0, the one of the name. */
int profile_ask(struct client *client, uint64_t job, const char *name, struct profile_entry *ret, struct error *err);

/* All that the coordinator knows by name, in order. */
int profiles_ask(struct client *client, struct profiles *ret, struct error *err);

/* What its text says. -EBADMSG with a sentence. */
int profile_of(const struct profile_entry *entry, struct profile *ret, struct error *err);
