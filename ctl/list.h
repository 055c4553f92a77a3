/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question to the coordinator whose answer is a list, printed as a table or as JSON. */
#pragma once

#include "ctl/table.h"
#include "ctl/verb.h"

/* Asks by a message of this type, which has no fields; row_add() makes a row of each answer, with the table as its data. */
int list_print(struct call *call, uint16_t type, const struct table_column *columns, size_t columns_n,
               int (*row_add)(void *table, uint16_t type, const void *message, struct error *err), const char *schema,
               struct error *err);
