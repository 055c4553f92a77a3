/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs one of Slurm's programs: pipes for what it reads and says, a bound for how long and how much. It gets no terminal to ask on,
 * and is in a process group of its own, so that ^C is ours to handle.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/slurm/slurm.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

#define READ_SIZE 65536
#define EXIT_NO_EXEC 127

struct running {
	const char *name; /* of the program, for sentences */
	pid_t pid;
	int in, out, said; /* our ends; -1: closed */
	const char *input;
	size_t input_n;
	char *bytes;
	size_t n, size;
	char error[512];
	size_t error_n;
};

static void become(const char *const *arguments, int in, int out, int said) __attribute__((noreturn));
static void become(const char *const *arguments, int in, int out, int said)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setpgid(0, 0);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0)
		(void)execvp(arguments[0], (char *const *)(uintptr_t)arguments); /* returns only when it fails */
	_exit(EXIT_NO_EXEC);
}

static int start(struct running *running, const char *const *arguments, struct error *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1}, r = 0;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0)
		r = -errno;
	running->pid = r == 0 ? fork() : -1;
	if (running->pid == 0)
		become(arguments, in[0], out[1], said[1]);
	if (running->pid < 0 && r == 0)
		r = -errno;
	closep(&in[0]);
	closep(&out[1]);
	closep(&said[1]);
	running->in = in[1];
	running->out = out[0];
	running->said = said[0];
	if (r < 0)
		return error_set(err, r, ERROR_OS, "%s cannot be run: %s", running->name, strerror(-r));
	if (running->input_n == 0)
		closep(&running->in);
	else
		(void)fcntl(running->in, F_SETFL, O_NONBLOCK);
	return 0;
}

/* A piece of the script; a program that does not want it has its reasons, and says them. */
static void feed(struct running *running)
{
	ssize_t k = write(running->in, running->input, running->input_n);

	if (k < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (k > 0) {
		running->input += k;
		running->input_n -= (size_t)k;
	}
	if (k < 0 || running->input_n == 0)
		closep(&running->in);
}

static int take_out(struct running *running, struct error *err)
{
	ssize_t k;

	if (running->n + READ_SIZE + 1 > running->size) {
		size_t size = running->size * 2 + READ_SIZE + 1;
		char *more = realloc(running->bytes, size);

		if (!more)
			return error_oom(err);
		running->bytes = more;
		running->size = size;
	}
	k = read(running->out, running->bytes + running->n, READ_SIZE);
	if (k < 0 && errno == EINTR)
		return 0;
	if (k <= 0) {
		closep(&running->out);
		return 0;
	}
	running->n += (size_t)k;
	if (running->n > SLURM_OUTPUT_MAX)
		return error_set(err, -EFBIG, ERROR_PROTOCOL, "%s printed more than %u bytes, which is no answer", running->name,
		                 SLURM_OUTPUT_MAX);
	return 0;
}

static void take_said(struct running *running)
{
	char rest[1024];
	bool full = running->error_n == sizeof running->error - 1;
	ssize_t k = full ? read(running->said, rest, sizeof rest)
	                 : read(running->said, running->error + running->error_n, sizeof running->error - 1 - running->error_n);

	if (k < 0 && errno == EINTR)
		return;
	if (k <= 0)
		closep(&running->said);
	else if (!full)
		running->error_n += (size_t)k;
}

/* Until both of its ends are closed. */
static int talk(struct running *running, uint64_t end_ms, uint64_t limit_ms, struct error *err)
{
	int r = 0;

	while (r == 0 && (running->out >= 0 || running->said >= 0)) {
		struct pollfd fds[] = {{.fd = running->out, .events = POLLIN}, {.fd = running->said, .events = POLLIN},
		                       {.fd = running->in, .events = POLLOUT}};
		uint64_t now = clock_monotonic_ms();

		if (now >= end_ms)
			return error_set(err, -ETIMEDOUT, ERROR_UNAVAILABLE, "%s has not answered for %llu seconds", running->name,
			                 (unsigned long long)(limit_ms / 1000));
		if (poll(fds, 3, (int)(end_ms - now)) < 0 && errno != EINTR)
			return error_set(err, -errno, ERROR_OS, "poll: %s", strerror(errno));
		if (fds[2].revents && running->in >= 0)
			feed(running);
		if (fds[0].revents && running->out >= 0)
			r = take_out(running, err);
		if (fds[1].revents && running->said >= 0)
			take_said(running);
	}
	return r;
}

/* One that has closed its ends and goes on is killed when its time is over. */
static int reap(pid_t pid, uint64_t end_ms)
{
	const struct timespec step = {.tv_nsec = 2000000};
	int status = 0;
	pid_t ended;

	for (;;) {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid || (ended < 0 && errno != EINTR))
			break;
		if (clock_monotonic_ms() >= end_ms)
			(void)kill(-pid, SIGKILL), (void)kill(pid, SIGKILL);
		(void)nanosleep(&step, NULL);
	}
	if (ended < 0)
		return EXIT_NO_EXEC;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first line of what it said, without its own name in front. */
static void said_take(const struct running *running, char *out, size_t size)
{
	char line[sizeof running->error];
	size_t n = strcspn(running->error, "\n"), name = strlen(running->name);
	const char *begin = line;

	memcpy(line, running->error, n);
	line[n] = '\0';
	if (strncmp(begin, running->name, name) == 0 && strncmp(begin + name, ": ", 2) == 0)
		begin += name + 2;
	if (strncmp(begin, "error: ", 7) == 0)
		begin += 7;
	(void)text_escape(out, size, begin);
}

int slurm_run(const char *const *arguments, const char *input, uint64_t limit_ms, struct slurm_output *ret, struct error *err)
{
	struct running running = {.name = arguments[0], .in = -1, .out = -1, .said = -1, .input = input,
	                          .input_n = input ? strlen(input) : 0};
	uint64_t end = clock_monotonic_ms() + limit_ms;
	int r, status = 0;

	r = start(&running, arguments, err);
	if (r == 0) {
		r = talk(&running, end, limit_ms, err);
		status = reap(running.pid, r == 0 ? end : 0);
	}
	closep(&running.in);
	closep(&running.out);
	closep(&running.said);
	if (r == 0 && status == EXIT_NO_EXEC && running.error_n == 0)
		r = error_set(err, -ENOENT, ERROR_UNAVAILABLE, "there is no %s here: right is a host where Slurm's programs are in PATH",
		              running.name);
	if (r == 0 && !running.bytes)
		running.bytes = calloc(1, 1);
	if (r == 0 && !running.bytes)
		r = error_oom(err);
	if (r < 0) {
		free(running.bytes);
		return r;
	}
	running.bytes[running.n] = '\0';
	*ret = (struct slurm_output){.out = running.bytes, .out_n = running.n, .status = status};
	said_take(&running, ret->said, sizeof ret->said);
	return 0;
}
