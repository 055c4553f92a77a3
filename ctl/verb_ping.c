/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl ping: whether the coordinator is there and answers, and how fast. */
#include <stdio.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/verb.h"
#include "lib/base/text.h"

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int count(void *data, uint16_t type, const void *message, struct error *err)
{
	(void)message;
	(void)err;
	if (type == fq_Type_NODE)
		++*(size_t *)data;
	return 0;
}

static int run(struct call *call, struct error *err)
{
	const fq_Empty empty = {0};
	struct client client = {0};
	double began = now_ms(), there;
	size_t nodes = 0;
	int r;

	r = client_open(&client, &call->settings, err);
	there = now_ms();
	if (r == 0)
		r = client_list(&client, fq_Type_NODES, &empty, count, &nodes, err);
	if (r == 0)
		(void)printf("%s: fqcoordd %s, generation %llu, %zu node%s; connected in %.1f ms, answered in %.1f ms\n",
		             client.address, TEXT(client.welcome.version), (unsigned long long)client.welcome.generation, nodes,
		             nodes == 1 ? "" : "s", there - began, now_ms() - there);
	client_close(&client);
	return r;
}

const struct verb verb_ping = {
	.name = "ping",
	.arguments = "",
	.help = "Ask whether the coordinator is there.",
	.detail = "Prints its address and version, how often it has started (generation), how many nodes it knows, and how many "
	          "milliseconds a connection and an answer took. Exit status 69: nobody is there; 'fqctl doctor' says what to do.",
	.example = "fqctl ping -h coord",
	.run = run,
};
