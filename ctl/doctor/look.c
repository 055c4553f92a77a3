/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What fqctl doctor sees: each step has a time limit, and where one fails those behind it are left out, but for the files here.
 *
 *     configuration -> name -> connect -> TLS and HELLO -> HEALTH -> NODES -> PROBE without a path -> each file here and by PROBE
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "conf/places.h"
#include "ctl/aside.h"
#include "ctl/doctor/doctor.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define NAME_MS 6000
#define CONNECT_MS 6000
#define STEP_MS 15000 /* more than the coordinator waits for its nodes */
#define FILE_MS 6000

/* ---- the configuration */

static void add_file(char *out, size_t size, const char *path)
{
	size_t n = strlen(out);

	if (access(path, F_OK) == 0)
		(void)snprintf(out + n, size - n, "%s%s", n > 0 ? ", " : "", TEXT(path));
}

static void look_config(const struct call *call, struct doctor_facts *facts)
{
	_cleanup_(freep) char *folder = NULL, *path = NULL;

	facts->config = call->config;
	if (call->config_file && call->config_file[0]) {
		add_file(facts->config_files, sizeof facts->config_files, call->config_file);
		return;
	}
	add_file(facts->config_files, sizeof facts->config_files, FQ_CONF_DIR "/fqctl.conf");
	if (place_user(&folder, NULL) == 0 && folder[0] && asprintf(&path, "%s/fqctl.conf", folder) >= 0)
		add_file(facts->config_files, sizeof facts->config_files, path);
}

static const char *source_words(const struct call *call, bool host)
{
	switch (host ? CONF_SOURCE(&call->conf, struct client_settings, host) : CONF_SOURCE(&call->conf, struct client_settings, socket)) {
	case CONF_COMMAND:
		return "the command line";
	case CONF_ENVIRONMENT:
		return host ? "FQ_HOST" : "FQ_SOCKET";
	case CONF_USER_FILE:
		return "your own fqctl.conf";
	case CONF_FILE:
		return "the file fqctl.conf";
	default:
		return "where it usually is";
	}
}

/* ---- the way there */

struct lookup {
	const char *host;
	unsigned port;
};

static void look_up(const void *in, void *out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	const struct lookup *lookup = in;
	struct addrinfo *list = NULL;

	*(int *)out = getaddrinfo(lookup->host, NULL, &hints, &list);
}

static void look_name(struct doctor_facts *facts)
{
	const struct lookup lookup = {.host = facts->host, .port = facts->port};
	struct doctor_step *step = &facts->name;
	int code = 0;

	step->done = true;
	step->r = aside(look_up, &lookup, &code, sizeof code, NAME_MS);
	if (step->r == 0 && code != 0)
		step->r = error_set(&step->error, -EADDRNOTAVAIL, ERROR_NO_HOST, "%s", gai_strerror(code));
	else if (step->r < 0)
		(void)error_set(&step->error, step->r, ERROR_NO_HOST, "%s", strerror(-step->r));
}

static void look_connect(struct doctor_facts *facts)
{
	struct doctor_step *step = &facts->connect;
	_cleanup_(closep) int fd = -1;

	step->done = true;
	step->r = facts->way == WAY_HOST ? dial_tcp(facts->host, (uint16_t)facts->port, CONNECT_MS, &fd, &step->error)
	                                 : dial_unix(facts->address, &fd, &step->error);
}

static void limit(struct client *client)
{
	client->until_ms = clock_monotonic_ms() + STEP_MS;
}

static void look_greet(const struct call *call, struct client *client, struct doctor_facts *facts)
{
	struct doctor_step *step = &facts->greet;

	step->done = true;
	limit(client);
	step->r = client_open(client, &call->settings, &step->error);
	facts->welcome = client->welcome;
}

/* By the unix socket only client_open() knows which. */
static void look_way(const struct call *call, struct client *client, struct doctor_facts *facts)
{
	const struct conf_address *host = &call->settings.host;
	_cleanup_(freep) char *key = NULL, *known = NULL;

	if (client_files(&call->settings, &key, &known, NULL) == 0)
		(void)snprintf(facts->known, sizeof facts->known, "%s", known);
	if (host->host[0]) {
		facts->way = WAY_HOST;
		facts->source = source_words(call, true);
		facts->port = host->port;
		(void)snprintf(facts->host, sizeof facts->host, "%s", host->host);
		(void)snprintf(facts->address, sizeof facts->address, "%s:%u", host->host, host->port);
		look_name(facts);
		if (facts->name.r == 0)
			look_connect(facts);
		if (facts->connect.done && facts->connect.r == 0)
			look_greet(call, client, facts);
		return;
	}
	look_greet(call, client, facts);
	if (facts->greet.r == -EDESTADDRREQ) {
		facts->greet.done = false;
		return;
	}
	facts->way = WAY_SOCKET;
	facts->source = source_words(call, false);
	(void)snprintf(facts->address, sizeof facts->address, "%s", client->address);
	if (facts->greet.r < 0)
		look_connect(facts); /* is it that? */
	facts->greet.done = !(facts->connect.done && facts->connect.r < 0);
}

