/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialling in a process of its own: see dialler.h. */
#include "daemon/worker/dialler.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"

#define LOOKUP_S 5 /* for the names, beyond the time for connecting */

/* What is wanted of the process. */
struct wish {
	const char *host;
	uint16_t port;
	uint64_t timeout_ms;
	bool for_user;
	uint32_t uid;
};

struct dialler {
	dialler_fn done;
	void *userdata;
	pid_t pid;
	int fd;
	sd_event_source *io;
	char user[PEER_NAME_MAX];
};

/* What the process says: one packet, with the socket where r is 0. */
struct answer {
	int r;
	char user[PEER_NAME_MAX];
	struct error error;
};

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void dialler_freep(struct dialler **dialler)
{
	(void)dialler_free(*dialler); /* always NULL */
}

struct dialler *dialler_free(struct dialler *dialler)
{
	if (!dialler)
		return NULL;
	sd_event_source_disable_unref(dialler->io);
	if (dialler->pid > 0) {
		(void)kill(dialler->pid, SIGKILL); /* it is ours and not waited for: it exists */
		while (waitpid(dialler->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	closep(&dialler->fd);
	free(dialler);
	return NULL;
}

/* ---- in the process ---- */

static void send_answer(int to, const struct answer *answer, int fd)
{
	union control control = {0};
	struct iovec part = {.iov_base = (void *)answer, .iov_len = sizeof *answer};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
	}
	(void)sendmsg(to, &message, MSG_NOSIGNAL); /* who asked sees the end if nothing else */
}

static void look_up(const struct wish *wish, struct answer *answer)
{
	const struct passwd *user;

	(void)alarm((unsigned int)(wish->timeout_ms / 1000) + LOOKUP_S); /* whoever asks must not wait for ever */
	user = getpwuid(wish->uid);
	(void)snprintf(answer->user, sizeof answer->user, "%s", user ? user->pw_name : "");
}

static void dial(int to, int parent, const struct wish *wish) __attribute__((noreturn));
static void dial(int to, int parent, const struct wish *wish)
{
	struct answer answer = {0};
	int fd = -1;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	/* Other connections are not kept open by it. Where that fails they are until it ends. */
	if (to > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned int)to - 1, 0);
	(void)close_range((unsigned int)to + 1, ~0U, 0);
	if (wish->for_user)
		look_up(wish, &answer);
	answer.r = dial_tcp(wish->host, wish->port, wish->timeout_ms, &fd, &answer.error);
	send_answer(to, &answer, fd);
	_exit(0); /* not exit(): what else this process knows is its parent's to clean up */
}

/* ---- in the daemon ---- */

/* 0 with a socket, or negative with the sentence. */
static int receive_answer(struct dialler *dialler, int *ret_fd, struct error *err)
{
	union control control = {0};
	struct answer answer;
	struct iovec part = {.iov_base = &answer, .iov_len = sizeof answer};
	struct msghdr message = {
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof control.bytes,
	};
	ssize_t n = recvmsg(dialler->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (n != sizeof answer || (answer.r >= 0 && (!header || header->cmsg_type != SCM_RIGHTS)))
		return error_set(err, -ECHILD, ERROR_OS,
		                 "the process that dials the coordinator has failed");
	memcpy(dialler->user, answer.user, sizeof dialler->user);
	if (answer.r < 0) {
		*err = answer.error;
		return answer.r;
	}
	memcpy(ret_fd, CMSG_DATA(header), sizeof *ret_fd);
	return 0;
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct dialler *dialler = userdata;
	struct error err = {0};
	int connected = -1, r;

	r = receive_answer(dialler, &connected, &err);
	(void)sd_event_source_set_enabled(dialler->io,
	                                  SD_EVENT_OFF); /* switching off does not fail */
	dialler->done(dialler->userdata, r, connected, &err);
	return 0;
}

static int begin(struct service *service, const struct wish *wish, dialler_fn done, void *userdata, struct dialler **ret,
                 struct error *err)
{
	_cleanup_(dialler_freep) struct dialler *dialler = calloc(1, sizeof *dialler);
	_cleanup_(closep) int theirs = -1;
	int fds[2], parent = (int)getpid(), r;

	assert(service && wish->host && done && ret);
	if (!dialler)
		return error_oom(err);
	dialler->fd = -1;
	dialler->done = done;
	dialler->userdata = userdata;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_set(err, -errno, ERROR_OS, "cannot dial the coordinator: %s",
		                 strerror(errno));
	dialler->fd = fds[0];
	theirs = fds[1];
	r = sd_event_add_io(service_event(service), &dialler->io, dialler->fd, EPOLLIN, on_answer,
	                    dialler);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "cannot dial the coordinator: %s", strerror(-r));
	dialler->pid = fork();
	if (dialler->pid < 0)
		return error_set(err, -errno, ERROR_OS,
		                 "cannot start a process that dials the coordinator: %s",
		                 strerror(errno));
	if (dialler->pid == 0) {
		service_forked(service);
		dial(theirs, parent, wish);
	}
	*ret = TAKE(dialler);
	return 0;
}

int dialler_new(struct service *service, const char *host, uint16_t port, uint64_t timeout_ms,
                dialler_fn done, void *userdata, struct dialler **ret, struct error *err)
{
	const struct wish wish = {.host = host, .port = port, .timeout_ms = timeout_ms};

	return begin(service, &wish, done, userdata, ret, err);
}

int dialler_new_for(struct service *service, const char *host, uint16_t port, uint64_t timeout_ms, uint32_t uid, dialler_fn done,
                    void *userdata, struct dialler **ret, struct error *err)
{
	const struct wish wish = {.host = host, .port = port, .timeout_ms = timeout_ms, .for_user = true, .uid = uid};

	return begin(service, &wish, done, userdata, ret, err);
}

const char *dialler_user(const struct dialler *dialler)
{
	return dialler->user;
}
