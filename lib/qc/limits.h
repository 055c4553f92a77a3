/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a module warns and fails: FastQC's limits.txt (FASTQC.md section 0.3), the shipped one or a user's. */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/qc/list_file.h"

enum limit_id { /* the names of limits.txt, in its words */
	        LIMIT_DUPLICATION,
	        LIMIT_KMER,
	        LIMIT_N_CONTENT,
	        LIMIT_OVERREPRESENTED,
	        LIMIT_QUALITY_BASE_LOWER,
	        LIMIT_QUALITY_BASE_MEDIAN,
	        LIMIT_SEQUENCE,
	        LIMIT_GC_SEQUENCE,
	        LIMIT_QUALITY_SEQUENCE,
	        LIMIT_TILE,
	        LIMIT_SEQUENCE_LENGTH,
	        LIMIT_ADAPTER,
	        LIMIT_QUALITY_BASE, /* has only "ignore" */
	        _LIMIT_MAX,
};

struct limit {
	double warn, error;
	double ignore; /* above 0: the section is left out */
};

struct limits {
	struct limit of[_LIMIT_MAX];
};

void limits_default(struct limits *limits);

/*
 * Reads text in the format of limits.txt into *limits: what it does not name stays as it is, so set the defaults first. name is the
 * file's, for sentences. 0 or -EBADMSG with file, line and what would be right.
 */
int limits_read(struct limits *limits, const char *text, size_t n, const char *name, struct error *err);

/* One line of such a text, the last that file gave. As limits_read(). */
int limits_line(struct limits *limits, const struct list_file *file, struct span line, struct error *err);

/* A plain decimal number. 0 or -EINVAL. */
int limits_number(const struct span *span, double *ret);
