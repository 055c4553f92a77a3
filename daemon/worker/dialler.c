/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialling in a process of its own: see dialler.h. */
#include "daemon/worker/dialler.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/worker/process.h"
#include "lib/base/cleanup.h"
#include "lib/wire/dial.h"

struct dialler {
	dialler_fn done;
	void *userdata;
	pid_t pid;
	int fd;
	sd_event_source *io;
};

/* What the process says: one packet, with the socket where r is 0. */
struct answer {
	int r;
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
	process_reap(dialler->pid);
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

static void dial(int to, int parent, const char *host, uint16_t port, uint64_t timeout_ms)
    __attribute__((noreturn));
static void dial(int to, int parent, const char *host, uint16_t port, uint64_t timeout_ms)
{
	struct answer answer = {0};
	int fd = -1;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	answer.r = dial_tcp(host, port, timeout_ms, &fd, &answer.error);
	send_answer(to, &answer, fd);
	_exit(0); /* not exit(): what else this process knows is its parent's to clean up */
}

/* ---- in the daemon ---- */

/* 0 with a socket, or negative with the sentence. */
static int receive_answer(int from, int *ret_fd, struct error *err)
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
	ssize_t n = recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (n != sizeof answer || (answer.r >= 0 && (!header || header->cmsg_type != SCM_RIGHTS)))
		return error_set(err, -ECHILD, ERROR_OS,
		                 "the process that dials the coordinator has failed");
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

	r = receive_answer(dialler->fd, &connected, &err);
	(void)sd_event_source_set_enabled(dialler->io,
	                                  SD_EVENT_OFF); /* switching off does not fail */
	dialler->done(dialler->userdata, r, connected, &err);
	return 0;
}

int dialler_new(struct service *service, const char *host, uint16_t port, uint64_t timeout_ms,
                dialler_fn done, void *userdata, struct dialler **ret, struct error *err)
{
	_cleanup_(dialler_freep) struct dialler *dialler = calloc(1, sizeof *dialler);
	_cleanup_(closep) int theirs = -1;
	int fds[2], parent = (int)getpid(), r;

	assert(service && host && done && ret);
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
		dial(theirs, parent, host, port, timeout_ms);
	}
	*ret = TAKE(dialler);
	return 0;
}
