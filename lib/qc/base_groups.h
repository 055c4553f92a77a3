/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of neighbouring positions that a report shows as one row (FASTQC.md section 0.6). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum base_grouping {
	GROUPING_LINEAR, /* single positions up to 75 bases, then groups of about equal size, at most 75 of them */
	GROUPING_NONE,   /* single positions */
	GROUPING_GROWING, /* groups that grow along the read ("expgroup") */
};

/* Positions from 1, both belong to the group. */
struct base_group {
	uint64_t from, to;
};

/* All groups of n positions, one behind the other; the caller frees. 0 or -ENOMEM. */
int base_groups_make(uint64_t n, enum base_grouping grouping, struct base_group **ret, size_t *ret_n);
