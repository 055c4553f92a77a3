/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two threads that hold and let go of the same bytes (lib/wire/shared.h), as the coordinator's loop, which sends a brief, and its labour,
 * which drops the file that has it: the bytes stay until the last one lets go. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/wire/shared.h"

#define TIMES 100000

static pthread_barrier_t start;

static void *hold(void *data)
{
	struct shared *shared = data;

	(void)pthread_barrier_wait(&start);
	for (int i = 0; i < TIMES; i++)
		(void)shared_unref(shared_ref(shared)); /* always NULL */
	return NULL;
}

int main(void)
{
	struct shared *shared = shared_new(calloc(1, 1), 1);
	pthread_t other;
	size_t holders;

	if (!shared || pthread_barrier_init(&start, NULL, 2) != 0 || pthread_create(&other, NULL, hold, shared) != 0)
		return 1;
	(void)hold(shared);
	(void)pthread_join(other, NULL);
	holders = shared->holders;
	(void)shared_unref(shared); /* always NULL */
	return printf("%zu\n", holders) < 0 || holders != 1;
}
