/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collecting the DATA frames of one announced blob: see connection.h. */
#include "lib/wire/connection.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int blob_begin(struct blob *blob, uint64_t want, uint64_t limit, struct error *err)
{
	if (want > limit || want > SIZE_MAX)
		return error_set(err, -EMSGSIZE, ERROR_PROTOCOL,
		                 "the other side announced %" PRIu64 " bytes; %" PRIu64
		                 " are the most that is allowed",
		                 want, limit);
	*blob = (struct blob){.want = (size_t)want};
	return 0;
}

/* Twice what was there, at least what is needed, at most what was announced. */
static int reserve(struct blob *blob, size_t need, struct error *err)
{
	size_t room = blob->size;
	uint8_t *bytes;

	if (need <= room)
		return 0;
	room = 2 * room > need ? 2 * room : need;
	room = room > blob->want ? blob->want : room;
	bytes = realloc(blob->bytes, room);
	if (!bytes)
		return error_oom(err);
	blob->bytes = bytes;
	blob->size = room;
	return 0;
}

int blob_add(struct blob *blob, const struct frame *frame, struct error *err)
{
	int r;

	assert(frame->type == fq_Type_DATA);
	if (frame->n > blob->want - blob->n)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent more than the %zu bytes it announced",
		                 blob->want);
	r = reserve(blob, blob->n + frame->n, err);
	if (r < 0)
		return r;
	if (frame->n > 0)
		memcpy(blob->bytes + blob->n, frame->payload, frame->n);
	blob->n += frame->n;
	return blob->n == blob->want;
}

void blob_deinit(struct blob *blob)
{
	free(blob->bytes);
	*blob = (struct blob){0};
}
