/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker that does everything right but for one lie: liar.c is the worker, lies.c, lies_result.c and lies_split.c what it can lie about.
 *
 *     HELLO --hello()--> WELCOME --welcomed()--> OPEN --opened()--> TASK --task()--> count --result()--> RESULT
 *
 * A lie is a row of a table; each function that it has is called with the honest message, which it may change. What happens is
 * told on standard output, a line each, so that a test can wait for it: "welcome", "lied", "acknowledged", "ended: SENTENCE".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/rules.h"
#include "lib/wire/connection.h"

#define LIAR_TASKS_MAX 64

struct liar {
	const char *host, *folder, *name;
	uint16_t port;
	struct key *key;
	struct tls *tls;
	struct connection *connection;
	const struct lie *lie;

	/* what the brief that came last says */
	struct count_rules rules;
	struct tracked *tracked;
	fq_Brief brief;
	struct blob brief_blob;

	fq_Task tasks[LIAR_TASKS_MAX]; /* that came, the last at the end */
	size_t tasks_n;
};

/* A result as it is to be sent: n bytes of blob behind the message, whatever that announces. */
struct answer {
	fq_Result result;
	uint8_t *blob;
	size_t n;
	bool silent; /* it is not sent */
};

struct lie {
	const char *name;
	void (*hello)(struct liar *liar, fq_Hello *hello);
	void (*welcomed)(struct liar *liar);
	void (*opened)(struct liar *liar, fq_Opened *opened);
	bool (*task)(struct liar *liar, const fq_Task *task); /* true: it is not counted */
	void (*result)(struct liar *liar, const fq_Task *task, struct answer *answer);
};

extern const struct lie lies[], lies_of_results[], lies_of_splits[]; /* the last has no name */

void liar_send(struct liar *liar, uint16_t type, const void *message);
void liar_send_blob(struct liar *liar, uint16_t type, const void *message, const uint8_t *bytes, size_t n);
void liar_lied(void);

/* Counts the task, by these modules and rules. */
void liar_count(struct liar *liar, const fq_Task *task, uint32_t modules, const struct count_rules *rules, struct answer *ret);

/* The counters of an answer, and back into it: hash and length as they should be. */
struct counters *answer_unpack(const struct answer *answer);
void answer_pack(struct answer *answer, const struct counters *counters);
void answer_sign(struct answer *answer);

void liar_must(bool fact, const char *what);
