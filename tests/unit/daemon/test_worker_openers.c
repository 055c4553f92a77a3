/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A supervisor's openers, which are real processes of fqworkerd: what they answer, and what becomes of requests whose opener hangs,
 * ends, or cannot be had. One "hangs" because the test has stopped it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/worker/openers.h"
#include "lib/base/cleanup.h"
#include "tests/unit/daemon/debugger.h"
#include "tests/unit/tap.h"

#define LIMIT_MS 5000 /* in which a busy machine starts a process, also one with sanitizers */
#define MANY 200
#define ON_THEIR_WAY 60 /* descriptors of this user, between processes */

static char path[] = "/tmp/fqcluster-openers-XXXXXX";

struct test {
	sd_event *event;
	struct openers openers;
	uint64_t asked;
	/* the last answer */
	size_t answers;
	struct open_answer answer;
	int fd;
	bool in_order;
	rlim_t descriptors; /* that a new opener may have, or 0 */
};

static void on_answer(const struct open_request *request, const struct open_answer *answer, int fd, void *userdata)
{
	struct test *test = userdata;

	closep(&test->fd);
	test->in_order = test->in_order && answer->number == test->answer.number + 1;
	test->answer = *answer;
	test->fd = fd;
	test->answers++;
}

/* The kernel counts no descriptors of who may do anything, as root may, also by what he inherits. Who is not root may not do this. */
static void drop_privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	(void)prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE);
	(void)prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
	if (syscall(SYS_capget, &header, sets) < 0)
		return;
	sets[0].inheritable &= ~(1u << CAP_SYS_RESOURCE | 1u << CAP_SYS_ADMIN);
	(void)syscall(SYS_capset, &header, sets);
}

/* As service_forked(): a new process blocks no signals. */
static void on_forked(void *userdata)
{
	const struct test *test = userdata;
	const struct rlimit descriptors = {test->descriptors, test->descriptors};
	sigset_t none;

	if (test->descriptors > 0)
		(void)setrlimit(RLIMIT_NOFILE, &descriptors);
	drop_privileges();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static const struct openers_callbacks callbacks = {.on_answer = on_answer, .on_forked = on_forked};

static void fail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static void run_until(struct test *test, size_t answers)
{
	while (test->answers < answers)
		if (sd_event_run(test->event, UINT64_C(20000000)) <= 0)
			fail("nothing happens");
}

static void ask(struct test *test, enum open_kind kind, const char *of, const struct fingerprint *planned, int file)
{
	struct open_request request;

	opener_request_init(&request, kind, of);
	request.number = ++test->asked;
	if (planned)
		request.planned = *planned;
	if (openers_ask(&test->openers, &request, file) < 0)
		fail("a request is refused");
}

static int answer_of(struct test *test, enum open_kind kind, const char *of, const struct fingerprint *planned, int file)
{
	size_t answers = test->answers;

	ask(test, kind, of, planned, file);
	run_until(test, answers + 1);
	return test->answer.r;
}

static size_t alive(const struct test *test)
{
	size_t n = 0;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		n += test->openers.all[i].process.pid > 0;
	return n;
}

/* Rights of their own; a file system tells two changes apart only when its clock has gone on between them. */
static void change_rights(void)
{
	struct stat before, after;

	if (stat(path, &before) < 0)
		fail("no file");
	do
		if (chmod(path, 0640) < 0 || stat(path, &after) < 0)
			fail("no rights");
	while (after.st_ctim.tv_sec == before.st_ctim.tv_sec && after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static void test_answers(struct test *test)
{
	struct fingerprint first;

	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "facts");
	first = test->answer.facts.fingerprint;
	ok(first.size == 20 && test->answer.facts.kind == FILE_PLAIN && test->fd < 0, "of a file");
	is_int(answer_of(test, OPEN_SLICE, path, &first, -1), 0, "a descriptor of the same file");
	ok(test->fd >= 0 && (fcntl(test->fd, F_GETFD) & FD_CLOEXEC), "is there");
	is_int(answer_of(test, OPEN_CHECK, path, &first, test->fd), 0, "it is still the same");
	is_int(answer_of(test, OPEN_SLICE, path, &first, -1), 0, "one whose rights are changed");
	change_rights();
	is_int(answer_of(test, OPEN_CHECK, path, &first, test->fd), OPEN_CHANGED, "is another");
	is_int(answer_of(test, OPEN_SLICE, path, &first, -1), OPEN_CHANGED, "also to open");
	ok(test->fd < 0, "and is not handed out");
	is_int(answer_of(test, OPEN_FACTS, "/nowhere/x", NULL, -1), -ENOENT, "not there: %s", test->answer.error.text);
}

static void test_many(struct test *test)
{
	size_t answers = test->answers;

	test->in_order = true;
	for (int i = 0; i < MANY; i++)
		ask(test, OPEN_FACTS, path, NULL, -1);
	run_until(test, answers + MANY);
	ok(test->answer.r == 0, "many at once are all answered");
	while (alive(test) > 1)
		if (sd_event_run(test->event, UINT64_C(20000000)) <= 0)
			fail("nothing happens");
	ok(test->openers.all[0].state == OPENER_IDLE, "and then one opener is left");
}

static void strike(const struct opener *opener, int signal)
{
	if (!opener || opener->process.pid <= 0)
		fail("no opener");
	(void)kill(opener->process.pid, signal);
}

static struct opener *last_idle(struct test *test)
{
	struct opener *opener = NULL;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		if (test->openers.all[i].state == OPENER_IDLE)
			opener = &test->openers.all[i];
	if (!opener)
		fail("no opener waits");
	return opener;
}

static void test_hangs(struct test *test)
{
	strike(&test->openers.all[0], SIGSTOP);
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), -ETIMEDOUT, "one that hangs: %s", test->answer.error.text);
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "another one takes its place");
}

