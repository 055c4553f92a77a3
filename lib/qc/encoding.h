/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How quality bytes stand for Phred scores, told from the lowest byte as FastQC does (FASTQC.md section 0.7). */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/csv.h"

struct encoding {
	const char *name;
	uint8_t offset;
};

#define ENCODING_NO_QUALITY 126 /* taken for the lowest byte where there is none */

/* 0, or -EBADMSG with a sentence where no encoding has such a byte: below '!', or above '~'. */
int encoding_tell(uint8_t lowest, enum phred phred, struct encoding *ret, struct error *err);
