/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl join: enrols this person's key with a coordinator. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"

static int address_of(const struct call *call, char host[TEXT_HOST_MAX], uint16_t *port, struct error *err)
{
	uint16_t otherwise = call->settings.port ? (uint16_t)call->settings.port : PORT_DEFAULT;

	if (call->arguments_n == 2)
		return text_to_address(call->arguments[0], otherwise, host, port, err);
	if (!call->settings.host.host[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "join needs HOST TOKEN; 'fqctl join --help' tells more");
	(void)snprintf(host, TEXT_HOST_MAX, "%s", call->settings.host.host);
	*port = call->settings.host.port;
	return 0;
}

/* What a name may not have in it becomes an underscore. */
static void name_make(const char *user, const char *host, char ret[65])
{
	(void)snprintf(ret, 65, "%.30s@%.32s", user && user[0] ? user : "user", host[0] ? host : "host");
	for (char *c = ret; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@:", *c))
			*c = '_';
}

static int run(struct call *call, struct error *err)
{
	_cleanup_(freep) char *key_path = NULL, *known_path = NULL;
	const struct passwd *user = getpwuid(getuid());
	char host[TEXT_HOST_MAX], here[HOST_NAME_MAX + 1] = "", name[65];
	struct key *key = NULL;
	fq_Role role;
	uint16_t port;
	bool made;
	int r;

	r = address_of(call, host, &port, err);
	if (r == 0)
		r = client_files(&call->settings, &key_path, &known_path, err);
	if (r == 0)
		r = key_load_or_make(key_path, &key, &made, err);
	if (r < 0)
		return r;
	(void)gethostname(here, sizeof here - 1);
	name_make(user ? user->pw_name : NULL, here, name);
	r = dial_join(host, port, call->arguments[call->arguments_n - 1], key, name, known_path, &role, err);
	if (r == 0)
		(void)printf("Joined %s:%u as %s %s\n", host, port, role == fq_Role_ROLE_ADMIN ? "administrator" : "client",
		             name);
	key_free(key);
	return r;
}

const struct verb verb_join = {
	.name = "join",
	.arguments = "[HOST] TOKEN",
	.arguments_min = 1,
	.arguments_max = 2,
	.help = "Enrol this person's key with a coordinator by a token.",
	.detail = "Makes the key when there is none. The token comes from 'fqctl token --role client' of an administrator. HOST may be "
	          "left out where -h, FQ_HOST or fqctl.conf names one. Key and coordinator are kept in the folder of --keys, and this is "
	          "needed once.",
	.example = "fqctl join coord TOKEN",
	.run = run,
};
