/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows for people and for programs: aligned columns as wide as their widest cell, or the same rows as JSON. Numbers are
 * computed once, before any format.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table_column {
	const char *header; /* upper case; NULL: only in JSON */
	const char *key;    /* of the JSON object; NULL: only in the table */
	bool right;         /* numbers */
};

struct table;

int table_new(const struct table_column *columns, size_t n, struct table **ret);
struct table *table_free(struct table *table);

/* The cells of a row, left to right; a new row begins when all columns have one. text is made fit for a terminal
   here (names have had their own escapes where they came from); 0 or -ENOMEM. */
int table_text(struct table *table, const char *text);
/* shown in the table, number in JSON. */
int table_number(struct table *table, const char *shown, uint64_t number);

/* Aligned text, with the header line unless bare. 0 or -EIO. */
int table_print(const struct table *table, FILE *out, bool bare);

/* {"schema": SCHEMA, "rows": [{...}, ...]} on one line. */
int table_json(const struct table *table, FILE *out, const char *schema);
