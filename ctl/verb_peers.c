/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl peers: whose keys are enrolled. */
#include <errno.h>
#include <stdio.h>

#include "ctl/list.h"
#include "lib/base/text.h"
#include "lib/wire/trust.h"

#define PIN_SHOWN 16 /* digits; in JSON all */

static const struct table_column columns[] = {
	{"NAME", "name", false},        {"ROLE", "role", false}, {"PIN", NULL, false},   {NULL, "pin", false},
	{"CONNECTED", "connected", true}, {"NODE", "node", false}, {"ADDRESS", "address", false},
	{"VOUCH", "vouch", false},
};

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	const fq_Peer *peer = message;
	char pin[PIN_TEXT_MAX], shown[PIN_SHOWN + 1], connected[16];
	struct table *table = data;
	int r;

	if (type != fq_Type_PEER)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to PEERS", message_name(type));
	(void)text_hex(pin, peer->pin, sizeof peer->pin);
	(void)snprintf(shown, sizeof shown, "%.*s", PIN_SHOWN, pin);
	(void)snprintf(connected, sizeof connected, "%u", peer->connections);
	r = table_text(table, peer->name);
	r = r < 0 ? r : table_text(table, role_name(peer->role));
	r = r < 0 ? r : table_text(table, shown);
	r = r < 0 ? r : table_text(table, pin);
	r = r < 0 ? r : table_number(table, connected, peer->connections);
	r = r < 0 ? r : table_text(table, peer->node[0] ? peer->node : "-");
	r = r < 0 ? r : table_text(table, peer->address[0] ? peer->address : "-");
	r = r < 0 ? r : table_text(table, peer->vouch ? "yes" : "-");
	return r < 0 ? error_oom(err) : 0;
}

static int run(struct call *call, struct error *err)
{
	return list_print(call, fq_Type_PEERS, row_add, err);
}

const struct verb verb_peers = {
	.name = "peers",
	.arguments = "",
	.help = "List whose keys are enrolled, and who of them is connected.",
	.detail = "For an administrator. PIN is the beginning of the key's SHA-256, which 'fqctl revoke' takes; NODE and ADDRESS are of "
	          "who is connected with it now.",
	.example = "fqctl peers",
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.peers/1",
	.run = run,
};
