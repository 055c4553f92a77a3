/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a boundary may be (split.h): the header of a member, or the first bit of a block, dynamic or stored, that is not the
 * member's last. By what the header says alone: about one in 10^9 bits of what is not one looks like a dynamic block's, and one in 10^5
 * bytes like a stored block's; decoding on finds these out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boundary {
	uint64_t bit;
	bool header; /* of a member */
};

#define BOUNDARY_AHEAD 512 /* bytes behind a place that are looked at; a header of a member is only told by its first bytes */

/*
 * The first candidate at bit `from` of p or behind, and before bit `stop`, where BOUNDARY_AHEAD bytes and more are behind it (or
 * zeros, behind the file's end). Returns false where there is none.
 */
bool boundary_find(const uint8_t *p, uint64_t from, uint64_t stop, struct boundary *ret);
