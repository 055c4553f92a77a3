/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which node is the worker of which of Slurm's jobs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/slurm/keep.h"

static int take_node(void *data, uint16_t type, const void *message, struct error *err)
{
	struct slurm_nodes *nodes = data;

	if (type != fq_Type_NODE)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to NODES", message_name(type));
	if (nodes->n == nodes->size) {
		fq_Node *more = reallocarray(nodes->nodes, nodes->size = nodes->size * 2 + 16, sizeof *more);

		if (!more)
			return error_oom(err);
		nodes->nodes = more;
	}
	nodes->nodes[nodes->n++] = *(const fq_Node *)message;
	return 0;
}

int slurm_nodes_ask(struct client *client, struct slurm_nodes *ret, struct error *err)
{
	const fq_Empty empty = {0};

	return client_list(client, fq_Type_NODES, &empty, take_node, ret, err);
}

/* By what it says, or where the coordinator is older by the end of its name: HOST-ARRAY_TASK. */
static bool is_node_of(const fq_Node *node, const char *number)
{
	size_t n = strlen(node->name), tail = strlen(number);

	if (node->batch_job[0])
		return strcmp(node->batch_engine, "slurm") == 0 && strcmp(node->batch_job, number) == 0;
	return n > tail + 1 && node->name[n - tail - 1] == '-' && strcmp(node->name + n - tail, number) == 0;
}

/* What is there now before what was. */
const fq_Node *slurm_node_of(const struct slurm_nodes *nodes, const struct slurm_job *job)
{
	char number[SLURM_NUMBER_MAX];
	const fq_Node *found = NULL;

	(void)slurm_number(job, number);
	for (size_t i = 0; i < nodes->n; i++) {
		const fq_Node *node = &nodes->nodes[i];

		if (is_node_of(node, number) && (!found || strcmp(found->state, "down") == 0))
			found = node;
	}
	return found;
}