/* ---- the coordinator and its nodes */

static void look_health(struct client *client, struct doctor_facts *facts)
{
	struct doctor_step *step = &facts->health;
	const fq_Empty empty = {0};
	uint64_t began = clock_monotonic_ms(), round;

	step->done = true;
	limit(client);
	step->r = client_call(client, fq_Type_HEALTH, &empty, fq_Type_HEALTH_TOLD, &facts->told, &step->error);
	round = clock_monotonic_ms() - began;
	facts->round_ms = (uint32_t)round;
	if (step->r == 0 && facts->told.clock_ms < INT64_MAX / 4)
		facts->clock_ms = (int64_t)facts->told.clock_ms + (int64_t)(round / 2) - (int64_t)clock_wall_ms();
}

static int node_add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct doctor_facts *facts = data;
	fq_Node *nodes;

	if (type != fq_Type_NODE)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to NODES", message_name(type));
	nodes = reallocarray(facts->nodes, facts->nodes_n + 1, sizeof *nodes);
	if (!nodes)
		return error_oom(err);
	facts->nodes = nodes;
	nodes[facts->nodes_n++] = *(const fq_Node *)message;
	return 0;
}

static void look_nodes(struct client *client, struct doctor_facts *facts)
{
	const fq_Empty empty = {0};

	facts->list.done = true;
	limit(client);
	facts->list.r = client_list(client, fq_Type_NODES, &empty, node_add, facts, &facts->list.error);
}

static void look_clocks(struct client *client, struct doctor_facts *facts)
{
	facts->looked.done = true;
	limit(client);
	facts->looked.r = probe_ask(client, NULL, NULL, &facts->looks, &facts->looked.error);
}

/* One who is gone, or was silent once, is not asked for more. */
static bool goes_on(const struct doctor_step *step)
{
	return step->r != -ETIMEDOUT && !client_lost(step->r, &step->error);
}

static bool look_cluster(struct client *client, struct doctor_facts *facts)
{
	bool young = facts->welcome.proto >= PROTO_PROBES;

	if (young)
		look_health(client, facts);
	if (young && !goes_on(&facts->health))
		return false;
	look_nodes(client, facts);
	if (!young || !goes_on(&facts->list))
		return false;
	look_clocks(client, facts);
	return goes_on(&facts->looked);
}

/* ---- files */

static bool may_ask(const struct client *client, const struct probe_file *file)
{
	return file->here || client->welcome.nonce.size == 0 || client->welcome.role == fq_Role_ROLE_ADMIN;
}

static void look_file(struct client *client, bool *asks, struct doctor_file *file)
{
	file->step.done = true;
	file->step.r = probe_file_look(file->name, FILE_MS, &file->file, &file->step.error);
	if (file->step.r < 0 || file->file.content.class != ERROR_NONE || !*asks || !may_ask(client, &file->file))
		return;
	file->asked.done = true;
	limit(client);
	file->asked.r = probe_ask(client, NULL, &file->file, &file->answers, &file->asked.error);
	*asks = goes_on(&file->asked);
}

void doctor_look(const struct call *call, struct doctor_facts *ret)
{
	struct client client = {0};
	bool asks;

	*ret = (struct doctor_facts){.proto = message_version(), .version = PACKAGE_VERSION};
	look_config(call, ret);
	look_way(call, &client, ret);
	asks = ret->greet.done && ret->greet.r == 0 && look_cluster(&client, ret);
	ret->files = calloc(call->arguments_n + 1, sizeof *ret->files);
	ret->files_n = ret->files ? call->arguments_n : 0;
	for (size_t i = 0; i < ret->files_n; i++) {
		ret->files[i].name = call->arguments[i];
		look_file(&client, &asks, &ret->files[i]);
	}
	client_close(&client);
}

void doctor_facts_deinit(struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->files_n; i++) {
		probe_file_deinit(&facts->files[i].file);
		probe_answers_deinit(&facts->files[i].answers);
	}
	probe_answers_deinit(&facts->looks);
	free(facts->files);
	free(facts->nodes);
	*facts = (struct doctor_facts){0};
}
