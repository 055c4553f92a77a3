/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl revoke: takes back keys and tokens. */
#include <errno.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/verb.h"
#include "lib/base/text.h"

static int revoke_one(struct call *call, struct client *client, const char *what, struct error *err)
{
	fq_RevokeRequest request = {0};
	fq_Revoked revoked;
	int r;

	if ((size_t)snprintf(request.what, sizeof request.what, "%s", what) >= sizeof request.what)
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is too long for a name, a pin or a token's number; 'fqctl peers' and 'fqctl "
		                 "token --list' list them", TEXT(what));
	r = client_call(client, fq_Type_REVOKE, &request, fq_Type_REVOKED, &revoked, err);
	if (r == 0 && revoked.keys > 0)
		say(call, "%s: %u key%s revoked", TEXT(what), revoked.keys, revoked.keys == 1 ? "" : "s");
	else if (r == 0)
		say(call, "%s: %u token%s revoked", TEXT(what), revoked.tokens, revoked.tokens == 1 ? "" : "s");
	return r;
}

static int run(struct call *call, struct error *err)
{
	struct failures failures = {0};
	struct client client = {0};
	int r = client_open(&client, &call->settings, err);

	for (size_t i = 0; r == 0 && i < call->arguments_n; i++)
		r = failures_pass(&failures, revoke_one(call, &client, call->arguments[i], err), err);
	client_close(&client);
	return r < 0 ? r : (int)failures.class;
}

const struct verb verb_revoke = {
	.name = "revoke",
	.arguments = "NAME|PIN|TOKEN...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Take back keys and tokens; who is connected with one is cut off.",
	.detail = "For an administrator. All keys of the name, or the one whose pin (or the token whose number) begins so, with 16 "
	          "digits at least. What a worker was counting goes to others, and what it still sends is not taken.",
	.example = "fqctl revoke node9",
	.run = run,
};
