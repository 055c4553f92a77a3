/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What openers are asked: it waits, is given by openers.c, or is answered here with why it came to nothing. See openers.h. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/worker/openers_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define TRIES_MAX 2 /* of a request whose opener ended over it */

void item_free(struct opener_item *item)
{
	closep(&item->file);
	free(item);
}

/* ---- answers of our own ---- */

static void answer_failed(struct openers *openers, struct opener_item *item, int r, enum error_class class, const char *what)
{
	struct open_answer answer = {.magic = OPENER_MAGIC, .number = item->request.number};

	answer.r = error_set(&answer.error, r, class, "%s %s", TEXT(item->request.path), what);
	openers->callbacks->on_answer(&item->request, &answer, -1, openers->userdata);
	item_free(item);
}

void item_late(struct openers *openers, struct opener_item *item)
{
	char what[160];

	(void)snprintf(what, sizeof what, "could not be %s within %llu ms: its storage does not answer",
	               item->request.kind == OPEN_CHECK ? "looked at" : "opened", (unsigned long long)openers->limit_ms);
	answer_failed(openers, item, -ETIMEDOUT, ERROR_IO, what);
}

static void answer_all_hang(struct openers *openers, struct opener_item *item)
{
	char what[160];

	(void)snprintf(what, sizeof what, "is not opened: all %d processes that open files here wait for storage that does not answer",
	               OPENERS_MAX);
	answer_failed(openers, item, -ETIMEDOUT, ERROR_IO, what);
}

/* ---- the queue ---- */

void queue_put_back(struct openers *openers, struct opener_item *item)
{
	item->next = openers->first;
	openers->first = item;
	if (!openers->last)
		openers->last = item;
	openers->queued++;
	openers->aside += item->request.aside;
}

static void push(struct openers *openers, struct opener_item *item)
{
	item->next = NULL;
	if (openers->last)
		openers->last->next = item;
	else
		openers->first = item;
	openers->last = item;
	openers->queued++;
	openers->aside += item->request.aside;
}

struct opener_item *queue_pop(struct openers *openers)
{
	struct opener_item *item = openers->first;

	openers->first = item->next;
	if (!openers->first)
		openers->last = NULL;
	openers->queued--;
	openers->aside -= item->request.aside;
	item->next = NULL;
	return item;
}

void queue_ask_again(struct openers *openers, struct opener_item *item)
{
	item->ticks = 0;
	if (++item->tries < TRIES_MAX)
		queue_put_back(openers, item);
	else
		answer_failed(openers, item, -EIO, ERROR_OS, "could not be opened: the process that opens files has ended over it");
}

/* What an answer leads to may be asked meanwhile: that is not gone through. */
void queue_expire(struct openers *openers)
{
	for (size_t n = openers->queued; n > 0 && openers->first; n--) {
		struct opener_item *item = queue_pop(openers);

		if (++item->ticks > OPENERS_TICKS)
			item_late(openers, item);
		else
			push(openers, item);
	}
}

void queue_deny(struct openers *openers)
{
	if (!openers->told)
		log_event(LOG_ERR, &(struct log_about){.event = TOLD_OPENERS_HANG},
		          "all %d processes that open files hang: nothing is opened until their storage answers", OPENERS_MAX);
	openers->told = true;
	for (size_t n = openers->queued; n > 0 && openers->first; n--)
		answer_all_hang(openers, queue_pop(openers));
}

/* ---- asking ---- */

static int item_new(const struct open_request *request, int file, struct opener_item **ret)
{
	struct opener_item *item = malloc(sizeof *item);

	if (!item)
		return -ENOMEM;
	*item = (struct opener_item){.request = *request, .file = -1};
	if (file >= 0) {
		item->file = fcntl(file, F_DUPFD_CLOEXEC, 0);
		if (item->file < 0) {
			int r = -errno;

			item_free(item);
			return r;
		}
	}
	*ret = item;
	return 0;
}

int openers_ask(struct openers *openers, const struct open_request *request, int file)
{
	struct opener_item *item;
	int r;

	assert((file >= 0) == (request->kind == OPEN_CHECK));
	if (openers->queued >= OPENERS_QUEUE_MAX)
		return -ENOBUFS;
	if (request->aside && openers->aside + openers_aside(openers) >= OPENERS_ASIDE_MAX)
		return -EBUSY;
	r = item_new(request, file, &item);
	if (r < 0)
		return r;
	push(openers, item);
	openers_give(openers);
	return 0;
}
