/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For test_worker*.c: a coordinator of a few lines that speaks the real protocol, and a real fqworkerd that is enrolled with it.
 * Whatever cannot be set up, and any answer that does not come within WAIT_MS, ends the test program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/wire/connection.h"
#include "tests/unit/wire/pair.h"

#define WAIT_MS 60000

struct fake {
	struct side side; /* the coordinator's key */
	int listener;
	uint16_t port;
	struct connection *connection; /* of the worker */
	uint64_t generation;
	uint8_t id[16];
	uint32_t proto; /* that WELCOME says */

	char folder[64]; /* temporary: key.pem, known, files of the test */
	pid_t pid;       /* fqworkerd, or 0 */
};

/* Listens on loopback and enrols the key in fake->folder. */
void fake_init(struct fake *fake);

/* Kills the worker and removes the folder. */
void fake_deinit(struct fake *fake);

/* Starts fqworkerd with one slot and what extra (NULL or one option) says. Its standard error goes to folder/log. */
void fake_start(struct fake *fake, const char *extra);

/* Waits for the end of fqworkerd: its exit status, or minus the signal. */
int fake_wait_end(struct fake *fake);

/* Takes its next connection and HELLO; then WELCOME with the present generation. */
void fake_accept(struct fake *fake, fq_Hello *ret);
void fake_welcome(struct fake *fake);

/* Takes its next connection and goes on until it is over, whoever ends it. */
void fake_refused(struct fake *fake);

/* Goes on until the worker has closed the connection. */
void fake_wait_close(struct fake *fake);

/* The same; *ret is the sentence by which it was closed. */
void fake_wait_refusal(struct fake *fake, struct error *ret);

/* Closes the connection. */
void fake_cut(struct fake *fake);

void fake_send(struct fake *fake, uint16_t type, const void *message);

/* RESULT_ACK. */
void fake_acknowledge(struct fake *fake, const fq_SliceRef *ref);

/* With n bytes behind it, which are copied. */
void fake_send_blob(struct fake *fake, uint16_t type, const void *message, const uint8_t *bytes, size_t n);

/* The next message, which must be of this type (PROGRESS is passed over). */
void fake_expect(struct fake *fake, uint16_t type, void *ret);

/* RESULT with its blob. */
void fake_expect_result(struct fake *fake, fq_Result *ret, struct blob *ret_blob);

/* The worker's only child by the name of slots, once there is one that is not `not`. */
pid_t fake_child(const struct fake *fake, pid_t not );

/*
 * The same one, stopped while it waits for a task: it counts task, whose lease must be of no other use, before. A child that is
 * stopped earlier has not said that it is ready, and is given nothing.
 */
pid_t fake_stop_child(struct fake *fake, const fq_Task *task);

/*
 * Returns when a child that stands still has been given the task of this file that was sent last: the supervisor keeps the file of
 * what a slot counts open. Files are opened by several processes, so that other answers may come earlier than its own.
 */
void fake_wait_given(struct fake *fake, const char *path);

/* The worker has dealt with all that was sent before, but for what is still being opened. */
void fake_settle(struct fake *fake);

/* Whether folder/log has this text. */
bool fake_logged(const struct fake *fake, const char *text);

void bail_out(const char *why) __attribute__((noreturn));
