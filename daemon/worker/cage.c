/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child gives up: see cage.h. The list of system calls is in cage_calls.c. */
#include "daemon/worker/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/worker/ipc.h"
#include "lib/base/cleanup.h"

#define OOM_SCORE "500"    /* a child is what the kernel should take: its slice is counted elsewhere */
#define DESCRIPTORS_MAX 16 /* of who counts: three standard ones, the socket, a file, a brief, and those that are on the way */

int cage_forked(int parent, uint64_t memory)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const struct rlimit space = {memory, memory};

	if (sigaction(SIGINT, &ignore, NULL) < 0 || sigaction(SIGTERM, &ignore, NULL) < 0 ||
	    sigaction(SIGHUP, &ignore, NULL) < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (memory > 0 && !CAGE_UNLOCKED && setrlimit(RLIMIT_AS, &space) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH; /* it died before the kernel was told */
}

/* Standard input and output lead nowhere; standard error stays, for the last words of an assertion. */
static int close_others(void)
{
	_cleanup_(closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	return close_range(CHILD_FD + 1, ~0U, 0) < 0 ? -errno : 0;
}

static void offer_to_oom_killer(void)
{
	_cleanup_(closep) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* A sandbox may forbid it: then it is as likely as others to be taken. */
	if (fd >= 0 && write(fd, OOM_SCORE, strlen(OOM_SCORE)) < 0)
		return;
}

/*
 * Limits that the kernel keeps, also where the door is not locked. An opener keeps its supervisor's limit of descriptors: when it
 * hands one over, the kernel compares that limit with all those which processes of the same user have on their way.
 */
static int set_limits(enum cage_kind kind)
{
	const struct rlimit none = {0, 0}, descriptors = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_MSGQUEUE, &none) < 0 || setrlimit(RLIMIT_MEMLOCK, &none) < 0)
		return -errno;
	if (CAGE_UNLOCKED)
		return 0; /* a sanitizer traces itself at the end, and reads files */
	if ((kind == CAGE_COUNTER && setrlimit(RLIMIT_NOFILE, &descriptors) < 0) || setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int cage_enter(enum cage_kind kind, const char *name, struct error *err)
{
	int r;

	offer_to_oom_killer();
	r = close_others();
	if (r == 0 && (chdir("/") < 0 || prctl(PR_SET_NAME, name) < 0))
		r = -errno;
	if (r == 0)
		r = set_limits(kind);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "a child cannot give up what it does not need: %s", strerror(-r));
	return 0;
}
