/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many slots a worker has, and how much memory each: from what was said, and from what it may use of the machine. */
#pragma once

#include "conf/worker_settings.h"
#include "lib/base/confines.h"

#define SLOT_MEMORY_MIN (UINT64_C(256) << 20) /* program, libraries, and the counters of long reads */
#define TEXT_MEMORY_MIN (UINT64_C(32) << 20)  /* for each slot: a slice of 1 MiB at the usual ratios */
#define TEXT_MEMORY (UINT64_C(128) << 20)     /* for each slot, of what it may have: no more than a quarter of slot_limit is made use of */

/*
 * Sets cores, slots (0: as many as there are cores, at least one), slot_limit, text_memory where it is 0, and confined. Memory that is bounded by
 * control groups or by a batch system is shared out under --batch only: a service has slot_memory, and a slice of the site's.
 */
void worker_room(struct worker_settings *settings, const struct confines *confines);
