/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's processes: see process.h. */
#include "daemon/worker/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/worker/cage.h"
#include "daemon/worker/ipc.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

#define EXIT_NO_EXEC 127
#define END_WAITS 200   /* of a millisecond each, for the end of what was killed */
#define LOOK_US 1000000 /* until the next look for an end that nobody may tell of */

/* ---- starting ---- */

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

static int fork_one(struct process *process, const struct process_plan *plan)
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
	process->pid = pid;
	process->fd = take_fd(&ours);
	return 0;
}

/* ---- the watch ---- */

static int on_exit_of_process(sd_event_source *source, const siginfo_t *info, void *userdata);
static int on_look(sd_event_source *source, uint64_t us, void *userdata);

static int watch(struct process *process, sd_event *event)
{
	int r = sd_event_add_time(event, &process->look, CLOCK_MONOTONIC, 0, 0, on_look, process);

	if (r >= 0)
		r = sd_event_source_set_enabled(process->look, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_child(event, &process->exit, process->pid, WEXITED, on_exit_of_process, process);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(process->look, "process-look"); /* for debugging only */
	(void)sd_event_source_set_description(process->exit, "process-exit");
	return 0;
}

static void unwatch(struct process *process)
{
	process->exit = sd_event_source_disable_unref(process->exit);
	process->look = sd_event_source_disable_unref(process->look);
	process->pid = 0;
}

/* One that is on its way is not put off by the next: who kills again and again would never look. */
static void look_later(struct process *process)
{
	int on = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(process->look, &on); /* fails for no source that is there */
	if (on == SD_EVENT_OFF && (sd_event_source_set_time_relative(process->look, LOOK_US) < 0 ||
	                           sd_event_source_set_enabled(process->look, SD_EVENT_ONESHOT) < 0))
		log_error("the timer for the end of process %d cannot be set", (int)process->pid);
}

/* It is not waited for yet, so that no other process has its number while its owner is told. Nobody can kill it any more. */
static void tell_end(struct process *process, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;

	unwatch(process);
	process->on_end(exited ? 0 : info->si_status, exited ? info->si_status : 0, process->owner);
}

/* The event library waits for it when this returns. */
static int on_exit_of_process(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	tell_end(userdata, info);
	return 0;
}

static int on_look(sd_event_source *source, uint64_t us, void *userdata)
{
	struct process *process = userdata;
	pid_t pid = process->pid;
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != pid) {
		look_later(process);
		return 0;
	}
	tell_end(process, &info);
	(void)waitpid(pid, NULL, WNOHANG); /* it is there to be waited for */
	return 0;
}

/* ---- its life ---- */

int process_start(struct process *process, sd_event *event, const struct process_plan *plan, process_end_fn on_end, void *owner)
{
	int r;

	assert(event && plan && on_end && process->pid == 0 && process->fd < 0);
	*process = (struct process){.fd = -1, .on_end = on_end, .owner = owner};
	r = fork_one(process, plan);
	if (r == 0)
		r = watch(process, event);
	if (r < 0)
		process_end(process);
	return r;
}

void process_kill(struct process *process)
{
	if (process->pid == 0)
		return;
	(void)kill(process->pid, SIGKILL); /* it is ours and not waited for: it exists */
	look_later(process);
}

void process_leave(struct process *process)
{
	closep(&process->fd);
	if (process->pid != 0)
		look_later(process);
}

void process_end(struct process *process)
{
	process_reap(process->pid);
	unwatch(process);
	closep(&process->fd);
}

void process_reap(pid_t pid)
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
