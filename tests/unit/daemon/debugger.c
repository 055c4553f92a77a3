/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holding a process: see debugger.h. */
#include "tests/unit/daemon/debugger.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

#define WAITS 6000 /* of 10 ms each: no test waits longer for anything */

static void debug(pid_t child, int fd) __attribute__((noreturn));
static void debug(pid_t child, int fd)
{
	int r = ptrace(PTRACE_SEIZE, child, NULL, NULL) < 0 ? -errno : 0;
	char go;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It keeps nobody's socket open. */
	if ((fd > STDERR_FILENO + 1 && close_range(STDERR_FILENO + 1, (unsigned int)fd - 1, 0) < 0) ||
	    close_range((unsigned int)fd + 1, ~0U, 0) < 0)
		_exit(1);
	if (write(fd, &r, sizeof r) == sizeof r && r == 0 && read(fd, &go, 1) == 1)
		(void)waitpid(child, NULL, __WALL); /* it has ended: thereby it is let go */
	_exit(0);
}

int debugger_hold(struct debugger *debugger, pid_t child)
{
	int fds[2], r = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	*debugger = (struct debugger){.child = child, .ours = fds[0], .pid = fork()};
	if (debugger->pid == 0)
		debug(child, fds[1]);
	(void)close(fds[1]);
	if (debugger->pid < 0 || read(fds[0], &r, sizeof r) != sizeof r)
		r = -ECHILD;
	if (r < 0)
		debugger_let_go(debugger);
	return r;
}

static bool is_zombie(pid_t pid)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[64], state = 0;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	return file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1 && state == 'Z';
}

bool debugger_has_ended(const struct debugger *debugger)
{
	for (int i = 0; i < WAITS; i++) {
		if (is_zombie(debugger->child))
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

void debugger_let_go(struct debugger *debugger)
{
	(void)send(debugger->ours, "", 1, MSG_NOSIGNAL); /* one that held nothing is gone */
	(void)close(debugger->ours);
	if (debugger->pid > 0)
		(void)waitpid(debugger->pid, NULL, 0);
	debugger->pid = 0;
}
