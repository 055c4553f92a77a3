/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a connection has to send: see queue.h. */
#include "lib/wire/queue.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/wire/message.h"

/* One frame with its header in `frame`; then, of a blob, one DATA frame after the other. */
struct queue_item {
	struct queue_item *next;
	struct shared *blob;
	size_t blob_n, blob_at; /* at: of the DATA frame being taken out */
	uint16_t tag;
	uint8_t data_header[FRAME_HEADER];
	size_t at, n; /* bytes of the present frame, taken out and in all */
	bool in_blob;
	uint8_t frame[];
};

static void put_header(uint8_t *out, uint32_t n, uint16_t type, uint16_t tag)
{
	uint32_t length = htonl(n);
	uint16_t halves[2] = {htons(type), htons(tag)};

	memcpy(out, &length, 4);
	memcpy(out + 4, halves, 4);
}

static void item_free(struct queue_item *item)
{
	(void)shared_unref(item->blob); /* always NULL */
	free(item);
}

static void lane_deinit(struct queue_lane *lane)
{
	for (struct queue_item *item = lane->first, *next; item; item = next) {
		next = item->next;
		item_free(item);
	}
	lane->first = lane->last = NULL;
}

void queue_deinit(struct queue *queue)
{
	lane_deinit(&queue->urgent);
	lane_deinit(&queue->usual);
	queue->open = NULL;
	queue->bytes = 0;
}

/* None of these means anything else when it comes before a frame that was sent earlier. */
static bool is_urgent(uint16_t type)
{
	switch (type) {
	case fq_Type_PING:
	case fq_Type_PONG:
	case fq_Type_PROGRESS:
	case fq_Type_OPENED:
	case fq_Type_CRASHED:
	case fq_Type_IO_ERROR:
	case fq_Type_RETURN:
	case fq_Type_DRAINING:
		return true;
	default:
		return false;
	}
}

/* Bytes of a blob with the headers of its DATA frames. */
static size_t blob_wire_size(size_t n)
{
	return n + (n + DATA_MAX - 1) / DATA_MAX * FRAME_HEADER;
}

static bool fits(const struct queue *queue, size_t n)
{
	return queue->bytes < queue->max && n <= queue->max - queue->bytes;
}

static int item_add(struct queue *queue, struct queue_lane *lane, uint16_t type, uint16_t tag,
                    const uint8_t *payload, size_t payload_n, struct queue_item **ret)
{
	struct queue_item *item = malloc(sizeof *item + FRAME_HEADER + payload_n);

	if (!item)
		return -ENOMEM;
	*item = (struct queue_item){.tag = tag, .n = FRAME_HEADER + payload_n};
	put_header(item->frame, (uint32_t)payload_n, type, tag);
	if (payload_n > 0)
		memcpy(item->frame + FRAME_HEADER, payload, payload_n);
	if (lane->last)
		lane->last->next = item;
	else
		lane->first = item;
	lane->last = item;
	queue->bytes += item->n;
	*ret = item;
	return 0;
}

int queue_add(struct queue *queue, uint16_t type, uint16_t tag, const uint8_t *payload, size_t n)
{
	struct queue_item *item;

	assert(n <= PAYLOAD_MAX && (payload || !n));
	if (!fits(queue, FRAME_HEADER + n))
		return -ENOBUFS;
	return item_add(queue, is_urgent(type) ? &queue->urgent : &queue->usual, type, tag, payload,
	                n, &item);
}

static void shared_unrefp(struct shared **shared)
{
	(void)shared_unref(*shared); /* always NULL */
}

int queue_add_blob(struct queue *queue, uint16_t type, uint16_t tag, const uint8_t *payload,
                   size_t payload_n, struct shared *blob)
{
	_cleanup_(shared_unrefp) struct shared *owned = blob;
	size_t n = blob->n;
	struct queue_item *item;
	int r;

	assert(payload_n <= PAYLOAD_MAX && (payload || !payload_n));
	if (!fits(queue, n) || !fits(queue, FRAME_HEADER + payload_n + blob_wire_size(n)))
		return -ENOBUFS;
	r = item_add(queue, &queue->usual, type, tag, payload, payload_n, &item);
	if (r < 0)
		return r;
	item->blob = TAKE(owned);
	item->blob_n = n;
	queue->bytes += blob_wire_size(n);
	return 0;
}

/*
 * The present frame is taken out. Makes the next DATA frame the present one, or removes the item.
 */
static void frame_end(struct queue *queue, struct queue_lane *lane)
{
	struct queue_item *item = lane->first;
	size_t n;

	queue->open = NULL;
	if (item->in_blob)
		item->blob_at += item->n - FRAME_HEADER;
	if (item->blob_at < item->blob_n) {
		n = item->blob_n - item->blob_at < DATA_MAX ? item->blob_n - item->blob_at
		                                            : DATA_MAX;
		item->in_blob = true;
		put_header(item->data_header, (uint32_t)n, fq_Type_DATA, item->tag);
		item->at = 0;
		item->n = FRAME_HEADER + n;
		return;
	}
	lane->first = item->next;
	if (!lane->first)
		lane->last = NULL;
	item_free(item);
}

/* A piece of the present frame of the lane's first item. */
static size_t take_piece(struct queue_lane *lane, uint8_t *out, size_t room)
{
	struct queue_item *item = lane->first;
	const uint8_t *from = item->frame + item->at;
	size_t n = item->n - item->at;

	if (item->in_blob && item->at < FRAME_HEADER) {
		from = item->data_header + item->at;
		n = FRAME_HEADER - item->at;
	} else if (item->in_blob) {
		from = item->blob->bytes + item->blob_at + (item->at - FRAME_HEADER);
	}
	if (n > room)
		n = room;
	memcpy(out, from, n);
	item->at += n;
	return n;
}

size_t queue_take(struct queue *queue, uint8_t *out, size_t room)
{
	size_t taken = 0;

	while (taken < room) {
		struct queue_lane *lane = queue->open;
		size_t n;

		if (!lane)
			lane = queue->urgent.first ? &queue->urgent : &queue->usual;
		if (!lane->first)
			break;
		queue->open = lane;
		n = take_piece(lane, out + taken, room - taken);
		taken += n;
		queue->bytes -= n;
		if (lane->first->at == lane->first->n)
			frame_end(queue, lane);
	}
	return taken;
}
