/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of users in a process of its own: see namer.h. */
#include "daemon/worker/namer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/worker/process.h"
#include "lib/base/cleanup.h"
#include "lib/wire/trust.h"

#define LOOKUP_S 4 /* with the way to the coordinator less than fqctl waits */

struct namer {
	namer_fn done;
	void *userdata;
	pid_t pid;
	int fd;
	sd_event_source *io;
};

static void namer_freep(struct namer **namer)
{
	(void)namer_free(*namer); /* always NULL */
}

struct namer *namer_free(struct namer *namer)
{
	if (!namer)
		return NULL;
	sd_event_source_disable_unref(namer->io);
	process_reap(namer->pid);
	closep(&namer->fd);
	free(namer);
	return NULL;
}

static void look_up(int to, int parent, uint32_t uid) __attribute__((noreturn));
static void look_up(int to, int parent, uint32_t uid)
{
	const struct passwd *user;
	char name[PEER_NAME_MAX];

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	/* Other people's connections are not kept open by it. Where that fails they are until it ends. */
	if (to > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned int)to - 1, 0);
	(void)close_range((unsigned int)to + 1, ~0U, 0);
	(void)alarm(LOOKUP_S);
	user = getpwuid(uid);
	(void)snprintf(name, sizeof name, "%s", user ? user->pw_name : "");
	_exit(write(to, name, strlen(name) + 1) < 0); /* not exit(): what else this process knows is its parent's to clean up */
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct namer *namer = userdata;
	char name[PEER_NAME_MAX];
	ssize_t n = read(fd, name, sizeof name);
	bool whole = n > 0 && name[n - 1] == '\0'; /* as it was written: a pipe takes so little at once */

	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF); /* switching off does not fail */
	namer->done(namer->userdata, whole ? name : NULL);
	return 0;
}

int namer_new(struct service *service, uint32_t uid, namer_fn done, void *userdata, struct namer **ret, struct error *err)
{
	_cleanup_(namer_freep) struct namer *namer = calloc(1, sizeof *namer);
	_cleanup_(closep) int theirs = -1;
	int fds[2], parent = (int)getpid(), r;

	assert(service && done && ret);
	if (!namer)
		return error_oom(err);
	namer->fd = -1;
	namer->done = done;
	namer->userdata = userdata;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, ERROR_OS, "cannot look up a user: %s", strerror(errno));
	namer->fd = fds[0];
	theirs = fds[1];
	r = sd_event_add_io(service_event(service), &namer->io, namer->fd, EPOLLIN, on_answer, namer);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "cannot look up a user: %s", strerror(-r));
	namer->pid = fork();
	if (namer->pid < 0)
		return error_set(err, -errno, ERROR_OS, "cannot start a process that looks up a user: %s", strerror(errno));
	if (namer->pid == 0) {
		service_forked(service);
		look_up(theirs, parent, uid);
	}
	*ret = TAKE(namer);
	return 0;
}
