/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl nodes: a line a node. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/list.h"
#include "lib/base/text.h"
#include "lib/wire/message.h"

static const struct table_column columns[] = {
	{.header = "NODE", .key = "node"},
	{.header = "STATE", .key = "state"},
	{.header = "CPUS(A/I/T)"},
	{.header = "BUSY", .key = "busy", .right = true, .extra = true},
	{.header = "SLOTS", .key = "slots", .right = true, .extra = true},
	{.header = "JOBS", .key = "jobs", .right = true},
	{.header = "RATE", .key = "bytes_per_second", .right = true},
	{.header = "BYTES", .key = "bytes_done", .right = true},
	{.header = "VERSION", .key = "version"},
	{.header = "SEEN", .key = "seen_ms", .right = true},
	{.header = "REASON", .key = "reason"},
};

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct table *table = data;
	const fq_Node *node = message;
	char slots[48], rate[24], bytes[16], seen[32];
	uint32_t idle = node->slots > node->busy ? node->slots - node->busy : 0;
	int r;

	if (type != fq_Type_NODE)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to NODES", message_name(type));
	if (strcmp(node->state, "down") == 0)
		(void)snprintf(slots, sizeof slots, "-/-/%u", node->slots);
	else
		(void)snprintf(slots, sizeof slots, "%u/%u/%u", node->busy, idle, node->slots);
	(void)text_bytes(bytes, node->rate);
	(void)snprintf(rate, sizeof rate, node->rate ? "%s/s" : "-", bytes);
	if (node->seen_ms < 60000)
		(void)snprintf(seen, sizeof seen, "%us", (unsigned)(node->seen_ms / 1000));
	else
		(void)text_elapsed(seen, node->seen_ms);
	r = table_text(table, node->name);
	r = r < 0 ? r : table_text(table, node->state);
	r = r < 0 ? r : table_text(table, slots);
	r = r < 0 ? r : table_count(table, node->busy);
	r = r < 0 ? r : table_count(table, node->slots);
	r = r < 0 ? r : table_count(table, node->jobs);
	r = r < 0 ? r : table_number(table, rate, node->rate);
	r = r < 0 ? r : table_number(table, text_bytes(bytes, node->bytes_done), node->bytes_done);
	r = r < 0 ? r : table_text(table, node->version);
	r = r < 0 ? r : table_number(table, seen, node->seen_ms);
	r = r < 0 ? r : table_text(table, node->reason);
	return r < 0 ? error_oom(err) : 0;
}

static int run(struct call *call, struct error *err)
{
	return list_print(call, fq_Type_NODES, row_add, err);
}

const struct verb verb_nodes = {
	.name = "nodes",
	.arguments = "",
	.help = "List the nodes: state, slots (allocated/idle/total), rate.",
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.nodes/1",
	.run = run,
};
