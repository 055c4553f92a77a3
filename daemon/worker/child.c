/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A warm child: takes a task and one open descriptor, counts, answers; again and again. It has no key, no connection and no
 * path, and dies with its supervisor. What it may do is narrowed in one place, child_enclose().
 *
 * Memory: what the slice reader and the counters of one slice need.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/worker/ipc.h"
#include "lib/base/cleanup.h"
#include "lib/qc/count.h"

#define EXIT_ORDER 70 /* the supervisor said something that makes no sense */

/* Nothing of the supervisor's stays open, nothing can be gained, no core with reads in it is left behind. */
static int child_enclose(long parent)
{
	const struct rlimit none = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NAME, "fqworkerd-slot") < 0 || setrlimit(RLIMIT_CORE, &none) < 0 || chdir("/") < 0 ||
	    close_range(IPC_CHILD_FD + 1, ~0U, 0) < 0)
		return -errno;
	return getppid() == (pid_t)parent ? 0 : -ESRCH; /* it ended before PR_SET_PDEATHSIG */
}

/* 0; 1 at the end of the stream; negative errno. */
static int take_task(struct ipc_task *task, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {.iov_base = task, .iov_len = sizeof *task};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *head;
	ssize_t n;

	do
		n = recvmsg(IPC_CHILD_FD, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 ? 1 : -errno;
	head = CMSG_FIRSTHDR(&message);
	if (n != sizeof *task || !head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EBADMSG;
	memcpy(ret_fd, CMSG_DATA(head), sizeof *ret_fd);
	return 0;
}

static int send_all(const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		ssize_t sent = send(IPC_CHILD_FD, at, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		at += sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int send_progress(void *data, uint64_t bytes)
{
	const struct ipc_head head = {.kind = IPC_PROGRESS, .number = bytes};

	(void)data;
	return send_all(&head, sizeof head);
}

/* The file must still be the one that was planned; otherwise what was counted is of no use. */
static void check_unchanged(int fd, const struct fingerprint *planned, struct slice_count *count)
{
	struct fingerprint now;

	if (fingerprint_take(fd, &now, NULL) == 0 && fingerprint_equal(&now, planned))
		return;
	count->outcome = SLICE_FAULT;
	count->fault = (struct slice_fault){.kind = FAULT_CHANGED};
}

static int answer(const struct slice_count *count)
{
	struct ipc_head head = {.kind = IPC_RESULT};
	struct ipc_result result = {
		.outcome = (uint32_t)count->outcome,
		.seam = count->seam,
		.fault = count->fault,
	};
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t n = 0;
	int r = 0;

	if (count->outcome == SLICE_END) {
		result.bases = counters_bases(count->counters);
		r = counters_pack(count->counters, &bytes, &n);
		if (r == 0)
			r = digest_sha256(bytes, n, NULL, 0, result.digest);
	}
	head.number = n;
	if (r == 0)
		r = send_all(&head, sizeof head);
	if (r == 0)
		r = send_all(&result, sizeof result);
	return r < 0 ? r : send_all(bytes, n);
}

static int count_task(const struct ipc_task *task, int fd)
{
	struct slice_count count = {0};
	struct error error;
	int r;

	r = count_slice(fd, &task->task, task->modules, send_progress, NULL, &count, &error);
	if (r == 0) {
		check_unchanged(fd, &task->fingerprint, &count);
		r = answer(&count);
	}
	slice_count_deinit(&count);
	return r;
}

int child_main(long parent)
{
	struct ipc_task task;
	int r = child_enclose(parent);

	while (r == 0) {
		_cleanup_(closep) int fd = -1;

		r = take_task(&task, &fd);
		if (r == 0)
			r = count_task(&task, fd);
	}
	return r > 0 || r == -EPIPE || r == -ECONNRESET || r == -ESRCH ? EXIT_SUCCESS : EXIT_ORDER;
}
