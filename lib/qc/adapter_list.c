/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's list of adapters: see adapter_list.h. */
#include "lib/qc/adapter_list.h"

#include <errno.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/list_file.h"

static void field_fill(char *field, const struct span *span)
{
	memcpy(field, span->text, span->n);
	field[span->n] = '\0';
}

static int adapter_add(struct count_rules *rules, const struct list_file *file, const struct span *name,
                       const struct span *sequence, struct error *err)
{
	struct adapter *adapter;

	if (rules->adapters_n == ADAPTERS_MAX)
		return list_file_wrong(file, err, "there are more than %d adapters", ADAPTERS_MAX);
	if (name->n >= ADAPTER_NAME_MAX)
		return list_file_wrong(file, err, "the name of an adapter may have %d bytes", ADAPTER_NAME_MAX - 1);
	if (sequence->n >= ADAPTER_SEQUENCE_MAX)
		return list_file_wrong(file, err, "the sequence of an adapter may have %d bases", ADAPTER_SEQUENCE_MAX - 1);
	adapter = &rules->adapters[rules->adapters_n++];
	field_fill(adapter->name, name);
	field_fill(adapter->sequence, sequence);
	return 0;
}

int adapter_list_read(struct count_rules *rules, const char *text, size_t n, const char *name, struct error *err)
{
	struct list_file file = list_file_open(text, n, name);
	struct count_rules read = *rules;
	struct span title, sequence;
	int r;

	read.adapters_n = 0;
	memset(read.adapters, 0, sizeof read.adapters);
	while ((r = list_file_entry(&file, &title, &sequence, err)) > 0) {
		r = adapter_add(&read, &file, &title, &sequence, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (read.adapters_n == 0)
		return error_set(err, -EBADMSG, ERROR_CONFIG,
		                 "%s lists no adapter: right are lines of a name, one or more tabs, and a sequence", TEXT(name));
	*rules = read;
	return 0;
}
