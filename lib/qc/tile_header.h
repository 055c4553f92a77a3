/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tile in a read's header, found as FastQC does: the line with its '@' is split at ':' (empty fields at the end do
 * not count), and one field of it is to be a Java int. Names here are headers without the '@'.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Which field (from 0) has the tile, by the number of fields: 4, 2, or TILE_FIELD_NONE (prior.h). */
int header_field(const uint8_t *name, uint32_t n);

/* Where the tile's field begins; false: the header has no such field. */
bool header_field_at(const uint8_t *name, uint32_t n, int field, uint32_t *ret);

/*
 * The number in the field that begins at `at`; false where there is none. *ret_end: length of the name up to the ':' behind the
 * field, with it, or 0 where the name ends there. Names alike up to and with that ':' have the same tile.
 */
bool header_tile(const uint8_t *name, uint32_t n, uint32_t at, int32_t *ret, uint32_t *ret_end);
