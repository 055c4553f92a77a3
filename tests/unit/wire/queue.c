/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/wire/queue.c: order, urgency, blobs cut into frames, and the bound, exact to the byte. */
#include "lib/wire/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/wire/message.h"
#include "tests/unit/tap.h"

static uint8_t *make_blob(size_t n)
{
	uint8_t *blob = malloc(n);

	for (size_t i = 0; blob && i < n; i++)
		blob[i] = (uint8_t)(i * 7 + i / 256);
	return blob;
}

/* Reads the header at *at, moves past the frame, returns the type. */
static uint16_t next(const uint8_t *bytes, size_t *at, uint32_t *ret_n, uint16_t *ret_tag)
{
	const uint8_t *header = bytes + *at;

	*ret_n = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 |
	         header[3];
	*ret_tag = (uint16_t)(header[6] << 8 | header[7]);
	*at += FRAME_HEADER + *ret_n;
	return (uint16_t)(header[4] << 8 | header[5]);
}

static void test_order(void)
{
	struct queue queue = {.max = 1000};
	uint8_t out[1000];
	uint16_t tag = 0;
	size_t at = 0, n;
	uint32_t length;

	ok(queue_add(&queue, fq_Type_JOB, 1, (const uint8_t *)"abc", 3) == 0, "a frame");
	ok(queue_add(&queue, fq_Type_END, 2, NULL, 0) == 0, "an empty frame");
	is_u64(queue.bytes, 19, "bytes queued");
	is_u64(queue_take(&queue, out, 5), 5, "five bytes are taken out");
	ok(queue_add(&queue, fq_Type_PING, 3, NULL, 0) == 0, "an urgent frame");
	n = 5 + queue_take(&queue, out + 5, sizeof out - 5);
	is_u64(n, 27, "all the others");
	ok(next(out, &at, &length, &tag) == fq_Type_JOB && tag == 1 && length == 3,
	   "the frame begun is ended first");
	ok(next(out, &at, &length, &tag) == fq_Type_PING && tag == 3, "then the urgent one");
	ok(next(out, &at, &length, &tag) == fq_Type_END && tag == 2 && at == n, "then the other");
	is_u64(queue.bytes, 0, "nothing is left");
	queue_deinit(&queue);
}

/*
 * A blob comes out whole, whatever the pieces in which it is asked for, with PING between its
 * frames.
 */
static void test_blob(size_t size, size_t piece)
{
	struct queue queue = {.max = 10 << 20};
	_cleanup_(freep) uint8_t *out = malloc(size + 1000), *want = make_blob(size),
				 *got = malloc(size + 1);
	size_t at = 0, n = 0, k, got_n = 0, pings = 0, frames = 0;
	uint16_t tag;
	uint32_t length;

	ok(queue_add_blob(&queue, fq_Type_RESULT, 9, (const uint8_t *)"head", 4, shared_new(make_blob(size), size)) == 0,
	   "blob of %zu", size);
	ok(queue_add(&queue, fq_Type_DRAIN, 0, NULL, 0) == 0, "a frame behind it");
	while ((k = queue_take(&queue, out + n, piece)) > 0) {
		if (n < 100000 && n + k >= 100000)
			ok(queue_add(&queue, fq_Type_PING, 0, NULL, 0) == 0, "PING in between");
		n += k;
	}
	while (at < n) {
		size_t begin = at + FRAME_HEADER;
		uint16_t type = next(out, &at, &length, &tag);

		frames++;
		pings += type == fq_Type_PING && at < n;
		if (type != fq_Type_DATA)
			continue;
		memcpy(got + got_n, out + begin, length);
		got_n += length;
		if (tag != 9 || length > DATA_MAX)
			ok(false, "DATA of %u bytes with tag %u", length, tag);
	}
	is_u64(frames, 2 + (size + DATA_MAX - 1) / DATA_MAX + (n > 100000), "frames");
	is_u64(pings, n > 100000 && piece < size, "PINGs before the end");
	is_mem(got, want, got_n, "bytes of the blob");
	is_u64(got_n, size, "all of them");
	queue_deinit(&queue);
}

static void test_bound(void)
{
	struct queue queue = {.max = 100};
	uint8_t out[100];

	ok(queue_add(&queue, fq_Type_JOB, 0, out, 92) == 0, "100 bytes fit");
	ok(queue_add(&queue, fq_Type_END, 0, NULL, 0) == -ENOBUFS, "no more do");
	is_u64(queue_take(&queue, out, 9), 9, "9 bytes taken out");
	ok(queue_add(&queue, fq_Type_END, 0, NULL, 0) == 0, "8 fit now");
	ok(queue_add_blob(&queue, fq_Type_RESULT, 0, NULL, 0, shared_new(make_blob(1), 1)) == -ENOBUFS,
	   "a blob does not");
	ok(queue_add_blob(&queue, fq_Type_RESULT, 0, NULL, 0, shared_new(make_blob(1000), 1000)) == -ENOBUFS,
	   "nor a large one");
	queue_deinit(&queue);
	ok(queue_add_blob(&queue, fq_Type_RESULT, 0, NULL, 0, shared_new(make_blob(84), 84)) == 0,
	   "84 bytes with two headers fit");
	is_u64(queue.bytes, 100, "which are counted");
	queue.max = 50;
	ok(queue_add(&queue, fq_Type_END, 0, NULL, 0) == -ENOBUFS,
	   "a smaller bound than is queued");
	queue_deinit(&queue);
}

int main(void)
{
	test_order();
	test_blob(0, 100);
	test_blob(1, 1);
	test_blob(DATA_MAX, 4096);
	test_blob(DATA_MAX + 1, 16384);
	test_blob(300000, 7);
	test_blob(300000, 1 << 20);
	test_bound();
	return done_testing();
}
