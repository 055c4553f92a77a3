/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of reads by their mean quality: floor(sum of quality bytes / length), of reads whose quality is not empty. */
#pragma once

#include <stdint.h>

struct scores {
	uint64_t reads[256]; /* by mean quality byte, offset not taken off */
};
