/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows for people and for programs: aligned columns as wide as their widest cell, values between pipes, or JSON. Numbers are
 * computed once, before any format.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/option.h"
#include "lib/base/error.h"

struct table_column {
	const char *header; /* upper case; NULL: only in JSON. Its name for --fields ends before a parenthesis */
	const char *key;    /* of the JSON object; NULL: only in the table */
	bool right;         /* numbers */
	bool extra;         /* shown only where --fields names it */
	bool shrinks;       /* gives up room where the terminal is narrow */
};

#define TABLE_COLUMNS_MAX 32

/* What --fields, --sort and --parsable said, of verbs that list. */
struct table_options {
	char *fields, *sort;
	bool pipes;
};
extern const struct option_table table_options_table;

/* How a table is to be shown: which columns in which order, sorted by which. */
struct table_shape {
	const char *schema; /* not NULL: as JSON, with all keys */
	bool bare;          /* without the header line */
	bool pipes;         /* values as JSON has them, between pipes, under the names of JSON */
	unsigned width;     /* columns of the terminal; 0: any */
	size_t shown[TABLE_COLUMNS_MAX], shown_n;
	struct {
		size_t column;
		bool down;
	} sort[TABLE_COLUMNS_MAX];
	size_t sort_n;
};

/*
 * All columns but the extra ones, or those that options (may be NULL) name. -EINVAL with a sentence that has the names there are.
 */
int table_shape(const struct table_column *columns, size_t n, const struct table_options *options, struct table_shape *ret,
                struct error *err);

/* The name of a column for --fields into out[32]: "NODELIST" of "NODELIST(REASON)". */
const char *table_field(const struct table_column *column, char out[32]);

struct table;

int table_new(const struct table_column *columns, size_t n, struct table **ret);
struct table *table_free(struct table *table);

/* The cells of a row, left to right; a new row begins when all columns have one. text is made fit for a terminal
   here (names have had their own escapes where they came from); 0 or -ENOMEM. */
int table_text(struct table *table, const char *text);
/* shown in the table, number in JSON. */
int table_number(struct table *table, const char *shown, uint64_t number);
/* The number in full in both. */
int table_count(struct table *table, uint64_t number);

/* Sorts the rows and prints them as the shape says. 0, -ENOMEM or -EIO. */
int table_print(struct table *table, const struct table_shape *shape, FILE *out);

/* Columns of the terminal that a text takes; where the locale cannot read it, its bytes. */
unsigned text_columns(const char *text);

/* How many bytes of a text fill so many columns at most. */
size_t text_fit(const char *text, unsigned columns);
