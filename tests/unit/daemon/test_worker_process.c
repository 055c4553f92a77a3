/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A supervisor's processes by themselves: that each end is told once, whoever brought it about and whatever holds the process then, and
 * that nothing is left of one that has ended.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/service.h"
#include "daemon/worker/dialler.h"
#include "daemon/worker/process.h"
#include "lib/base/clock.h"
#include "tests/unit/daemon/debugger.h"
#include "tests/unit/tap.h"

#define WAIT_US UINT64_C(20000000) /* in which anything happens that happens at all */
#define KILLS_MS 20                /* between two of who kills again and again */
#define MANY 100

struct test {
	sd_event *event;
	struct process process;
	const char *program;
	char *const *arguments;

	size_t ends;
	int signal, exit_status; /* of the last one */
	pid_t pid;               /* of the last that was started */
	bool zombie;             /* it had its number still when its end was told */
	size_t again;            /* to be started when one ends */
};

static void fail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

/* As service_forked(): a new process blocks no signals. */
static void on_forked(void *userdata)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void on_end(int signal, int exit_status, void *owner);

static void start(struct test *test)
{
	const struct process_plan plan = {
	    .program = test->program, .arguments = test->arguments, .socket_type = SOCK_STREAM, .forked = on_forked, .userdata = test};

	if (process_start(&test->process, test->event, &plan, on_end, test) < 0)
		fail("no process");
	test->pid = test->process.pid;
}

static void on_end(int signal, int exit_status, void *owner)
{
	struct test *test = owner;
	siginfo_t info = {0};

	test->ends++;
	test->signal = signal;
	test->exit_status = exit_status;
	test->zombie = waitid(P_PID, (id_t)test->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == test->pid;
	process_kill(&test->process); /* there is nobody any more */
	process_end(&test->process);
	if (test->again > 0) {
		test->again--;
		start(test);
	}
}

static bool ends(struct test *test, size_t n)
{
	while (test->ends < n)
		if (sd_event_run(test->event, WAIT_US) <= 0)
			return false;
	return true;
}

static bool is_gone(const struct test *test)
{
	return waitpid(test->pid, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static size_t descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	while (folder && readdir(folder))
		n++;
	if (folder)
		(void)closedir(folder);
	return n;
}

static void run_program(struct test *test, char *const *arguments)
{
	test->program = arguments[0];
	test->arguments = arguments;
	test->ends = 0;
	start(test);
}

/* ---- nobody holds it ---- */

static char *const reads[] = {(char *)"/bin/sh", (char *)"-c", (char *)"read x <&3", NULL}; /* until its socket is closed */
static char *const ends_by_itself[] = {(char *)"/bin/sh", (char *)"-c", (char *)"exit 7", NULL};
static char *const no_program[] = {(char *)"/nowhere/x", NULL};

static void test_ends(struct test *test)
{
	run_program(test, ends_by_itself);
	ok(ends(test, 1) && test->signal == 0 && test->exit_status == 7 && test->zombie && is_gone(test), "one that ends by itself");
	run_program(test, no_program);
	ok(ends(test, 1) && test->exit_status == 127, "no program");
	run_program(test, reads);
	process_kill(&test->process);
	process_kill(&test->process);
	ok(ends(test, 1) && test->signal == SIGKILL && is_gone(test), "one that is killed twice ends once");
	run_program(test, reads);
	process_leave(&test->process);
	ok(test->process.fd < 0 && ends(test, 1) && test->signal == 0 && is_gone(test), "one that is let go");
	run_program(test, reads);
	process_end(&test->process);
	ok(test->process.pid == 0 && test->process.fd < 0 && is_gone(test), "one whose end is waited for is gone");
	ok(sd_event_run(test->event, 0) == 0 && test->ends == 0, "and told to nobody");
}

static void test_many(struct test *test)
{
	size_t before = descriptors();

	test->again = MANY - 1;
	run_program(test, ends_by_itself);
	ok(ends(test, MANY) && test->process.pid == 0, "one after the other");
	is_int((int)descriptors(), (int)before, "they leave no descriptors");
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "and no processes");
}

/* ---- a debugger holds it ---- */

/* As who watches over a process that does not end when it is killed. */
static bool killed_again_and_again(struct test *test)
{
	const uint64_t until = clock_monotonic_ms() + WAIT_US / 1000;

	while (test->ends == 0 && clock_monotonic_ms() < until) {
		process_kill(&test->process);
		if (sd_event_run(test->event, KILLS_MS * 1000) < 0)
			return false;
	}
	return test->ends > 0;
}

static void end_in_its_hands(struct test *test, struct debugger *debugger, void (*how)(struct process *process), const char *name)
{
	how(&test->process);
	if (!debugger_has_ended(debugger))
		fail("it does not end");
	while (sd_event_run(test->event, 100000) > 0) /* the event library has looked, and saw nothing */
		continue;
	ok(test->ends == 0, "one that %s while a debugger holds it: nobody can tell", name);
	debugger_let_go(debugger);
}

static void test_held(struct test *test)
{
	struct debugger debugger;

	run_program(test, reads);
	if (debugger_hold(&debugger, test->pid) < 0) {
		process_end(&test->process);
		skip("a process in a debugger's hands: this user may not hold one");
		return;
	}
	end_in_its_hands(test, &debugger, process_kill, "is killed");
	ok(ends(test, 1) && test->signal == SIGKILL && test->zombie && is_gone(test), "it is looked for, and told");

	run_program(test, reads);
	if (debugger_hold(&debugger, test->pid) < 0)
		fail("it cannot be held");
	end_in_its_hands(test, &debugger, process_leave, "is let go");
	ok(ends(test, 1) && test->signal == 0 && is_gone(test), "it is looked for, and told, too");

	run_program(test, reads);
	if (debugger_hold(&debugger, test->pid) < 0)
		fail("it cannot be held");
	end_in_its_hands(test, &debugger, process_kill, "is killed again and again");
	ok(killed_again_and_again(test) && test->ends == 1, "that puts off no look for it");

	run_program(test, reads);
	if (debugger_hold(&debugger, test->pid) < 0)
		fail("it cannot be held");
	process_end(&test->process);
	ok(test->process.pid == 0 && test->process.fd < 0, "its end is not waited for for ever");
	debugger_let_go(&debugger);
	(void)waitpid(test->pid, NULL, 0);
}

/* ---- a process that dials, of the other kind ---- */

static void on_alarm(int signal)
{
	static const char words[] = "Bail out! the end of a process that dials is waited for for ever\n";

	_exit(write(STDOUT_FILENO, words, sizeof words - 1) < 0 ? 2 : 1);
}

static void on_dialled(void *userdata, int r, int fd, const struct error *err)
{
	fail("it has dialled");
}

/* Of loopback, and takes no connection any more. */
static uint16_t full_port(int fds[8])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof address;

	for (int i = 0; i < 8; i++)
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(fds[0], (struct sockaddr *)&address, n) < 0 || listen(fds[0], 0) < 0 ||
	    getsockname(fds[0], (struct sockaddr *)&address, &n) < 0)
		fail("no port");
	for (int i = 1; i < 8; i++)
		(void)connect(fds[i], (struct sockaddr *)&address, n);
	return ntohs(address.sin_port);
}

