/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of fqctl that hold for every verb; the rows that fill them are in client_options.c. */
#pragma once

#include "conf/start.h"

enum client_progress { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_NONE };

/* Where the unix socket of a coordinator that runs as a service is. */
#define CLIENT_SOCKET_DEFAULT "/run/fqcluster/ctl.sock"
/* And that of a worker that lets users of its host in. */
#define CLIENT_GATE_DEFAULT "/run/fqworkerd/ctl.sock"

struct client_settings {
	struct conf_address host;  /* the coordinator, with its port; .host empty: none, or the socket */
	uint64_t port;             /* where host names none */
	char *socket;              /* the coordinator's unix socket, or a worker's; empty: none was named. Never set together with host */
	char *keys;                /* folder of this person's key and the known coordinators; never empty once loaded */
	enum client_progress progress;
	uint64_t timeout_ms;       /* 0: none */
	bool json, quiet, no_header;
};

extern const struct option_table client_table;

/*
 * Defaults, FQ_CONF_DIR/fqctl.conf and the user's own fqctl.conf (or instead of both the --config FILE), environment, and what
 * arguments give. Free with client_settings_deinit, also after failure. ret_conf (may be NULL) is for conf_dump.
 */
int client_settings_load(const struct conf_arguments *arguments, struct client_settings *settings, struct conf *ret_conf,
                         struct error *err);
/* The same without any file: as far as one comes whose file is wrong. */
int client_settings_load_bare(const struct conf_arguments *arguments, struct client_settings *settings, struct conf *ret_conf,
                              struct error *err);
void client_settings_deinit(struct client_settings *settings);
