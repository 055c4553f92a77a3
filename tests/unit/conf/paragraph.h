/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a row of an option table stands in the shipped file and in the man page of its program. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "conf/option.h"

/* Settings with all defaults. */
void *new_defaults(const struct option_table *table);
void free_defaults(const struct option_table *table, void *settings);

/* A row whose value has bounds. */
bool is_quantity(const struct option_row *row);

/* Text for troff: a dash is a minus, a tilde itself. */
void put_escaped(FILE *out, const char *text);

/* Writes a row's paragraph; value is its default. */
typedef void (*put_row)(FILE *out, const struct option_row *row, const char *value);

void put_shipped(FILE *out, const struct option_row *row, const char *value);
void put_manual(FILE *out, const struct option_row *row, const char *value);

/* The same, within a group. */
void put_shipped_group(FILE *out, const struct option_row *row, const char *value);
void put_manual_group(FILE *out, const struct option_row *row, const char *value);

/* What put writes of the row with the value that it has in settings; the caller frees it. */
char *paragraph_of(const struct option_row *row, const void *settings, put_row put);

/* Those of all rows that have a key, on standard output. */
void print_paragraphs(const struct option_table *table, put_row put);
