/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a worker waits before it dials again: see pause.h. */
#include "daemon/worker/pause.h"

uint64_t pause_limit(uint64_t *limit, uint64_t first, uint64_t longest)
{
	uint64_t next = 2 * *limit > first ? 2 * *limit : first;

	*limit = next < longest ? next : longest;
	return *limit;
}
