/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leftovers: see leftovers.h. Whoever takes a path out of its place in the list owns it, the handler or leftover_done(), so that
 * none is freed under the other's hands.
 */
#include "ctl/leftovers.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic(char *) paths[LEFTOVERS_MAX];
static atomic_int held, waiting; /* signal that came meanwhile */
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

static void on_signal(int number)
{
	if (atomic_load(&held) > 0)
		atomic_store(&waiting, number);
	else
		end_by(number);
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
	char *copy = strdup(path);

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
	(void)atomic_fetch_add(&held, 1);
}

void leftovers_release(void)
{
	int number;

	if (atomic_fetch_sub(&held, 1) > 1)
		return;
	number = atomic_exchange(&waiting, 0);
	if (number)
		end_by(number);
}
