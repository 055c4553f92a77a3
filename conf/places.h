/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are unless somebody says otherwise: folders of systemd and of the user, keys, the coordinator's port. */
#pragma once

#include <stddef.h>

#include "conf/load.h"

/* The state folder: what systemd made for the service ($STATE_DIRECTORY) where only the default is set. 0 or -ENOMEM. */
int place_state(struct conf *conf, size_t state_offset, struct error *err);

/*
 * An empty key becomes $CREDENTIALS_DIRECTORY/CREDENTIAL where that is there, else STATE/key.pem. 0 or -ENOMEM.
 */
int place_key(char **key, const char *state, const char *credential, struct error *err);

/* FOLDER/known. 0 or -ENOMEM. */
int place_known(char **known, const char *folder, struct error *err);

/* An empty gate becomes ctl.sock in the runtime folder that systemd made ($RUNTIME_DIRECTORY), where there is one. 0 or -ENOMEM. */
int place_gate(char **gate, struct error *err);

/*
 * The folder of a person's own files: $XDG_CONFIG_HOME/fqcluster, else .config/fqcluster in his home. A new string, empty where
 * he has no home. 0 or -ENOMEM.
 */
int place_user(char **ret, struct error *err);

/*
 * A host that was not named becomes the line HOST:PORT of STATE/host, in which a node notes what it joined. 0 also where there is
 * no such file or it may not be read; -EINVAL where it has something else.
 */
int place_host(struct conf *conf, size_t host_offset, const char *state, struct error *err);

/*
 * Gives a host the port that holds: its own, or that of the port option where the host has none or the port option's source
 * comes later. Both options have the same port afterwards. -EINVAL where both were given on the command line and differ.
 */
int place_port(struct conf *conf, size_t host_offset, size_t port_offset, struct error *err);

/* ERROR_USAGE where one of the two values came from the command line or the environment, else ERROR_CONFIG. */
enum error_class place_class(const struct conf *conf, size_t a_offset, size_t b_offset);