/* Of this process, which has one. */
static pid_t only_child(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	if (file) {
		if (fscanf(file, "%d", &pid) != 1)
			pid = 0;
		(void)fclose(file);
	}
	return pid;
}

static void test_dialler(void)
{
	static const struct service_callbacks none = {0};
	struct service *service = NULL;
	struct dialler *dialler = NULL;
	struct debugger debugger;
	struct error err = {0};
	int fds[8];
	uint16_t port = full_port(fds);
	pid_t pid;

	if (service_new(&none, SERVICE_CHILDREN, NULL, &service, &err) < 0 ||
	    dialler_new(service, "127.0.0.1", port, 60000, on_dialled, NULL, &dialler, &err) < 0)
		fail(err.text);
	pid = only_child();
	if (pid == 0 || debugger_hold(&debugger, pid) < 0) {
		skip("a process that dials in a debugger's hands: this user may not hold one, or the kernel does not name it");
		dialler = dialler_free(dialler);
	} else {
		(void)signal(SIGALRM, on_alarm);
		(void)alarm(WAIT_US / 1000000);
		dialler = dialler_free(dialler);
		(void)alarm(0);
		ok(dialler == NULL, "the end of a process that dials is not waited for for ever, either");
		debugger_let_go(&debugger);
		(void)waitpid(pid, NULL, 0);
	}
	for (int i = 0; i < 8; i++)
		(void)close(fds[i]);
	service_free(service);
}

int main(void)
{
	struct test test = {.process = PROCESS_NONE};
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	if (sd_event_new(&test.event) < 0)
		fail("no event loop");
	test_ends(&test);
	test_many(&test);
	test_held(&test);
	test_dialler();
	sd_event_unref(test.event);
	return done_testing();
}
