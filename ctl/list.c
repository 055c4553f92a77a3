/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists: see list.h. */
#include "ctl/list.h"

#include <errno.h>

#include "ctl/client.h"
#include "lib/base/streams.h"

int list_show(const struct call *call, struct table *table, struct error *err)
{
	int r = table_print(table, &call->shape, stdout);

	if (r == -ENOMEM)
		return error_oom(err);
	return r < 0 ? stdout_finish(err) : 0;
}

int list_print(struct call *call, uint16_t type, int (*row_add)(void *table, uint16_t type, const void *message, struct error *err),
               struct error *err)
{
	const fq_Empty empty = {0};
	struct client client = {0};
	struct table *table = NULL;
	int r = table_new(call->verb->columns, call->verb->columns_n, &table);

	if (r < 0)
		return error_oom(err);
	r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = client_list(&client, type, &empty, row_add, table, err);
	if (r == 0)
		r = list_show(call, table, err);
	client_close(&client);
	table_free(table);
	return r;
}
