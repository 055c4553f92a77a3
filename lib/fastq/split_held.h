/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text that a split slice holds, for the source that gives it out (split_source.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/split.h"
#include "lib/fastq/stretch.h"

/* A member that begins in the slice. */
struct split_member {
	uint64_t number; /* of its first byte of text, from the slice's first */
	uint64_t block;  /* file offset of its header */
	struct gzip_trailer trailer;
	bool ends;       /* in the slice too, with this trailer */
};

struct split_text {
	struct arena arena; /* of the stretches */
	struct stretch **stretches;
	size_t stretches_n, stretches_capacity;
	struct split_member *members;
	size_t members_n, members_capacity;
	bool placed;
	uint8_t window[SPLIT_WINDOW]; /* before it, once it is placed */
};

struct split_text *split_text(struct split *split);
