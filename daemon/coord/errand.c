/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Work that needs nothing of the loop's, as rendering a report of counters that are a copy: it is done in a thread of its own while the
 * loop goes on. (Work that needs the store, the core or the contexts is labour.c's, or done in turns.) The thread writes to a descriptor
 * when it is through; the loop then takes up what it has done.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "daemon/coord/server.h"
#include "lib/base/cleanup.h"

struct errand {
	struct server *server;
	errand_fn work, done;
	void *data;
	int told;
	sd_event_source *source;
	pthread_t thread;
};

static void errand_free(struct errand *errand)
{
	(void)sd_event_source_disable_unref(errand->source);
	closep(&errand->told);
	free(errand);
}

static void errand_freep(struct errand **errand)
{
	if (*errand)
		errand_free(*errand);
}

static void *run(void *userdata)
{
	struct errand *errand = userdata;

	errand->work(errand->data);
	(void)eventfd_write(errand->told, 1); /* cannot fail: nothing was written to it before */
	return NULL;
}

static int on_told(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct errand *errand = userdata;
	const errand_fn done = errand->done;
	void *data = errand->data;

	(void)source;
	(void)fd;
	(void)events;
	errand_end(errand->server);
	done(data);
	return 0;
}

int errand_begin(struct server *server, errand_fn work, errand_fn done, void *data)
{
	_cleanup_(errand_freep) struct errand *errand = NULL;
	int r;

	if (server->errand)
		return -EBUSY;
	errand = calloc(1, sizeof *errand);
	if (!errand)
		return -ENOMEM;
	*errand = (struct errand){.server = server, .work = work, .done = done, .data = data};
	errand->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (errand->told < 0)
		return -errno;
	r = sd_event_add_io(service_event(server->service), &errand->source, errand->told, EPOLLIN, on_told, errand);
	if (r >= 0)
		r = -pthread_create(&errand->thread, NULL, run, errand);
	if (r < 0)
		return r;
	server->errand = TAKE(errand);
	return 0;
}

void errand_end(struct server *server)
{
	struct errand *errand = TAKE(server->errand);

	if (!errand)
		return;
	(void)pthread_join(errand->thread, NULL);
	errand_free(errand);
}
