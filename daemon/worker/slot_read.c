/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a child says: read in bounded pieces, checked, given to the slot's owner. A child that says nonsense is killed: to its
 * owner that is a crash like any other.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/events.h"
#include "daemon/worker/slot_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

#define READ_BUDGET                                                                                \
	(4UL << 20) /* bytes a wakeup: some milliseconds of copying, and more than a socket holds */
#define BLOB_FIRST (64UL << 10)

void slot_forget_report(struct slot *slot)
{
	free(TAKE(slot->blob));
	slot->blob_n = slot->blob_size = 0;
	slot->head_n = 0;
}

/* ---- giving to the owner ---- */

static void finish_report(struct slot *slot)
{
	struct child_report report = slot->report;
	uint8_t *blob = TAKE(slot->blob);

	slot_forget_report(slot);
	slot->state = SLOT_IDLE;
	slot->callbacks->on_report(slot, &report, blob, slot->userdata);
	if (slot->state == SLOT_IDLE)
		slot->callbacks->on_idle(slot, slot->userdata);
}

static void take_report(struct slot *slot)
{
	switch (slot->report.kind) {
	case REPORT_READY:
		slot->state = SLOT_IDLE;
		slot->was_ready = true;
		slot->head_n = 0;
		slot->callbacks->on_idle(slot, slot->userdata);
		break;
	case REPORT_PROGRESS:
		slot->head_n = 0;
		slot->callbacks->on_progress(slot, slot->report.bytes, slot->userdata);
		break;
	default: /* COUNTED, INFLATED, FAILED */
		if (slot->blob_n == slot->report.blob_n)
			finish_report(slot);
	}
}

static void refuse(struct slot *slot, const struct error *err)
{
	log_event(LOG_WARNING, &(struct log_about){.event = TOLD_SLOT_FAILED}, "slot %u: its child is killed: %s", slot->number, err->text);
	slot_kill(slot);
}

/* A whole head is there. Negative: nonsense, the child is killed. */
static int check_head(struct slot *slot)
{
	const struct child_task *task = slot->state == SLOT_BUSY ? &slot->task : NULL;
	struct error err = {0};
	int r;

	slot->report.text[sizeof slot->report.text - 1] = '\0';
	r = ipc_check_report(&slot->report, task, &err);
	if (r == 0 && slot->report.kind == REPORT_READY && slot->state != SLOT_STARTING)
		r = error_set(&err, -EBADMSG, ERROR_SOFTWARE,
		              "it said for a second time that it is ready");
	if (r < 0)
		refuse(slot, &err);
	return r;
}

/* ---- reading ---- */

/* Room for more of the blob, which grows with what comes. */
static int make_room(struct slot *slot)
{
	size_t want = (size_t)slot->report.blob_n,
	       size = slot->blob_size ? 2 * slot->blob_size : BLOB_FIRST;
	uint8_t *blob;

	if (slot->blob_n < slot->blob_size)
		return 0;
	size = size > want ? want : size;
	blob = realloc(slot->blob, size);
	if (!blob)
		return -ENOMEM;
	slot->blob = blob;
	slot->blob_size = size;
	return 0;
}

/* Reads once. Positive: bytes read. 0: the end. -EAGAIN: nothing there. Other negative: broken. */
static ssize_t read_piece(struct slot *slot)
{
	bool in_head = slot->head_n < sizeof slot->report;
	uint8_t *to = (uint8_t *)&slot->report + slot->head_n;
	size_t room = sizeof slot->report - slot->head_n;
	ssize_t n;

	if (!in_head) {
		if (make_room(slot) < 0)
			return -ENOMEM;
		to = slot->blob + slot->blob_n;
		room = slot->blob_size - slot->blob_n;
	}
	do
		n = recv(slot->process.fd, to, room, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (in_head)
		slot->head_n += (size_t)n;
	else
		slot->blob_n += (size_t)n;
	return n;
}

/* 1: read on. 0: nothing there now. Negative: no more from this child. */
static int read_some(struct slot *slot, size_t *budget)
{
	bool in_head = slot->head_n < sizeof slot->report;
	ssize_t n = read_piece(slot);

	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return n == 0 ? -ECONNRESET : (int)n;
	*budget -= (size_t)n < *budget ? (size_t)n : *budget;
	if (slot->head_n < sizeof slot->report)
		return 1;
	if (in_head && check_head(slot) < 0)
		return -EBADMSG;
	take_report(slot);
	return 1;
}

static bool listens(const struct slot *slot)
{
	return !slot->deaf && slot->state != SLOT_STOPPING && slot->state != SLOT_DOWN;
}

/* Behind a report there is rarely more: the next wakeup has it, unless what is left is wanted now. */
static void read_pieces(struct slot *slot, bool all)
{
	size_t budget = READ_BUDGET;
	int r = 1;

	while (r > 0 && budget > 0 && listens(slot)) {
		r = read_some(slot, &budget);
		if (slot->head_n == 0 && !all)
			break;
	}
	slot->deaf = slot->deaf || r < 0;
}

int slot_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct slot *slot = userdata;

	read_pieces(slot, false);
	if (!listens(slot)) {
		(void)sd_event_source_set_enabled(slot->io,
		                                  SD_EVENT_OFF); /* switching off does not fail */
		slot_kill(slot); /* a child that is not heard is of no use; its end follows */
	}
	return 0;
}

void slot_read_rest(struct slot *slot)
{
	read_pieces(slot, true);
}
