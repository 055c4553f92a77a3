/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of the state folder: fqcluster.db, key.pem and peers in a folder of their own.
 *
 *     fqcoordd --backup DIR    of a coordinator that runs (asked through its unix socket) or does not
 *     fqcoordd --restore DIR   back into the state folder of one that does not run; what was there is kept beside it
 */
#pragma once

#include "conf/coord_settings.h"
#include "lib/base/error.h"

#define BACKUP_FOLDER "backup" /* in the state folder: what the coordinator has copied and nobody has taken away yet */

int backup_command(const struct coord_settings *settings, struct error *err);
int restore_command(const struct coord_settings *settings, struct error *err);

/* The key and the peers file, as far as they are there, into the folder of a copy, which is synced then. */
int copies_add(const struct coord_settings *settings, const char *folder, struct error *err);

/* Removes the folder of a copy and nothing else: 0 too where it is not there. */
int copies_remove(const char *folder, struct error *err);
