/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl drain and resume: whether nodes are given new slices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/hostlist.h"

struct drain_options {
	char *reason;
};

static const struct option_row drain_rows[] = {
	{.long_name = "reason", .argument = "TEXT", .type = OPTION_STRING, .largest = 255,
	 .help = "Why; stands in 'fqctl nodes'.", OPTION_FIELD(struct drain_options, reason)},
};

static const struct option_table drain_table = {
	.name = "drain",
	.rows = drain_rows,
	.n = sizeof drain_rows / sizeof *drain_rows,
	.settings_size = sizeof(struct drain_options),
};

/* What each argument names: a name, or a list of names as tables fold them. */
struct named {
	struct call *call;
	char ***lists; /* NULL: it is no list */
};

static void named_deinit(struct named *named)
{
	for (size_t i = 0; named->lists && i < named->call->arguments_n; i++)
		(void)hostlist_free(named->lists[i]); /* always NULL */
	free(named->lists);
}

static bool is_named(const struct named *named, const char *node)
{
	for (size_t i = 0; i < named->call->arguments_n; i++)
		for (char **name = named->lists[i]; name && *name; name++)
			if (strcmp(node, *name) == 0)
				return true;
	return false;
}

/* Of those: nodes that the coordinator knows by name alone. */
static int tell_absent(void *data, uint16_t type, const void *message, struct error *err)
{
	const struct named *named = data;
	const fq_Node *node = message;

	(void)err;
	if (type == fq_Type_NODE && strcmp(node->state, "down") == 0 && is_named(named, node->name))
		say(named->call,
		    "%s is not there: it is drained for when it comes; 'fqctl nodes' lists those that are, 'fqctl resume %s' undoes it",
		    TEXT(node->name), TEXT(node->name));
	return 0;
}

static int ask_one(struct client *client, uint16_t type, const char *name, const char *reason, struct error *err)
{
	fq_NodeRequest request = {0};
	int r = client_node_name(name, request.name, sizeof request.name, err);

	(void)snprintf(request.reason, sizeof request.reason, "%s", reason);
	return r < 0 ? r : client_call(client, type, &request, fq_Type_DONE, NULL, err);
}

/* Of all arguments; what is wrong with one of them is told. */
static int ask(struct named *named, struct client *client, uint16_t type, const char *reason, struct failures *failures,
               struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < named->call->arguments_n; i++) {
		r = failures_pass(failures, hostlist_unfold(named->call->arguments[i], &named->lists[i], err), err);
		for (char **name = named->lists[i]; r == 0 && name && *name; name++)
			r = failures_pass(failures, ask_one(client, type, *name, reason, err), err);
	}
	return r;
}

static int run_type(struct call *call, uint16_t type, const char *reason, struct error *err)
{
	struct named named _cleanup_(named_deinit) = {.call = call, .lists = calloc(call->arguments_n, sizeof *named.lists)};
	struct failures failures = {0};
	struct client client = {0};
	int r = named.lists ? client_open(&client, &call->settings, err) : error_oom(err);

	if (r == 0)
		r = ask(&named, &client, type, reason, &failures, err);
	if (r == 0 && type == fq_Type_NODE_DRAIN)
		r = client_list(&client, fq_Type_NODES, &(fq_Empty){0}, tell_absent, &named, err);
	client_close(&client);
	return r < 0 ? r : (int)failures.class;
}

static int run_drain(struct call *call, struct error *err)
{
	const struct drain_options *options = call->options;

	return run_type(call, fq_Type_NODE_DRAIN, options->reason, err);
}

static int run_resume(struct call *call, struct error *err)
{
	return run_type(call, fq_Type_NODE_RESUME, "", err);
}

const struct verb verb_drain = {
	.name = "drain",
	.arguments = "NODE...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Give nodes no new slices; what they count now they finish.",
	.detail = "For an administrator. It holds until 'fqctl resume', also over restarts. A node that is away is drained for when it "
	          "comes; a name under which none was seen and no worker has joined is refused, and the other nodes are drained all the "
	          "same. Lists are read as tables fold them: node[01-04,07].",
	.example = "fqctl drain --reason \"new disk\" node1\n"
	           "fqctl drain --reason \"new switch\" 'node[1-2]'",
	.table = &drain_table,
	.run = run_drain,
};

const struct verb verb_resume = {
	.name = "resume",
	.arguments = "NODE...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Give drained nodes slices again.",
	.detail = "For an administrator. Whoever drained them: a person, or the coordinator because they disagreed with others or failed "
	          "where others did not. Lists are read as tables fold them: node[01-04,07].",
	.example = "fqctl resume 'node[1-2]'",
	.run = run_resume,
};
