/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a worker waits before it dials again: an even draw from 0 to a limit, which doubles with each try.
 *
 * Who loses a coordinator that served him does so together with all other workers, and is not to come back together with them:
 * his first limit is PAUSE_LOST_MS. Then of many peers no more than a third come within any half second, whenever the coordinator is there
 * again (tests/unit/daemon/pause.c draws it).
 */
#pragma once

#include <stdint.h>

#define PAUSE_FIRST_MS 100
#define PAUSE_SILENT_MS 1000 /* the network is lost: for others too */
#define PAUSE_LOST_MS 3000

/* *limit: of the last pause, or 0 after good service; first: one of the above. The limit of the next one, milliseconds. */
uint64_t pause_limit(uint64_t *limit, uint64_t first, uint64_t longest);
