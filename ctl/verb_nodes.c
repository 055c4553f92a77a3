/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl nodes: a line a node. */
#include <errno.h>
#include <stdio.h>

#include "ctl/list.h"
#include "lib/base/text.h"
#include "lib/wire/message.h"

static const struct table_column columns[] = {
	{"NODE", "node", false},       {"STATE", "state", false}, {"CPUS(A/I/T)", NULL, false}, {NULL, "busy", true},
	{NULL, "slots", true},         {"JOBS", "jobs", true},    {"RATE", "bytes_per_second", true},
	{"BYTES", "bytes_done", true}, {"VERSION", "version", false}, {"SEEN", "seen_ms", true}, {"REASON", "reason", false},
};

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct table *table = data;
	const fq_Node *node = message;
	char slots[48], jobs[16], busy[16], all[16], rate[24], bytes[16], seen[32];
	uint32_t idle = node->slots > node->busy ? node->slots - node->busy : 0;
	int r;

	if (type != fq_Type_NODE)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to NODES", message_name(type));
	(void)snprintf(slots, sizeof slots, "%u/%u/%u", node->busy, idle, node->slots);
	(void)snprintf(jobs, sizeof jobs, "%u", node->jobs);
	(void)snprintf(busy, sizeof busy, "%u", node->busy);
	(void)snprintf(all, sizeof all, "%u", node->slots);
	(void)text_bytes(bytes, node->rate);
	(void)snprintf(rate, sizeof rate, node->rate ? "%s/s" : "-", bytes);
	r = table_text(table, node->name);
	r = r < 0 ? r : table_text(table, node->state);
	r = r < 0 ? r : table_text(table, slots);
	r = r < 0 ? r : table_number(table, busy, node->busy);
	r = r < 0 ? r : table_number(table, all, node->slots);
	r = r < 0 ? r : table_number(table, jobs, node->jobs);
	r = r < 0 ? r : table_number(table, rate, node->rate);
	r = r < 0 ? r : table_number(table, text_bytes(bytes, node->bytes_done), node->bytes_done);
	r = r < 0 ? r : table_text(table, node->version);
	r = r < 0 ? r : table_number(table, text_elapsed(seen, node->seen_ms), node->seen_ms);
	r = r < 0 ? r : table_text(table, node->reason);
	return r < 0 ? error_oom(err) : 0;
}

static int run(struct call *call, struct error *err)
{
	return list_print(call, fq_Type_NODES, columns, sizeof columns / sizeof *columns, row_add, "fqcluster.nodes/1", err);
}

const struct verb verb_nodes = {
	.name = "nodes",
	.arguments = "",
	.help = "List the nodes: state, slots (allocated/idle/total), rate.",
	.json = true,
	.run = run,
};
