/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A supervisor's openers: what they answer, to how many at once, and what becomes of requests for which none can be had. Their ends
 * are in test_worker_openers_ends.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/daemon/openers_made.h"
#include "tests/unit/tap.h"

#define MANY 200
#define ON_THEIR_WAY 60 /* descriptors of this user, between processes */

/* Rights of their own; a file system tells two changes apart only when its clock has gone on between them. */
static void change_rights(const char *path)
{
	struct stat before, after;

	if (stat(path, &before) < 0)
		made_fail("no file");
	do
		if (chmod(path, 0640) < 0 || stat(path, &after) < 0)
			made_fail("no rights");
	while (after.st_ctim.tv_sec == before.st_ctim.tv_sec && after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static void test_answers(struct made *made)
{
	struct fingerprint first;

	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "facts");
	first = made->answer.facts.fingerprint;
	ok(first.size == 20 && made->answer.facts.kind == FILE_PLAIN && made->fd < 0, "of a file");
	is_int(made_answer_of(made, OPEN_SLICE, made->path, &first, -1), 0, "a descriptor of the same file");
	ok(made->fd >= 0 && (fcntl(made->fd, F_GETFD) & FD_CLOEXEC), "is there");
	is_int(made_answer_of(made, OPEN_CHECK, made->path, &first, made->fd), 0, "it is still the same");
	is_int(made_answer_of(made, OPEN_SLICE, made->path, &first, -1), 0, "one whose rights are changed");
	change_rights(made->path);
	is_int(made_answer_of(made, OPEN_CHECK, made->path, &first, made->fd), OPEN_CHANGED, "is another");
	is_int(made_answer_of(made, OPEN_SLICE, made->path, &first, -1), OPEN_CHANGED, "also to open");
	ok(made->fd < 0, "and is not handed out");
	is_int(made_answer_of(made, OPEN_FACTS, "/nowhere/x", NULL, -1), -ENOENT, "not there: %s", made->answer.error.text);
}

static void test_many(struct made *made)
{
	size_t answers = made->answers;

	made->in_order = true;
	for (int i = 0; i < MANY; i++)
		made_ask(made, OPEN_FACTS, made->path, NULL, -1);
	made_run_until(made, answers + MANY);
	ok(made->answer.r == 0, "many at once are all answered");
	while (made_alive(made) > 1)
		if (sd_event_run(made->event, UINT64_C(20000000)) <= 0)
			made_fail("nothing happens");
	ok(made->openers.all[0].state == OPENER_IDLE, "and then one opener is left");
}

/* As if none ended when it was killed. */
static void test_all_hang(struct made *made)
{
	struct opener saved[OPENERS_MAX];

	memcpy(saved, made->openers.all, sizeof saved);
	for (size_t i = 0; i < OPENERS_MAX; i++)
		made->openers.all[i].state = OPENER_HUNG;
	is_int((int)openers_hung(&made->openers), OPENERS_MAX, "where all hang");
	made_ask(made, OPEN_FACTS, made->path, NULL, -1);
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), -ETIMEDOUT, "nothing is opened: %s", made->answer.error.text);
	ok(strstr(made->answer.error.text, "all 8 processes"), "with its own sentence");
	memcpy(made->openers.all, saved, sizeof saved);
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "when one is there again, it is asked");
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
		made_fail("no sockets");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(ON_THEIR_WAY * sizeof(int));
	for (size_t i = 0; i < ON_THEIR_WAY; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &(int){STDERR_FILENO}, sizeof(int));
	if (sendmsg(fds[0], &message, MSG_NOSIGNAL) < 0)
		made_fail("descriptors cannot be sent");
}

/* And waits for it. */
static void end_all(struct made *made)
{
	made_kill_all(made);
	while (made_alive(made) > 0)
		if (sd_event_run(made->event, UINT64_C(20000000)) <= 0)
			made_fail("nothing happens");
}

/* The kernel holds the limit of who hands one over against those of all processes of the same user. */
static void test_on_their_way(struct made *made)
{
	struct fingerprint now;
	int fds[2];

	(void)made_answer_of(made, OPEN_FACTS, made->path, NULL, -1);
	now = made->answer.facts.fingerprint;
	send_many(fds);
	is_int(made_answer_of(made, OPEN_SLICE, made->path, &now, -1), 0, "while others have many descriptors on their way, one is handed over");
	end_all(made);
	made->descriptors = ON_THEIR_WAY / 2;
	is_int(made_answer_of(made, OPEN_SLICE, made->path, &now, -1), -ETOOMANYREFS, "more than its limit: %s", made->answer.error.text);
	ok(made->fd < 0 && strstr(made->answer.error.text, "LimitNOFILE="), "with a sentence that says what to do");
	(void)close(fds[0]);
	(void)close(fds[1]);
	is_int(made_answer_of(made, OPEN_SLICE, made->path, &now, -1), 0, "the same one goes on, when they have arrived");
	end_all(made);
	made->descriptors = 0;
}

static int ask_aside(struct made *made)
{
	struct open_request request;

	opener_request_init(&request, OPEN_FACTS, made->path);
	request.aside = true;
	request.number = made->asked + 1;
	return openers_ask(&made->openers, &request, -1) < 0 ? -1 : (int)++made->asked;
}

/* Questions get two of them, also of those that hang; jobs have the others. */
static void test_aside(struct made *made)
{
	size_t answers = made->answers;

	ok(ask_aside(made) >= 0 && ask_aside(made) >= 0, "two requests aside of jobs");
	is_int(ask_aside(made), -1, "are as many as there may be");
	made_ask(made, OPEN_FACTS, made->path, NULL, -1);
	made_run_until(made, answers + 3);
	ok(ask_aside(made) >= 0 && ask_aside(made) >= 0, "and again, when they are answered");
	made_run_until(made, answers + 5);
	/* As if two had hung over questions. */
	for (size_t i = OPENERS_MAX - 2; i < OPENERS_MAX; i++) {
		if (made->openers.all[i].state != OPENER_DOWN)
			made_fail("too many openers");
		made->openers.all[i].state = OPENER_HUNG;
		made->openers.all[i].aside = true;
	}
	is_int(ask_aside(made), -1, "two that hang over questions count, too");
	is_int(made_answer_of(made, OPEN_FACTS, made->path, NULL, -1), 0, "jobs are opened all the same");
	for (size_t i = OPENERS_MAX - 2; i < OPENERS_MAX; i++)
		made->openers.all[i].state = OPENER_DOWN;
	ok(ask_aside(made) >= 0, "when they have ended, one may ask again");
	made_run_until(made, answers + 7);
}

static void test_full(struct made *made)
{
	struct open_request request;
	int r = 0;
	size_t n;

	opener_request_init(&request, OPEN_FACTS, made->path);
	for (n = 0; r == 0 && n <= OPENERS_QUEUE_MAX + OPENERS_MAX; n++)
		r = openers_ask(&made->openers, &request, -1);
	ok(r == -ENOBUFS && n > OPENERS_QUEUE_MAX, "the queue has an end");
}

int main(void)
{
	struct made made;

	made_begin(&made);
	test_answers(&made);
	test_many(&made);
	test_all_hang(&made);
	test_on_their_way(&made);
	test_aside(&made);
	test_full(&made);
	made_end(&made);
	return done_testing();
}
