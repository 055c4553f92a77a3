/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a connection has to send: frames in order, urgent ones (PING, PONG, PROGRESS) before all
 * others, taken out as bytes. A blob stays where it is and is cut into DATA frames while it is
 * taken out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 8

struct queue_item;

struct queue_lane {
	struct queue_item *first, *last;
};

struct queue {
	struct queue_lane urgent, usual;
	struct queue_lane *open; /* its first frame is partly taken out; or NULL */
	size_t bytes, max;       /* queued and not taken out yet */
};

void queue_deinit(struct queue *queue);

/* A frame; payload is copied. 0, -ENOMEM, or -ENOBUFS when it would go over max. */
int queue_add(struct queue *queue, uint16_t type, uint16_t tag, const uint8_t *payload, size_t n);

/* A frame and n bytes behind it, which the queue takes over (frees at once on failure). */
int queue_add_blob(struct queue *queue, uint16_t type, uint16_t tag, const uint8_t *payload,
                   size_t payload_n, uint8_t *blob, size_t n);

/*
 * Takes out up to room bytes; returns how many: less than room only when the queue is empty then.
 */
size_t queue_take(struct queue *queue, uint8_t *out, size_t room);
