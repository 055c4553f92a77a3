/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists: see list.h. */
#include "ctl/list.h"

#include <errno.h>

#include "ctl/job.h"
#include "lib/base/failpoint.h"
#include "lib/base/streams.h"

struct answer {
	int (*each)(void *data, uint16_t type, const void *message, struct error *err);
	void *data;
	bool begun;
};

static int take(void *data, uint16_t type, const void *message, struct error *err)
{
	struct answer *answer = data;

	answer->begun = true;
	return answer->each(answer->data, type, message, err);
}

int list_ask(const struct call *call, struct client *client, uint16_t type, const void *message,
             int (*each)(void *data, uint16_t type, const void *message, struct error *err), void *data, struct error *err)
{
	struct answer answer = {.each = each, .data = data};
	int r;

	FAILPOINT("list-asks");
	do
		r = client_list(client, type, message, take, &answer, err);
	while (!answer.begun && job_again(call, client, &r, err));
	return r;
}

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
		r = list_ask(call, &client, type, &empty, row_add, table, err);
	if (r == 0)
		r = list_show(call, table, err);
	client_close(&client);
	table_free(table);
	return r;
}
