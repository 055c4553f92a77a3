/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl token: a token that lets a node or a person join; and which are out. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/given.h"
#include "ctl/list.h"
#include "lib/base/text.h"
#include "lib/wire/trust.h"

enum token_role { TOKEN_WORKER, TOKEN_CLIENT, TOKEN_ADMIN };

struct token_options {
	enum token_role role;
	uint64_t uses, ttl_ms;
	bool vouch, list;
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
	{.long_name = "vouch", .type = OPTION_BOOL,
	 .help = "Of role worker: users of its host need no key, the worker says who they are.",
	 OPTION_FIELD(struct token_options, vouch)},
	{.long_name = "list", .type = OPTION_BOOL, .help = "Make none; list those that are still good.",
	 OPTION_FIELD(struct token_options, list)},
};

static const struct option_table token_table = {
	.name = "token",
	.rows = token_rows,
	.n = sizeof token_rows / sizeof *token_rows,
	.settings_size = sizeof(struct token_options),
};

/* ---- --list */

static const struct table_column columns[] = {
	{"TOKEN", "token", false}, {"ROLE", "role", false},   {"USES", "uses", true}, {"EXPIRES", "expires_ms", true},
	{"VOUCH", "vouch", false},
};

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	const fq_TokenInfo *info = message;
	time_t seconds = (time_t)(info->expires_ms / 1000);
	char hex[2 * sizeof info->hash + 1], uses[16], when[64] = "-";
	struct table *table = data;
	struct tm parts;
	int r;

	if (type != fq_Type_TOKEN_INFO)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to TOKENS", message_name(type));
	if (localtime_r(&seconds, &parts))
		(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S%z", &parts);
	(void)snprintf(uses, sizeof uses, "%u", info->uses);
	text_hex(hex, info->hash, sizeof info->hash)[16] = '\0';
	r = table_text(table, hex);
	r = r < 0 ? r : table_text(table, role_name(info->role));
	r = r < 0 ? r : table_number(table, uses, info->uses);
	r = r < 0 ? r : table_number(table, when, info->expires_ms);
	r = r < 0 ? r : table_text(table, info->vouch ? "yes" : "-");
	return r < 0 ? error_oom(err) : 0;
}

static int run_list(struct call *call, struct error *err)
{
	return list_print(call, fq_Type_TOKENS, row_add, err);
}

/* ---- a new one */

static int run(struct call *call, struct error *err)
{
	static const fq_Role roles[] = {fq_Role_ROLE_WORKER, fq_Role_ROLE_CLIENT, fq_Role_ROLE_ADMIN};
	const struct token_options *options = call->options;
	fq_TokenRequest request = {
		.role = roles[options->role],
		.uses = (uint32_t)options->uses,
		.ttl_ms = options->ttl_ms,
		.vouch = options->vouch,
	};
	struct client client = {0};
	fq_TokenMade made;
	int r;

	if (options->list) {
		r = given_refuse(call, &token_table, (const char *const[]){"list", NULL}, "a new token, and not for --list", err);
		return r < 0 ? r : run_list(call, err);
	}
	if (given_no_table(call, "token without --list", err) < 0)
		return -EINVAL;
	if (call->settings.json)
		return error_set(err, -EINVAL, ERROR_USAGE, "a token is one line of text; --json goes with --list");
	if (options->vouch && options->role != TOKEN_WORKER)
		return error_set(err, -EINVAL, ERROR_USAGE, "--vouch is for a worker's token: only a worker vouches for others");
	r = client_open(&client, &call->settings, err);
	if (r == 0 && options->vouch && client.welcome.proto < 3)
		r = error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator (version %s) is too old for --vouch; upgrade it first",
		              TEXT(client.welcome.version));
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
	.detail = "For an administrator; on the coordinator's own host root needs no key (--socket PATH). A node joins by "
	          "'fqworkerd --join HOST TOKEN', a person by 'fqctl join HOST TOKEN'.",
	.example = "fqctl token --role worker --uses 40 --ttl 1h\n"
	           "fqctl token --role client",
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.tokens/1",
	.table = &token_table,
	.run = run,
};
