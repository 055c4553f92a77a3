/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl nodes: a line a node. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
	{.header = "BATCH", .key = "batch", .extra = true},
	{.header = "ENDS", .key = "batch_ends", .extra = true},
};

/* The batch job that the node is: "slurm:123_4"; and when its time is over. */
static int put_batch(struct table *table, const fq_Node *node)
{
	char job[sizeof node->batch_engine + sizeof node->batch_job], ends[40] = "-";
	time_t seconds = (time_t)node->batch_ends;
	struct tm parts;
	int r;

	(void)snprintf(job, sizeof job, "%s%s%s", node->batch_engine, node->batch_job[0] ? ":" : "", node->batch_job);
	if (node->batch_ends > 0 && (!localtime_r(&seconds, &parts) || !strftime(ends, sizeof ends, "%Y-%m-%dT%H:%M:%S%z", &parts)))
		(void)snprintf(ends, sizeof ends, "-");
	r = table_text(table, job);
	return r < 0 ? r : table_number(table, ends, node->batch_ends);
}

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
	if (node->slots == 0 && node->seen_ms == 0) /* drained, and never there since the coordinator's start */
		(void)snprintf(seen, sizeof seen, "-");
	else if (node->seen_ms < 60000)
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
	r = r < 0 ? r : put_batch(table, node);
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
	.detail = "STATE is idle, mixed (some slots busy), alloc (all busy), suspect (it hangs, and is given nothing new until it "
	          "answers), drng (drained, still busy), drain or down; REASON says why. RATE is bytes a second, BYTES what it has "
	          "counted since it came, SEEN how long ago it was heard of.",
	.example = "fqctl nodes -h coord\n"
	           "fqctl nodes -h coord -P --no-header -o node,slots --sort -slots",
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.nodes/1",
	.run = run,
};
