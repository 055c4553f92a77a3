/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leftovers: see leftovers.h. Whoever takes a path out of its place in the list owns it, the handler or leftover_done(), so that
 * none is freed under the other's hands.
 *
 * How many hold, which signal waits for them, and that one has begun to end the process is one number: a signal in one thread and the
 * last release in another see each other. Once the end has begun, whoever would go on to make or rename anything waits for it.
 */
#include "ctl/leftovers.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/failpoint.h"

#define SIGNAL 0xffu       /* that waits, or 0 */
#define HOLDER 0x100u      /* one of them */
#define ENDING 0x80000000u /* that bit is set last */

static _Atomic(char *) paths[LEFTOVERS_MAX];
static atomic_uint state;
static atomic_flag watched = ATOMIC_FLAG_INIT;
static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

/* What was made last goes first: folders come before what is in them. */
static void end_by(int number)
{
	for (int i = LEFTOVERS_MAX - 1; i >= 0; i--) {
		char *path = atomic_exchange(&paths[i], NULL);

		if (path && unlink(path) < 0)
			(void)rmdir(path);
	}
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* Only in tests: another thread lets go between the look and what is done of it. */
static void dawdle(unsigned seen)
{
	const struct timespec step = {.tv_nsec = 1000000};

	for (int i = 0; i < 10000 && atomic_load(&state) == seen; i++)
		(void)nanosleep(&step, NULL);
}

/* In any thread, and in several at a time: the first one ends it. */
static void on_signal(int number)
{
	unsigned now = atomic_load(&state), next;

	do {
		if (now & ENDING)
			return;
		next = now < HOLDER ? ENDING : (now & ~SIGNAL) | (unsigned)number;
		if (next != ENDING && FAILPOINT_ON("leftovers-dawdle"))
			dawdle(now);
	} while (!atomic_compare_exchange_weak(&state, &now, next));
	if (next == ENDING)
		end_by(number);
}

/* Until the thread that has begun to end the process is done. */
static void wait_for_end(void)
{
	for (;;)
		(void)pause();
}

/* A signal that was ignored when fqctl began (nohup) stays so. */
static void watch(void)
{
	struct sigaction action = {.sa_handler = on_signal}, old;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		(void)sigaddset(&action.sa_mask, numbers[i]);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			(void)sigaction(numbers[i], &action, NULL);
}

int leftover_add(const char *path)
{
	char *copy;

	if (atomic_load(&state) & ENDING)
		wait_for_end();
	copy = strdup(path);
	if (!atomic_flag_test_and_set(&watched))
		watch();
	for (int i = 0; copy && i < LEFTOVERS_MAX; i++) {
		char *none = NULL;

		if (atomic_compare_exchange_strong(&paths[i], &none, copy))
			return i;
	}
	free(copy);
	return -1;
}

void leftover_done(int number)
{
	if (number >= 0)
		free(atomic_exchange(&paths[number], NULL));
}

void leftovers_hold(void)
{
	if (atomic_fetch_add(&state, HOLDER) & ENDING)
		wait_for_end();
}

void leftovers_release(void)
{
	unsigned now = atomic_load(&state), next;

	do {
		next = now - HOLDER;
		if (next < HOLDER && next != 0)
			next = ENDING;
	} while (!atomic_compare_exchange_weak(&state, &now, next));
	if (next == ENDING)
		end_by((int)(now & SIGNAL));
}
