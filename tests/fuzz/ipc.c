/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a child says to the supervisor once it has read a hostile file: any bytes, in pieces, through slot_read.c. What the owner of
 * the slot is shown has passed ipc_check_report(), holds no more than was announced, and comes once a task. The first byte is the
 * size of the pieces.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/worker/slot_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_SIZE 1000

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void on_idle(struct slot *slot, void *userdata)
{
	must(slot->state == SLOT_IDLE);
	slot->state = SLOT_BUSY; /* it is given the next task at once */
}

static void on_progress(struct slot *slot, uint64_t bytes, void *userdata)
{
	must(slot->state == SLOT_BUSY);
}

static void on_report(struct slot *slot, const struct child_report *report, uint8_t *blob, void *userdata)
{
	uint8_t sum = 0;

	must(ipc_check_report(report, &slot->task, NULL) == 0 && (report->blob_n > 0) == (blob != NULL));
	must(report->text[sizeof report->text - 1] == '\0');
	for (uint64_t i = 0; i < report->blob_n; i++)
		sum ^= blob[i]; /* all of it is there */
	*(volatile uint8_t *)userdata = sum;
	free(blob);
}

static const struct slot_callbacks callbacks = {.on_idle = on_idle, .on_progress = on_progress, .on_report = on_report};

/* True: the child is heard on. */
static bool feed(struct slot *slot, int fd, const uint8_t *data, size_t n)
{
	size_t at = 0;

	while (at < n && slot->io) {
		ssize_t k = send(fd, data + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		int on = SD_EVENT_OFF;

		at += k > 0 ? (size_t)k : 0;
		(void)slot_on_io(slot->io, slot->process.fd, EPOLLIN, slot);
		(void)sd_event_source_get_enabled(slot->io, &on);
		if (on == SD_EVENT_OFF)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static sd_event *event;
	volatile uint8_t seen = 0;
	struct slot slot = {.callbacks = &callbacks, .userdata = (void *)&seen, .number = 1, .state = SLOT_STARTING, .process = PROCESS_NONE};
	int fds[2];

	if (size < 1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	if (!event) {
		log_set_level(LOG_EMERG);
		must(sd_event_new(&event) == 0);
	}
	slot.event = event;
	slot.process.fd = fds[1];
	slot.task.kind = TASK_COUNT;
	slot.task.slice = (struct slice_task){.kind = FILE_PLAIN, .file_size = FILE_SIZE, .end = FILE_SIZE};
	must(sd_event_add_io(event, &slot.io, slot.process.fd, EPOLLIN, slot_on_io, &slot) >= 0);
	for (size_t at = 1, n = 1 + data[0] * 16UL; at < size; at += n)
		if (!feed(&slot, fds[0], data + at, size - at < n ? size - at : n))
			break;
	closep(&fds[0]);
	slot_read_rest(&slot);
	slot_forget_report(&slot);
	slot.io = sd_event_source_disable_unref(slot.io);
	closep(&slot.process.fd);
	return 0;
}