static void test_ends(struct test *test)
{
	strike(last_idle(test), SIGKILL);
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "one that was killed: another one is asked");
}

/* Fails once, then is fqworkerd. */
static void make_shy(const struct test *test, char shy[64])
{
	FILE *file;

	(void)snprintf(shy, 64, "%s.shy", path);
	file = fopen(shy, "we");
	if (!file || fprintf(file, "#!/bin/sh\nmkdir '%s.was' 2>/dev/null && exit 1\nexec '%s' \"$@\"\n", shy, test->openers.program) < 0 ||
	    fclose(file) != 0 || chmod(shy, 0700) < 0)
		fail("no program");
}

/* One that has ended while it had nothing to do is none that has ended over a request. */
static void test_ended_before(struct test *test)
{
	const struct opener *opener = last_idle(test);
	const char *program = test->openers.program;
	char shy[64], was[80];
	siginfo_t info;

	make_shy(test, shy);
	strike(opener, SIGKILL);
	if (waitid(P_PID, (id_t)opener->process.pid, &info, WEXITED | WNOWAIT) < 0)
		fail("it does not end");
	test->openers.program = shy;
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "one that had ended before, one that fails, and one that answers: %s",
	       test->answer.error.text);
	test->openers.program = program;
	(void)snprintf(was, sizeof was, "%s.was", shy);
	ok(rmdir(was) == 0 && unlink(shy) == 0, "it was those");
}

static void kill_all(struct test *test)
{
	for (size_t i = 0; i < OPENERS_MAX; i++)
		if (test->openers.all[i].process.pid > 0)
			strike(&test->openers.all[i], SIGKILL);
}

/* And waits for it. */
static void end_all(struct test *test)
{
	kill_all(test);
	while (alive(test) > 0)
		if (sd_event_run(test->event, UINT64_C(20000000)) <= 0)
			fail("nothing happens");
}

/* A program that ends at once. */
static void test_none(struct test *test)
{
	const char *program = test->openers.program;

	kill_all(test);
	test->openers.program = "/bin/false";
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), -EIO, "none that works: %s", test->answer.error.text);
	test->openers.program = program;
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "and one that does");
}

/* ---- a debugger holds it ---- */

static bool is_down(struct test *test, const struct opener *opener, pid_t pid)
{
	while (opener->process.pid == pid)
		if (sd_event_run(test->event, UINT64_C(20000000)) <= 0)
			return false;
	return true;
}

/* The event library has looked, and saw nothing. */
static bool is_not_told(struct test *test, const struct opener *opener, pid_t pid)
{
	while (sd_event_run(test->event, 100000) > 0)
		continue;
	return opener->process.pid == pid;
}

