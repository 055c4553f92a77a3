/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enrolling this node: see join.h. */
#include "daemon/worker/join.h"

#include <errno.h>
#include <string.h>

#include "daemon/own_key.h"
#include "lib/base/cleanup.h"
#include "lib/base/streams.h"
#include "lib/wire/dial.h"
#include "lib/wire/durable.h"

static void key_freep(struct key **key)
{
	(void)key_free(*key); /* always NULL */
}

/* A token of another role has enrolled this key for something else than work. */
static int check_role(fq_Role role, const char *host, struct error *err)
{
	if (role == fq_Role_ROLE_WORKER)
		return 0;
	return error_set(err, -EPERM, ERROR_DENIED,
	                 "the token was not of role worker; on the coordinator run 'fqctl token "
	                 "--role worker', and here "
	                 "'fqworkerd --join %s TOKEN' again",
	                 TEXT(host));
}

/* Where the coordinator is that was joined, for a worker that is told no host. */
static int note_host(const char *state, const char *host, uint16_t port, struct error *err)
{
	_cleanup_(freep) char *path = NULL, *line = NULL;
	int n, r;

	if (asprintf(&path, "%s/host", state) < 0)
		return error_oom(err);
	n = asprintf(&line, strchr(host, ':') ? "[%s]:%u\n" : "%s:%u\n", host, port);
	if (n < 0)
		return error_oom(err);
	r = durable_write(path, line, (size_t)n, 0600, true, err);
	return r < 0 ? r : own_key_give(state, path, err);
}

int join_by_token(const struct worker_settings *settings, const char *host, uint16_t port, const char *token, struct error *err)
{
	_cleanup_(key_freep) struct key *key = NULL;
	fq_Role role = fq_Role_ROLE_NONE;
	bool made = false;
	int r;

	r = key_load_or_make(settings->key, &key, &made, err);
	if (r == 0 && made)
		r = own_key_give(settings->state, settings->key, err);
	if (r == 0)
		r = dial_join(host, port, token, key, settings->name, settings->known, &role, err);
	if (r == 0)
		r = own_key_give(settings->state, settings->known, err);
	return r < 0 ? r : check_role(role, host, err);
}

int join_coordinator(const struct worker_settings *settings, const char *host_text,
                     const char *token, struct error *err)
{
	char host[TEXT_HOST_MAX];
	uint16_t port;
	int r;

	r = text_to_address(host_text, (uint16_t)settings->port, host, &port, err);
	if (r == 0)
		r = join_by_token(settings, host, port, token, err);
	if (r == 0)
		r = note_host(settings->state, host, port, err);
	if (r < 0)
		return r;
	(void)printf("joined %s:%u as the worker %s\n", TEXT(host), port, settings->name);
	return stdout_finish(err);
}
