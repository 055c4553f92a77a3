/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fastqc_data.txt read back, ours or FastQC's: sections with their statuses and rows of texts. What is not of its form is refused; nothing
 * of it is believed beyond that.
 */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/qc/report.h"

#define TOLD_MAX (256u << 20) /* bytes of such a text */
#define TOLD_FIELDS_MAX 64   /* columns */

struct told_section {
	enum section_id id;
	enum status status;
	char *note;                    /* value of "#Total Deduplicated Percentage", or NULL */
	char *columns;                 /* names, with tabs between; NULL: none */
	char **rows;                   /* each with tabs between its fields */
	size_t rows_n, rows_room;
};

/* Of one section of each kind at most; `there` says which. */
struct told {
	char *text; /* that the others point into */
	struct told_section sections[_SECTION_MAX];
	unsigned int there; /* bits */
};

/* text: n bytes and a zero byte, the reader's from then on, also on failure. 0, -ENOMEM or -EBADMSG with name and line. */
int told_read(struct told *told, char *text, size_t n, const char *name, struct error *err);
void told_deinit(struct told *told);

/* The i-th field of a line: its bytes at *ret_n; NULL: there is none. */
const char *told_field(const char *line, size_t i, size_t *ret_n);
