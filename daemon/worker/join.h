/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enrolling this node's key with a coordinator: fqworkerd --join HOST TOKEN, or --batch with a token's file. */
#pragma once

#include "conf/worker_settings.h"

/*
 * Makes the key where there is none, enrols it by the token, and writes the coordinator's pin to STATE/known and where it is to
 * STATE/host. As root the files become the property of the state folder's owner, who is the user of the service. Prints one line.
 * 0 or negative with a sentence.
 */
int join_coordinator(const struct worker_settings *settings, const char *host, const char *token,
                     struct error *err);

/* The same without noting the host and without a line. */
int join_by_token(const struct worker_settings *settings, const char *host, uint16_t port, const char *token, struct error *err);
