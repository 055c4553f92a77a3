/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Work that may last for long (unpacking, merging and saving the counters of reads of many megabases; any commit, for which the disk
 * may take its time), while the peers and systemd go on to hear that this coordinator lives.
 *
 * The work is done in a thread of its own, and the loop's thread waits for it: it sends PING where it is due and what is queued
 * for peers, and nothing else, so that the work may use all that the loop uses but sessions and sockets. Nothing is taken
 * from peers meanwhile; the core's clock (server_now) stands still, so that nobody is blamed for what was not listened to.
 *
 * The watchdog is fed as long as the work comes on (contexts.taken counts the slices that went into an assembly): when one
 * step of it lasts longer than STEP_MAX_MS, it is taken for an endless loop and systemd is left to end the process.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "daemon/coord/session.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"

#define BREATH_MS 50
#define TOLD_MS 5000              /* work that lasts longer has a line in the log */
#define STEP_MAX_MS (300 * 1000)  /* ten times what the largest result takes on a slow machine */

struct labour {
	labour_fn work;
	void *data;
	struct error *err;
	int r;
	pthread_mutex_t lock;
	pthread_cond_t ended; /* on CLOCK_MONOTONIC */
	bool done;
};

static void *run(void *userdata)
{
	struct labour *labour = userdata;
	int r;

	FAILPOINT("labour");
	r = labour->work(labour->data, labour->err);
	(void)pthread_mutex_lock(&labour->lock); /* these fail for no valid lock */
	labour->r = r;
	labour->done = true;
	(void)pthread_cond_signal(&labour->ended);
	(void)pthread_mutex_unlock(&labour->lock);
	return NULL;
}

/* Until the work is done, or for a breath. True: done. */
static bool await(struct labour *labour)
{
	struct timespec until;
	bool done;
	int r = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BREATH_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)pthread_mutex_lock(&labour->lock);
	while (!labour->done && r == 0)
		r = pthread_cond_timedwait(&labour->ended, &labour->lock, &until);
	done = labour->done;
	(void)pthread_mutex_unlock(&labour->lock);
	return done;
}

static void breathe(struct server *server, uint64_t now)
{
	for (struct session *session = server->sessions; session; session = session->next)
		peer_breathe(session->peer, now);
}

static void attend(struct server *server, struct labour *labour)
{
	uint64_t begun = clock_monotonic_ms(), step = begun, now = begun;
	unsigned long taken = atomic_load(&server->contexts.taken), before = taken;

	if (await(labour)) /* as long as any other turn of the loop */
		return;
	do {
		now = clock_monotonic_ms();
		taken = atomic_load(&server->contexts.taken);
		if (taken != before)
			step = now;
		before = taken;
		breathe(server, now);
		if (now - step < STEP_MAX_MS)
			service_alive(server->service);
	} while (!await(labour));
	now = clock_monotonic_ms();
	pulse_skip(server, now - begun);
	if (now - begun >= TOLD_MS)
		log_notice("large counters, or a slow disk, took %llu ms, in which nothing else was done", (unsigned long long)(now - begun));
}

int labour(struct server *server, labour_fn work, void *data, struct error *err)
{
	struct labour labour = {.work = work, .data = data, .err = err, .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_condattr_t attributes;
	pthread_t thread;

	(void)pthread_condattr_init(&attributes); /* these cannot fail with what is given */
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&labour.ended, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (pthread_create(&thread, NULL, run, &labour) != 0) {
		labour.r = work(data, err); /* without a thread nobody breathes, but it is done */
	} else {
		attend(server, &labour);
		(void)pthread_join(thread, NULL);
	}
	(void)pthread_cond_destroy(&labour.ended);
	(void)pthread_mutex_destroy(&labour.lock);
	return labour.r;
}
