/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists: see list.h. */
#include "ctl/list.h"

#include <errno.h>

#include "ctl/client.h"

int list_print(struct call *call, uint16_t type, const struct table_column *columns, size_t columns_n,
               int (*row_add)(void *table, uint16_t type, const void *message, struct error *err), const char *schema,
               struct error *err)
{
	const fq_Empty empty = {0};
	struct client client = {0};
	struct table *table = NULL;
	int r = table_new(columns, columns_n, &table);

	if (r < 0)
		return error_oom(err);
	r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = client_list(&client, type, &empty, row_add, table, err);
	if (r == 0 && (call->settings.json ? table_json(table, stdout, schema)
	                                   : table_print(table, stdout, call->settings.no_header)) < 0)
		r = error_set(err, -EIO, ERROR_CANT_CREATE, "standard output cannot be written");
	client_close(&client);
	table_free(table);
	return r;
}
