/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl's side of the protocol: one connection, one question at a time, waiting with a deadline.
 *
 *     client_open -> client_ask(type, message) -> client_answer() until the last frame -> client_close
 */
#pragma once

#include "conf/client_settings.h"
#include "lib/base/error.h"
#include "lib/wire/connection.h"
#include "lib/wire/dial.h"

struct client {
	const struct client_settings *settings;
	struct key *key;
	struct tls *tls;
	struct connection *connection;
	fq_Welcome welcome;
	uint16_t tag;
	uint64_t until_ms; /* monotonic: when --timeout is over; 0: never */
	char address[300]; /* for sentences: "coord:5381" or the socket's path */
};

/*
 * Reaches the coordinator that the settings name: TLS with this person's key and the pin of the known file, or the unix
 * socket. One that is there and ends before it has said WELCOME (it is started anew) is tried again for some seconds. Sentences for every way it can fail: no coordinator named (ERROR_USAGE), not joined (ERROR_DENIED), unreachable.
 */
int client_open(struct client *client, const struct client_settings *settings, struct error *err);
void client_close(struct client *client);

/* The folder's files: "key.pem" and "known". Strings to free. */
int client_files(const struct client_settings *settings, char **ret_key, char **ret_known, struct error *err);

int client_ask(struct client *client, uint16_t type, const void *message, struct error *err);

/*
 * The next frame of the answer to the last question: its type in *ret_type, decoded in *ret_message (room for
 * message_struct_size_largest()). An ERROR from the coordinator becomes the error. Of DATA only *ret_frame is set.
 */
int client_answer(struct client *client, uint16_t *ret_type, void *ret_message, struct frame *ret_frame, struct error *err);

/* Asks and takes the answer's only message, which must be of the type. */
int client_call(struct client *client, uint16_t type, const void *message, uint16_t answer_type, void *ret_answer,
                struct error *err);

/* Answers pings that have come, without waiting, while fqctl is busy otherwise. Negative: the connection is lost, --timeout is over. */
int client_idle(struct client *client, struct error *err);

/*
 * Asks and gives each message of the answer up to END to each(). each() may be NULL (nothing but END is expected) and ends
 * the loop with a negative value.
 */
int client_list(struct client *client, uint16_t type, const void *message,
                int (*each)(void *data, uint16_t type, const void *message, struct error *err), void *data,
                struct error *err);

/* Whether a failure may pass when tried again: the connection ended or was refused. */
bool client_lost(int r, const struct error *err);

/* Opens again after a loss: tries for up to patience_ms with growing pauses. */
int client_reopen(struct client *client, uint64_t patience_ms, struct error *err);

/* The same until a monotonic time, also where the coordinator is there and says that it cannot serve now (ERROR_TEMPORARY). */
int client_return(struct client *client, uint64_t end_ms, struct error *err);

/* What fqctl says of a job in its words: "job 17". The number behind the verb. -EINVAL with a sentence (ERROR_USAGE). */
/*
 * A node's name as people type it, into out[size]. A list or a pattern of names is refused (-EINVAL with a sentence), as is what is too
 * long: they would be no node's.
 */
int client_node_name(const char *text, char *out, size_t size, struct error *err);

int client_job_number(const char *text, uint64_t *ret_job, struct error *err);

/* Whether all n texts are such numbers: asked before a coordinator is. */
int client_job_numbers(char *const *texts, size_t n, struct error *err);
