/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slot by itself, whose children are this program again and do what no child should: what becomes of one that takes nothing, that
 * speaks nonsense while it has nothing to do, or that a debugger holds when it ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/worker/slot.h"
#include "tests/unit/daemon/debugger.h"
#include "tests/unit/tap.h"

#define WAIT_US UINT64_C(20000000) /* in which anything happens that happens at all */
#define WORDS "FQ_TEST_WORDS"      /* how often a child says that it is ready; then it stands still */
#define FORGETS 10000              /* more than a socket holds */

struct test {
	sd_event *event;
	struct slot slot;
	size_t idle, crashes;
};

static void fail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static int be_child(void)
{
	const struct child_report ready = {.magic = CHILD_MAGIC, .kind = REPORT_READY};
	const char *words = getenv(WORDS);

	for (int i = 0; i < (words ? atoi(words) : 0); i++)
		if (ipc_write(CHILD_FD, &ready, NULL, 0) < 0)
			return 1;
	for (;;)
		(void)pause();
}

static void on_idle(struct slot *slot, void *userdata)
{
	((struct test *)userdata)->idle++;
}

static void on_progress(struct slot *slot, uint64_t bytes, void *userdata)
{
	fail("it has made progress");
}

static void on_report(struct slot *slot, const struct child_report *report, uint8_t *blob, void *userdata)
{
	fail("it has counted");
}

static void on_crash(struct slot *slot, int signal, int exit_status, void *userdata)
{
	((struct test *)userdata)->crashes++;
}

static void on_unfit(struct slot *slot, int exit_status, void *userdata)
{
	fail("it is unfit");
}

/* As service_forked(): a new process blocks no signals. */
static void on_forked(void *userdata)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static const struct slot_callbacks callbacks = {
    .on_idle = on_idle,
    .on_progress = on_progress,
    .on_report = on_report,
    .on_crash = on_crash,
    .on_unfit = on_unfit,
    .on_forked = on_forked,
};

static void begin(struct test *test, const char *words)
{
	struct error err = {0};

	*test = (struct test){.slot.process = PROCESS_NONE};
	if (setenv(WORDS, words, 1) < 0 || sd_event_new(&test->event) < 0 ||
	    slot_init(&test->slot, test->event, 1, "/proc/self/exe", 0, &callbacks, test, &err) < 0)
		fail("no slot");
}

static void end(struct test *test)
{
	slot_deinit(&test->slot);
	test->event = sd_event_unref(test->event);
}

static void run_until_idle(struct test *test, size_t n)
{
	while (test->idle < n)
		if (sd_event_run(test->event, WAIT_US) <= 0)
			fail("no child is ready");
}

static bool is_another(struct test *test, pid_t pid)
{
	while (test->slot.process.pid == pid || test->slot.process.pid == 0)
		if (sd_event_run(test->event, WAIT_US) <= 0)
			return false;
	return true;
}

static int give(struct test *test)
{
	const struct slice_task slice = {.kind = FILE_PLAIN, .file_size = 10, .end = 10};
	const struct slot_work work = {.slice = &slice, .prior = &PRIOR_UNKNOWN, .file = STDERR_FILENO};

	return slot_give(&test->slot, &work);
}

/* It is told to forget texts while it hears nothing, as one that counts. */
static void test_forgets(struct test *test)
{
	begin(test, "1");
	run_until_idle(test, 1);
	for (int i = 0; i < FORGETS; i++)
		slot_forget(&test->slot, &(struct text_key){.slice = (uint64_t)i});
	is_int(give(test), 0, "however many texts a child is to forget, there is room for its next slice");
	end(test);
}

/* It does not hear, and there is no room any more. */
static void test_takes_nothing(struct test *test)
{
	const struct child_task task = {.magic = CHILD_MAGIC, .kind = TASK_FORGET, .all = true};
	const struct child_files none = {-1, -1};
	int r = 0, sent = 0;
	pid_t pid;

	begin(test, "1");
	run_until_idle(test, 1);
	pid = test->slot.process.pid;
	for (; sent < FORGETS && r == 0; sent++)
		r = ipc_send_task(test->slot.process.fd, &task, &none, NULL);;
	is_int(r, -EAGAIN, "a child that hears nothing has room for no more than %d words of %zu bytes", sent - 1, sizeof task);
	is_int(give(test), -EAGAIN, "a slice that it cannot be given waits");
	ok(!slot_is_free(&test->slot), "and it is given no other");
	ok(is_another(test, pid), "it is killed, and another one begun");
	run_until_idle(test, 2);
	is_int(give(test), 0, "which takes a slice");
	end(test);
	is_int((int)test->crashes, 0, "that was no crash");
}

/* What it says while it has nothing to do is nonsense: it is killed, and its end comes later. */
static void test_nonsense(struct test *test)
{
	begin(test, "2");
	while (!test->slot.deaf)
		if (sd_event_run(test->event, WAIT_US) <= 0)
			fail("it is not heard");
	ok(test->idle == 1 && !slot_is_free(&test->slot), "a child that was killed while it had nothing to do is given nothing");
	run_until_idle(test, 2);
	ok(test->crashes == 0, "another one is begun, and that was no crash");
	end(test);
}

/* It ends while it has nothing to do. */
static void test_held(struct test *test)
{
	struct debugger debugger;
	pid_t pid;

	begin(test, "1");
	run_until_idle(test, 1);
	pid = test->slot.process.pid;
	if (debugger_hold(&debugger, pid) < 0) {
		skip("a child in a debugger's hands: this user may not hold one");
		end(test);
		return;
	}
	(void)kill(pid, SIGKILL);
	if (!debugger_has_ended(&debugger))
		fail("it does not end");
	while (sd_event_run(test->event, 100000) > 0) /* the event library has looked, and saw nothing */
		continue;
	ok(test->slot.process.pid == pid && !slot_is_free(&test->slot), "a child that has ended in a debugger's hands is given nothing");
	debugger_let_go(&debugger);
	ok(is_another(test, pid), "afterwards it is looked for, and another one begun");
	run_until_idle(test, 2);
	ok(slot_is_free(&test->slot) && test->crashes == 0, "which is given slices");
	end(test);
}

int main(int argc, char **argv)
{
	struct test test;
	sigset_t mask;

	if (argc == 2 && strcmp(argv[1], CHILD_OPTION) == 0)
		return be_child();
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	test_forgets(&test);
	test_takes_nothing(&test);
	test_nonsense(&test);
	test_held(&test);
	return done_testing();
}
