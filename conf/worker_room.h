/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many slots a worker has, and how much memory each: from what was said, and from what it may use of the machine. */
#pragma once

#include "conf/worker_settings.h"
#include "lib/base/confines.h"

#define SLOT_MEMORY_MIN (UINT64_C(256) << 20) /* program, libraries, and the counters of long reads */

/*
 * Sets slots (0: as many as there are cores, at least one), slot_limit and confined. Memory that is bounded by control groups or by a
 * batch system is shared out under --batch only: a service has slot_memory, and a slice of the site's.
 */
void worker_room(struct worker_settings *settings, const struct confines *confines);
