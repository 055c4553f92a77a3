/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question to the coordinator whose answer is a list, printed as a table or as JSON. */
#pragma once

#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/verb.h"

/*
 * client_list() of a question that changes nothing, for which each() is there: where the connection ends before the answer has begun (the
 * coordinator is being started anew), that is said, and the question asked again once the coordinator is back.
 */
int list_ask(const struct call *call, struct client *client, uint16_t type, const void *message,
             int (*each)(void *data, uint16_t type, const void *message, struct error *err), void *data, struct error *err);

/* Asks by a message of this type, which has no fields; row_add() makes a row of each answer, with a table of the verb's columns as
   its data. */
int list_print(struct call *call, uint16_t type, int (*row_add)(void *table, uint16_t type, const void *message, struct error *err),
               struct error *err);

/* Prints a table of the verb's columns as the person wants it. 0, or negative with a sentence. */
int list_show(const struct call *call, struct table *table, struct error *err);
