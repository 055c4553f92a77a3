/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a connection has to send: frames in order, urgent ones (PING, PONG, PROGRESS, and what a
 * worker says of slices and files without a blob) before all others, so that none of them waits
 * for a large result; taken out as bytes. A blob stays where it is and is cut into DATA frames
 * while it is taken out. It may be shared with other queues.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire/shared.h"

#define FRAME_HEADER 8

struct queue_item;

struct queue_lane {
	struct queue_item *first, *last;
};

struct queue {
	struct queue_lane urgent, usual;
	struct queue_lane *open; /* its first frame is partly taken out; or NULL */
	size_t bytes, max;       /* queued and not taken out yet, of frames and blobs */
};

void queue_deinit(struct queue *queue);

/* A frame; payload is copied. 0, -ENOMEM, or -ENOBUFS when it would go over max. */
int queue_add(struct queue *queue, uint16_t type, uint16_t tag, const uint8_t *payload, size_t n);

/* A frame and a blob behind it, of which the queue takes over one hold (also on failure). */
int queue_add_blob(struct queue *queue, uint16_t type, uint16_t tag, const uint8_t *payload,
                   size_t payload_n, struct shared *blob);

/*
 * Takes out up to room bytes; returns how many: less than room only when the queue is empty then.
 */
size_t queue_take(struct queue *queue, uint8_t *out, size_t room);
