/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's processes: see process.h. */
#include "daemon/worker/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/worker/cage.h"
#include "daemon/worker/ipc.h"
#include "lib/base/cleanup.h"

#define EXIT_NO_EXEC 127
#define END_WAITS 200 /* of a millisecond each, for the end of what was killed */

/* In the forked child: becomes the program, or ends. */
static void become(const struct process_plan *plan, int fd, int parent) __attribute__((noreturn));
static void become(const struct process_plan *plan, int fd, int parent)
{
	int r = cage_forked(parent, plan->memory); /* while signals are still blocked */

	plan->forked(plan->userdata);
	if (r == 0 && (fd == CHILD_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, CHILD_FD)) >= 0)
		(void)execv(plan->program, plan->arguments); /* returns only when it fails */
	_exit(EXIT_NO_EXEC);
}

int process_start(const struct process_plan *plan, pid_t *ret_pid, int *ret_fd)
{
	_cleanup_(closep) int ours = -1, theirs = -1;
	int fds[2], parent = (int)getpid();
	pid_t pid;

	if (socketpair(AF_UNIX, plan->socket_type | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	ours = fds[0];
	theirs = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(plan, theirs, parent);
	*ret_pid = pid;
	*ret_fd = take_fd(&ours);
	return 0;
}

void process_end(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL); /* it is ours and not waited for: it exists */
	for (int waited = 0; waited < END_WAITS; waited++) {
		pid_t ended = waitpid(pid, NULL, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			return;
		(void)poll(NULL, 0, 1);
	}
}
