/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two threads that come by the process's first failpoint at one time: how often both came is counted, and what there is to strike is
 * read once (lib/base/failpoint.h). Run with FQ_FAILPOINT=test-both:on:200001. */
#include <pthread.h>
#include <stdio.h>

#include "lib/base/failpoint.h"

#define TIMES 100000

static void *pass(void *start)
{
	(void)pthread_barrier_wait(start);
	for (int i = 0; i < TIMES; i++)
		if (FAILPOINT_ON("test-both"))
			return start; /* too early */
	return NULL;
}

int main(void)
{
	pthread_barrier_t start;
	pthread_t other;
	void *here, *there;

	if (pthread_barrier_init(&start, NULL, 2) != 0 || pthread_create(&other, NULL, pass, &start) != 0)
		return 1;
	here = pass(&start);
	(void)pthread_join(other, &there);
	return here || there || !FAILPOINT_ON("test-both");
}