/* The end of one that a debugger holds just then is told to nobody: it is looked for. */
static void test_held(struct test *test)
{
	struct opener *opener = last_idle(test);
	pid_t pid = opener->process.pid;
	struct debugger debugger;

	if (debugger_hold(&debugger, pid) < 0) {
		skip("openers in a debugger's hands: this user may not hold them");
		return;
	}
	strike(opener, SIGKILL);
	if (!debugger_has_ended(&debugger))
		fail("it does not end");
	ok(is_not_told(test, opener, pid), "one that ends in a debugger's hands is there until it is let go");
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "another one opens");
	ok(opener->process.pid == pid, "meanwhile");
	debugger_let_go(&debugger);
	ok(is_down(test, opener, pid), "afterwards it is looked for, and gone");
}

/* One that is not needed any more: it was started because the first one stood still. */
static void test_held_leaving(struct test *test)
{
	size_t answers = test->answers;
	struct opener *opener = last_idle(test);
	struct debugger debugger;
	pid_t pid;

	strike(opener, SIGSTOP);
	ask(test, OPEN_FACTS, path, NULL, -1);
	ask(test, OPEN_FACTS, path, NULL, -1);
	while (alive(test) < 2)
		if (sd_event_run(test->event, UINT64_C(20000000)) <= 0)
			fail("no second opener");
	strike(opener, SIGCONT);
	run_until(test, answers + 2);
	opener = last_idle(test);
	pid = opener->process.pid;
	if (debugger_hold(&debugger, pid) < 0) {
		skip("an opener that leaves in a debugger's hands: this user may not hold it");
		return;
	}
	while (opener->state == OPENER_IDLE)
		if (sd_event_run(test->event, UINT64_C(20000000)) <= 0)
			fail("none leaves");
	ok(opener->state == OPENER_LEAVING && debugger_has_ended(&debugger), "one that is not needed any more ends in a debugger's hands");
	ok(is_not_told(test, opener, pid), "and is there");
	debugger_let_go(&debugger);
	ok(is_down(test, opener, pid), "it is looked for, too, and gone");
}

/* As if none ended when it was killed. */
static void test_all_hang(struct test *test)
{
	struct opener saved[OPENERS_MAX];

	memcpy(saved, test->openers.all, sizeof saved);
	for (size_t i = 0; i < OPENERS_MAX; i++)
		test->openers.all[i].state = OPENER_HUNG;
	is_int((int)openers_hung(&test->openers), OPENERS_MAX, "where all hang");
	ask(test, OPEN_FACTS, path, NULL, -1);
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), -ETIMEDOUT, "nothing is opened: %s", test->answer.error.text);
	ok(strstr(test->answer.error.text, "all 8 processes"), "with its own sentence");
	memcpy(test->openers.all, saved, sizeof saved);
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "when one is there again, it is asked");
}

