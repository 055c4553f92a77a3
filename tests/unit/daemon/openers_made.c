/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Openers for tests: see openers_made.h. */
#include "tests/unit/daemon/openers_made.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

#define LIMIT_MS 5000 /* in which a busy machine starts a process, also one with sanitizers */

static void on_answer(const struct open_request *request, const struct open_answer *answer, int fd, void *userdata)
{
	struct made *made = userdata;

	closep(&made->fd);
	made->in_order = made->in_order && answer->number == made->answer.number + 1;
	made->answer = *answer;
	made->fd = fd;
	made->answers++;
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
	const struct made *made = userdata;
	const struct rlimit descriptors = {made->descriptors, made->descriptors};
	sigset_t none;

	if (made->descriptors > 0)
		(void)setrlimit(RLIMIT_NOFILE, &descriptors);
	drop_privileges();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static const struct openers_callbacks callbacks = {.on_answer = on_answer, .on_forked = on_forked};

void made_fail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

void made_run_until(struct made *made, size_t answers)
{
	while (made->answers < answers)
		if (sd_event_run(made->event, UINT64_C(20000000)) <= 0)
			made_fail("nothing happens");
}

void made_ask(struct made *made, enum open_kind kind, const char *of, const struct fingerprint *planned, int file)
{
	struct open_request request;

	opener_request_init(&request, kind, of);
	request.number = ++made->asked;
	if (planned)
		request.planned = *planned;
	if (openers_ask(&made->openers, &request, file) < 0)
		made_fail("a request is refused");
}

int made_answer_of(struct made *made, enum open_kind kind, const char *of, const struct fingerprint *planned, int file)
{
	size_t answers = made->answers;

	made_ask(made, kind, of, planned, file);
	made_run_until(made, answers + 1);
	return made->answer.r;
}

size_t made_alive(const struct made *made)
{
	size_t n = 0;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		n += made->openers.all[i].process.pid > 0;
	return n;
}

void made_strike(const struct opener *opener, int signal)
{
	if (!opener || opener->process.pid <= 0)
		made_fail("no opener");
	(void)kill(opener->process.pid, signal);
}

struct opener *made_last_idle(struct made *made)
{
	struct opener *opener = NULL;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		if (made->openers.all[i].state == OPENER_IDLE)
			opener = &made->openers.all[i];
	if (!opener)
		made_fail("no opener waits");
	return opener;
}

void made_kill_all(struct made *made)
{
	for (size_t i = 0; i < OPENERS_MAX; i++)
		if (made->openers.all[i].process.pid > 0)
			made_strike(&made->openers.all[i], SIGKILL);
}

void made_begin(struct made *made)
{
	static char *items[] = {(char *)"/"};
	static const struct conf_list roots = {.items = items, .n = 1};
	const char *top = getenv("FQ_TOP_BUILDDIR");
	struct error err = {0};
	sigset_t mask;
	int fd;

	*made = (struct made){.fd = -1, .path = "/tmp/fqcluster-openers-XXXXXX"};
	fd = mkstemp(made->path);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)snprintf(made->program, sizeof made->program, "%s/daemon/fqworkerd", top ? top : ".");
	if (fd < 0 || write(fd, "@r\nACGTAC\n+\nIIIIII\n\n", 20) != 20 || close(fd) < 0 || sd_event_new(&made->event) < 0 ||
	    openers_init(&made->openers, made->event, made->program, &roots, LIMIT_MS, &callbacks, made, &err) < 0)
		made_fail("no openers");
}

void made_end(struct made *made)
{
	openers_deinit(&made->openers);
	closep(&made->fd);
	sd_event_unref(made->event);
	(void)unlink(made->path);
}
