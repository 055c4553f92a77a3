/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl token: a token that lets a node or a person join. */
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/verb.h"

enum token_role { TOKEN_WORKER, TOKEN_CLIENT, TOKEN_ADMIN };

struct token_options {
	enum token_role role;
	uint64_t uses, ttl_ms;
};

static const struct option_row token_rows[] = {
	{.long_name = "role", .argument = "ROLE", .type = OPTION_CHOICE, .default_text = "worker",
	 .choices = "worker|client|admin", .help = "What the key that joins with it may be.",
	 OPTION_FIELD(struct token_options, role)},
	{.long_name = "uses", .argument = "N", .type = OPTION_NUMBER, .default_text = "1", .smallest = 1,
	 .largest = 100000, .unit = "keys", .help = "How many keys may join with it.",
	 OPTION_FIELD(struct token_options, uses)},
	{.long_name = "ttl", .argument = "TIME", .type = OPTION_DURATION, .default_text = "1h", .smallest = 1000,
	 .largest = 366ULL * 86400 * 1000, .help = "How long it is good for.", OPTION_FIELD(struct token_options, ttl_ms)},
};

static const struct option_table token_table = {
	.name = "token",
	.rows = token_rows,
	.n = sizeof token_rows / sizeof *token_rows,
	.settings_size = sizeof(struct token_options),
};

static int run(struct call *call, struct error *err)
{
	static const fq_Role roles[] = {fq_Role_ROLE_WORKER, fq_Role_ROLE_CLIENT, fq_Role_ROLE_ADMIN};
	const struct token_options *options = call->options;
	fq_TokenRequest request = {
		.role = roles[options->role],
		.uses = (uint32_t)options->uses,
		.ttl_ms = options->ttl_ms,
	};
	struct client client = {0};
	fq_TokenMade made;
	int r;

	r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = client_call(&client, fq_Type_TOKEN, &request, fq_Type_TOKEN_MADE, &made, err);
	if (r == 0)
		(void)puts(made.token);
	client_close(&client);
	return r;
}

const struct verb verb_token = {
	.name = "token",
	.arguments = "",
	.help = "Print a token with which a node or a person can join.",
	.detail = "For an administrator; on the coordinator's own host root needs no key (--socket PATH). A node joins by\n"
	          "'fqworkerd --join HOST TOKEN', a person by 'fqctl join HOST TOKEN'.",
	.table = &token_table,
	.run = run,
};
