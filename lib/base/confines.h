/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of the machine this process may use: the cores of its affinity mask, and what its control groups (v2, v1 or both) leave of
 * processor time and memory. A group's limit holds for all that is below it, so each is looked for from the process's own group up to
 * the mount point.
 */
#pragma once

#include <stdint.h>

struct confines {
	uint64_t cores;  /* of the affinity mask; at least 1 */
	uint64_t quota;  /* thousandths of a processor that the groups leave; 0: no limit */
	uint64_t memory; /* bytes that the groups leave; 0: no limit */
};

/*
 * root stands before every path ("" but in tests): proc/self/cgroup and proc/self/mountinfo below it say where the groups are. What is not
 * there, not to be read or makes no sense is no limit.
 */
void confines_read(const char *root, struct confines *ret);

/* The cores of the affinity mask, however many the machine has; 1 where the kernel does not tell. */
uint64_t confines_cores(void);