/* Descriptors that wait in sockets, as those of other processes of this user do: they wait in fds[1] until it is closed. */
static void send_many(int fds[2])
{
	union {
		char bytes[CMSG_SPACE(ON_THEIR_WAY * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {.iov_base = (char[]){'x'}, .iov_len = 1};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		fail("no sockets");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(ON_THEIR_WAY * sizeof(int));
	for (size_t i = 0; i < ON_THEIR_WAY; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &(int){STDERR_FILENO}, sizeof(int));
	if (sendmsg(fds[0], &message, MSG_NOSIGNAL) < 0)
		fail("descriptors cannot be sent");
}

/* The kernel holds the limit of who hands one over against those of all processes of the same user. */
static void test_on_their_way(struct test *test)
{
	struct fingerprint now;
	int fds[2];

	(void)answer_of(test, OPEN_FACTS, path, NULL, -1);
	now = test->answer.facts.fingerprint;
	send_many(fds);
	is_int(answer_of(test, OPEN_SLICE, path, &now, -1), 0, "while others have many descriptors on their way, one is handed over");
	end_all(test);
	test->descriptors = ON_THEIR_WAY / 2;
	is_int(answer_of(test, OPEN_SLICE, path, &now, -1), -ETOOMANYREFS, "more than its limit: %s", test->answer.error.text);
	ok(test->fd < 0 && strstr(test->answer.error.text, "LimitNOFILE="), "with a sentence that says what to do");
	(void)close(fds[0]);
	(void)close(fds[1]);
	is_int(answer_of(test, OPEN_SLICE, path, &now, -1), 0, "the same one goes on, when they have arrived");
	end_all(test);
	test->descriptors = 0;
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

/* What an opener should never say, as one might that reads what strangers have made. */
static void test_two_descriptors(void)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct open_answer answer = {.magic = OPENER_MAGIC};
	struct iovec part = {.iov_base = &answer, .iov_len = sizeof answer};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fds[2], file = -1;
	size_t before;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		fail("no sockets");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), (int[]){STDERR_FILENO, STDERR_FILENO}, 2 * sizeof(int));
	if (sendmsg(fds[0], &message, MSG_NOSIGNAL) < 0)
		fail("descriptors cannot be sent");
	before = descriptors();
	is_int(opener_receive(fds[1], &answer, sizeof answer, &file), -EBADMSG, "an answer with two descriptors is none");
	is_int((int)descriptors(), (int)before, "and leaves none");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static int ask_aside(struct test *test)
{
	struct open_request request;

	opener_request_init(&request, OPEN_FACTS, path);
	request.aside = true;
	request.number = test->asked + 1;
	return openers_ask(&test->openers, &request, -1) < 0 ? -1 : (int)++test->asked;
}

/* Questions get two of them, also of those that hang; jobs have the others. */
static void test_aside(struct test *test)
{
	size_t answers = test->answers;

	ok(ask_aside(test) >= 0 && ask_aside(test) >= 0, "two requests aside of jobs");
	is_int(ask_aside(test), -1, "are as many as there may be");
	ask(test, OPEN_FACTS, path, NULL, -1);
	run_until(test, answers + 3);
	ok(ask_aside(test) >= 0 && ask_aside(test) >= 0, "and again, when they are answered");
	run_until(test, answers + 5);
	/* As if two had hung over questions. */
	for (size_t i = OPENERS_MAX - 2; i < OPENERS_MAX; i++) {
		if (test->openers.all[i].state != OPENER_DOWN)
			fail("too many openers");
		test->openers.all[i].state = OPENER_HUNG;
		test->openers.all[i].aside = true;
	}
	is_int(ask_aside(test), -1, "two that hang over questions count, too");
	is_int(answer_of(test, OPEN_FACTS, path, NULL, -1), 0, "jobs are opened all the same");
	for (size_t i = OPENERS_MAX - 2; i < OPENERS_MAX; i++)
		test->openers.all[i].state = OPENER_DOWN;
	ok(ask_aside(test) >= 0, "when they have ended, one may ask again");
	run_until(test, answers + 7);
}

static void test_full(struct test *test)
{
	struct open_request request;
	int r = 0;
	size_t n;

	opener_request_init(&request, OPEN_FACTS, path);
	for (n = 0; r == 0 && n <= OPENERS_QUEUE_MAX + OPENERS_MAX; n++)
		r = openers_ask(&test->openers, &request, -1);
	ok(r == -ENOBUFS && n > OPENERS_QUEUE_MAX, "the queue has an end");
}

int main(void)
{
	const char *top = getenv("FQ_TOP_BUILDDIR");
	char program[4096], *items[] = {(char *)"/"};
	const struct conf_list roots = {.items = items, .n = 1};
	struct test test = {.fd = -1};
	struct error err = {0};
	int fd = mkstemp(path);
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)snprintf(program, sizeof program, "%s/daemon/fqworkerd", top ? top : ".");
	if (fd < 0 || write(fd, "@r\nACGTAC\n+\nIIIIII\n\n", 20) != 20 || close(fd) < 0 || sd_event_new(&test.event) < 0 ||
	    openers_init(&test.openers, test.event, program, &roots, LIMIT_MS, &callbacks, &test, &err) < 0)
		fail("no openers");
	test_answers(&test);
	test_many(&test);
	test_hangs(&test);
	test_ends(&test);
	test_ended_before(&test);
	test_held(&test);
	test_held_leaving(&test);
	test_none(&test);
	test_all_hang(&test);
	test_on_their_way(&test);
	test_two_descriptors();
	test_aside(&test);
	test_full(&test);
	openers_deinit(&test.openers);
	closep(&test.fd);
	sd_event_unref(test.event);
	(void)unlink(path);
	return done_testing();
}
