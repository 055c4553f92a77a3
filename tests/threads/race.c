/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two threads that add to one number without asking each other: ThreadSanitizer must say so, or it says nothing about the rest. */
#include <pthread.h>
#include <stdio.h>

#define TIMES 100000

static void *add(void *number)
{
	for (int i = 0; i < TIMES; i++)
		++*(unsigned int *)number;
	return NULL;
}

int main(void)
{
	unsigned int number = 0;
	pthread_t other;

	if (pthread_create(&other, NULL, add, &number) != 0)
		return 1;
	(void)add(&number);
	(void)pthread_join(other, NULL);
	return printf("%u\n", number) < 0;
}
