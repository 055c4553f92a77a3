/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places where tests strike: see failpoint.h. Empty in other builds. */
#include "lib/base/failpoint.h"

#ifdef FAILPOINTS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTS_MAX 16

/* The environment's points, read once by whichever thread comes first; what is counted is the process's own, over its threads. */
static struct point {
	char name[48], action[8];
	unsigned long pass;
	atomic_ulong passed;
} points[POINTS_MAX];
static unsigned points_n;
static pthread_once_t points_read = PTHREAD_ONCE_INIT;

static void read_points(void)
{
	const char *at = getenv("FQ_FAILPOINT");

	while (at && *at && points_n < POINTS_MAX) {
		struct point *point = &points[points_n];
		int n = 0;

		point->pass = 1;
		if (sscanf(at, "%47[^:,]:%7[a-z]%n:%lu%n", point->name, point->action, &n, &point->pass, &n) < 2) {
			(void)fprintf(stderr, "FQ_FAILPOINT: \"%s\" is no NAME:ACTION[:PASS]\n", at);
			return;
		}
		points_n++;
		at += n;
		at += *at == ',';
	}
}

static struct point *find(const char *name, const char *action)
{
	(void)pthread_once(&points_read, read_points);
	for (unsigned i = 0; i < points_n; i++)
		if (strcmp(points[i].name, name) == 0 && strcmp(points[i].action, action) == 0)
			return &points[i];
	return NULL;
}

static void strike(const char *name, const char *action, int signal)
{
	struct point *point = find(name, action);

	if (point && ++point->passed == point->pass)
		(void)kill(getpid(), signal);
}

void failpoint_pass(const char *name)
{
	strike(name, "kill", SIGKILL);
	strike(name, "stop", SIGSTOP);
}

bool failpoint_is_on(const char *name)
{
	struct point *point = find(name, "on");

	return point && ++point->passed >= point->pass;
}

#else
typedef int failpoint_nothing; /* a translation unit is never empty */
#endif
