/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/qc/tiles.h"

#include "lib/qc/prior.h"

int tiles_field(const struct tiles *tiles)
{
	return TILE_FIELD_UNKNOWN;
}

uint64_t tiles_qualities(const struct tiles *tiles)
{
	return 0;
}
