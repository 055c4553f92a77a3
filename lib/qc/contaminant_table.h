/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contaminants that are looked for where the user gives no list of his own: conf/contaminant_list.txt, built in. */
#pragma once

#define CONTAMINANT_TABLE_N 151

struct contaminant_row {
	const char *name, *sequence;
};

extern const struct contaminant_row contaminant_table[CONTAMINANT_TABLE_N];
