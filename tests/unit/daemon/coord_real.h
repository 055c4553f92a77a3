/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: a real fqcoordd in a temporary folder, with clients and workers of a few lines. Whatever cannot be set up ends the
 * program.
 */
#pragma once

#include <sys/types.h>

#include "lib/fastq/fingerprint.h"
#include "lib/qc/rules.h"
#include "lib/qc/varint.h"
#include "lib/wire/connection.h"
#include "tests/unit/wire/pair.h"

#define WAIT_MS 60000
#define READS 300ULL
#define RECORD 30ULL /* bytes */
#define SLICES 3ULL

struct setup {
	char base[32], state[64], path[64]; /* path: a file of READS reads */
	struct side *sides;                 /* the workers' keys: nodes "node1", "node2", ...; the last is a client's */
	size_t workers;
	uint8_t pin[PIN_SIZE];
	uint16_t port;
	pid_t pid;
	struct file_facts facts;
	uint64_t slice_size; /* of what client_submit() submits; 0: a third of the reads */
	uint8_t uuids;
	struct connection *worker, *client; /* of tests with one of each; ended by setup_stop() */
};

/* A coordinator with these options (NULL at the end) and so many workers enrolled. bases: the file has one read of so many; or 0. */
void setup_start(struct setup *setup, size_t workers, size_t bases, const char *const *options);
void setup_stop(struct setup *setup);
unsigned long setup_memory(const struct setup *setup);   /* KiB that are in memory now */
size_t setup_log(const struct setup *setup, const char *text); /* lines of the log with this in them */

void bail_out(const char *why) __attribute__((noreturn));
void must(int r, const struct error *err);

/* Sends and waits until it is out. */
void send_message(struct connection *connection, uint16_t type, const void *message);
/* The next frame, which must be of this type. */
void expect(struct connection *connection, uint16_t type, void *ret);
/* The next thing is the end with this sentence in it; the connection is freed. */
void refused(struct connection **connection, const char *sentence, const char *what);

struct connection *client_new(struct setup *setup);  /* unix socket; greeted, as administrator */
struct connection *client_open(struct setup *setup); /* not greeted */
struct connection *client_dial(struct setup *setup); /* with the client's key; not greeted */
int client_greet(struct connection *connection, struct error *err);
void client_submit(struct setup *setup, struct connection *client, uint32_t modules, const uint8_t *rules, size_t n);

struct connection *worker_dial(struct setup *setup, size_t i); /* with the key of node i; not greeted */
struct connection *worker_new(struct setup *setup, size_t i); /* node i, with one slot; greeted */
void worker_open(struct setup *setup, struct connection *worker); /* answers OPEN */
/* What counting the task gives; *ret_bytes is the caller's to free. */
void worker_count(struct setup *setup, const fq_Task *task, const struct count_rules *rules, fq_Result *ret, uint8_t **ret_bytes);
