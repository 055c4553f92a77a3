/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals that come to one thread while another holds: none is lost where the other lets go in that moment (the handler dawdles until
 * it has), and once the end has begun nobody goes on. Each try is a child, which has to end by its signal.
 */
#include "ctl/leftovers.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define ROUNDS 20
#define HOLD_MS 20 /* long enough for a signal to begin; where it was not, the round proves nothing */
#define FILES 1000

static char folder[] = "/tmp/leftovers.XXXXXX";
static atomic_int go;

/* What the child ends by: a signal, or 0. */
static int child_end(void (*child)(int round), int round)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		(void)alarm(60);
		child(round);
		_exit(3);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* ---- the last one lets go */

static void *hold_once(void *unused)
{
	const struct timespec time = {.tv_nsec = HOLD_MS * 1000000L};

	leftovers_hold();
	atomic_store(&go, 1);
	(void)nanosleep(&time, NULL);
	leftovers_release();
	return unused;
}

static void signal_while_held(int unused)
{
	int number = leftover_add("/nonexistent/leftover");
	pthread_t thread;

	(void)unused;
	if (number < 0 || pthread_create(&thread, NULL, hold_once, NULL) != 0)
		_exit(4);
	while (!atomic_load(&go))
		;
	(void)raise(SIGTERM);
	(void)pthread_join(thread, NULL);
}

static void test_last(void)
{
	const char *failpoints = getenv("FQ_FAILPOINTS");
	int ended = 0;

	if (!failpoints || strcmp(failpoints, "yes") != 0)
		return skip("built without --enable-failpoints");
	(void)setenv("FQ_FAILPOINT", "leftovers-dawdle:on", 1);
	for (int i = 0; i < ROUNDS; i++)
		ended += child_end(signal_while_held, i) == SIGTERM;
	(void)unsetenv("FQ_FAILPOINT");
	is_int(ended, ROUNDS, "a signal that comes while another thread lets go ends the process");
}

/* ---- the end has begun */

static char *path_of(char out[64], const char *name, int i)
{
	(void)snprintf(out, 64, "%s/%s%d", folder, name, i);
	return out;
}

static bool made(const char *name, int i)
{
	char path[64];
	int fd = open(path_of(path, name, i), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

static bool is_there(const char *name, int i)
{
	char path[64];

	return access(path_of(path, name, i), F_OK) == 0;
}

/* Once the file that goes first is gone. */
static void *go_on(void *by_adding)
{
	char path[64];

	atomic_store(&go, 1);
	while (is_there("file", FILES - 1))
		;
	if (by_adding)
		(void)leftover_add(path_of(path, "on", 0));
	else
		leftovers_hold();
	(void)made("on", 0);
	return NULL;
}

static void end_with(int by_adding)
{
	pthread_t thread;
	char path[64];

	for (int i = 0; i < FILES; i++)
		if (leftover_add(path_of(path, "file", i)) < 0 || !made("file", i))
			_exit(4);
	if (pthread_create(&thread, NULL, go_on, by_adding ? &go : NULL) != 0)
		_exit(4);
	while (!atomic_load(&go))
		;
	(void)raise(SIGTERM);
	(void)pthread_join(thread, NULL);
}

static void test_end(int by_adding)
{
	int left = 0;

	is_int(child_end(end_with, by_adding), SIGTERM, "%s: ended by the signal", by_adding ? "adding" : "holding");
	for (int i = 0; i < FILES; i++)
		left += is_there("file", i);
	is_int(left, 0, "and all files are gone");
	ok(!is_there("on", 0), "and nobody went on meanwhile");
}

int main(void)
{
	char path[64];

	if (!mkdtemp(folder))
		return 1;
	test_last();
	test_end(0);
	test_end(1);
	(void)unlink(path_of(path, "on", 0));
	(void)rmdir(folder);
	return done_testing();
}
