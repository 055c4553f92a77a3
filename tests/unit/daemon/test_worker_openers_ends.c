/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a supervisor's openers end, and what becomes of what they had to open: of those that hang, end by themselves, say nonsense, or are in
 * a debugger's hands. One "hangs" because the test has stopped it.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon/debugger.h"
#include "tests/unit/daemon/openers_made.h"
#include "tests/unit/tap.h"

static void test_hangs(struct made *made)
{
	made_strike(&made->openers.all[0], SIGSTOP);
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), -ETIMEDOUT, "one that hangs: %s", made->answer.error.text);
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "another one takes its place");
}

static void test_ends(struct made *made)
{
	made_strike(made_last_idle(made), SIGKILL);
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "one that was killed: another one is asked");
}

/* Fails once, then is fqworkerd. */
static void make_shy(const struct made *made, char shy[80])
{
	FILE *file;

	(void)snprintf(shy, 80, "%s.shy", made->path);
	file = fopen(shy, "we");
	if (!file || fprintf(file, "#!/bin/sh\nmkdir '%s.was' 2>/dev/null && exit 1\nexec '%s' \"$@\"\n", shy, made->openers.program) < 0 ||
	    fclose(file) != 0 || chmod(shy, 0700) < 0)
		made_fail("no program");
}

/* One that has ended while it had nothing to do is none that has ended over a request. */
static void test_ended_before(struct made *made)
{
	const struct opener *opener = made_last_idle(made);
	const char *program = made->openers.program;
	char shy[80], was[100];
	siginfo_t info;

	make_shy(made, shy);
	made_strike(opener, SIGKILL);
	if (waitid(P_PID, (id_t)opener->process.pid, &info, WEXITED | WNOWAIT) < 0)
		made_fail("it does not end");
	made->openers.program = shy;
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "one that had ended before, one that fails, and one that answers: %s",
	       made->answer.error.text);
	made->openers.program = program;
	(void)snprintf(was, sizeof was, "%s.was", shy);
	ok(rmdir(was) == 0 && unlink(shy) == 0, "it was those");
}

/* A program that ends at once. */
static void test_none(struct made *made)
{
	const char *program = made->openers.program;

	made_kill_all(made);
	made->openers.program = "/bin/false";
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), -EIO, "none that works: %s", made->answer.error.text);
	made->openers.program = program;
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "and one that does");
}

/* ---- a debugger holds it ---- */

static bool is_down(struct made *made, const struct opener *opener, pid_t pid)
{
	while (opener->process.pid == pid)
		if (sd_event_run(made->event, UINT64_C(20000000)) <= 0)
			return false;
	return true;
}

/* The event library has looked, and saw nothing. */
static bool is_not_told(struct made *made, const struct opener *opener, pid_t pid)
{
	while (sd_event_run(made->event, 100000) > 0)
		continue;
	return opener->process.pid == pid;
}

/* The end of one that a debugger holds just then is told to nobody: it is looked for. */
static void test_held(struct made *made)
{
	struct opener *opener = made_last_idle(made);
	pid_t pid = opener->process.pid;
	struct debugger debugger;

	if (debugger_hold(&debugger, pid) < 0) {
		skip("openers in a debugger's hands: this user may not hold them");
		return;
	}
	made_strike(opener, SIGKILL);
	if (!debugger_has_ended(&debugger))
		made_fail("it does not end");
	ok(is_not_told(made, opener, pid), "one that ends in a debugger's hands is there until it is let go");
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "another one opens");
	ok(opener->process.pid == pid, "meanwhile");
	debugger_let_go(&debugger);
	ok(is_down(made, opener, pid), "afterwards it is looked for, and gone");
}

/* One that is not needed any more: it was started because the first one stood still. */
static void test_held_leaving(struct made *made)
{
	size_t answers = made->answers;
	struct opener *opener = made_last_idle(made);
	struct debugger debugger;
	pid_t pid;

	made_strike(opener, SIGSTOP);
	made_ask(made, OPEN_FACTS, made->path, NULL, -1);
	made_ask(made, OPEN_FACTS, made->path, NULL, -1);
	while (made_alive(made) < 2)
		if (sd_event_run(made->event, UINT64_C(20000000)) <= 0)
			made_fail("no second opener");
	made_strike(opener, SIGCONT);
	made_run_until(made, answers + 2);
	opener = made_last_idle(made);
	pid = opener->process.pid;
	if (debugger_hold(&debugger, pid) < 0) {
		skip("an opener that leaves in a debugger's hands: this user may not hold it");
		return;
	}
	while (opener->state == OPENER_IDLE)
		if (sd_event_run(made->event, UINT64_C(20000000)) <= 0)
			made_fail("none leaves");
	ok(opener->state == OPENER_LEAVING && debugger_has_ended(&debugger), "one that is not needed any more ends in a debugger's hands");
	ok(is_not_told(made, opener, pid), "and is there");
	debugger_let_go(&debugger);
	ok(is_down(made, opener, pid), "it is looked for, too, and gone");
}

/* ---- nonsense ---- */

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
		made_fail("no sockets");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), (int[]){STDERR_FILENO, STDERR_FILENO}, 2 * sizeof(int));
	if (sendmsg(fds[0], &message, MSG_NOSIGNAL) < 0)
		made_fail("descriptors cannot be sent");
	before = descriptors();
	is_int(opener_receive(fds[1], &answer, sizeof answer, &file), -EBADMSG, "an answer with two descriptors is none");
	is_int((int)descriptors(), (int)before, "and leaves none");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
	struct made made;

	made_begin(&made);
	test_hangs(&made);
	test_ends(&made);
	test_ended_before(&made);
	test_held(&made);
	test_held_leaving(&made);
	test_none(&made);
	test_two_descriptors();
	made_end(&made);
	return done_testing();
}
