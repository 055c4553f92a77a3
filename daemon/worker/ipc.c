/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the supervisor and its children: see ipc.h. */
#include "daemon/worker/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"

#define ERROR_NUMBER_MAX 4095 /* the kernel's own bound */

/* Room for the control message that carries a file's descriptor and perhaps a brief's. */
union control {
	char bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr align;
};

int ipc_send_task(int fd, const struct child_task *task, int file, int brief)
{
	const int fds[2] = {file, brief};
	size_t fds_size = brief < 0 ? sizeof(int) : sizeof fds;
	union control control = {0};
	struct iovec part = {.iov_base = (void *)task, .iov_len = sizeof *task};
	struct msghdr message = {
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_SPACE(fds_size),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t n;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(fds_size);
	memcpy(CMSG_DATA(header), fds, fds_size);
	do
		n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == sizeof *task
	           ? 0
	           : -EIO; /* an empty socket takes such a small message whole */
}

static void descriptors_of(struct msghdr *message, int *ret_file, int *ret_brief)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fds[2] = {-1, -1};

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    (header->cmsg_len != CMSG_LEN(sizeof(int)) && header->cmsg_len != CMSG_LEN(sizeof fds)))
		return;
	memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	*ret_file = fds[0];
	*ret_brief = fds[1];
}

int ipc_receive_task(int fd, struct child_task *ret, int *ret_file, int *ret_brief)
{
	union control control = {0};
	struct iovec part = {.iov_base = ret, .iov_len = sizeof *ret};
	struct msghdr message = {
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof control.bytes,
	};
	_cleanup_(closep) int file = -1, brief = -1;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 1;
	descriptors_of(&message, &file, &brief);
	if ((size_t)n != sizeof *ret || ret->magic != CHILD_MAGIC || file < 0 || (brief >= 0) != (ret->brief_n > 0))
		return -EBADMSG;
	*ret_file = take_fd(&file);
	*ret_brief = take_fd(&brief);
	return 0;
}

int ipc_write(int fd, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

/* ---- checking what a child says ---- */

static int nonsense(struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, ERROR_SOFTWARE, "%s", what);
}

/* By the same rules that the coordinator will go by. */
static int check_counted(const struct child_report *report, const struct slice_task *slice,
                         struct error *err)
{
	struct slice_seam seam;
	struct slice_fault fault;
	enum slice_outcome outcome;
	fq_Seam seam_message;
	fq_Fault fault_message;
	int r;

	r = outcome_from_message(report->outcome, &outcome, err);
	if (r < 0)
		return r;
	if ((report->blob_n > 0) != (outcome == SLICE_END))
		return nonsense(err, "it sent counters without an end, or an end without counters");
	if (report->blob_n > CHILD_BLOB_MAX)
		return nonsense(err, "it announced more counters than there can be");
	seam_to_message(&report->seam, &seam_message);
	if (outcome != SLICE_UNSURE)
		r = seam_from_message(&seam_message, slice->file_size, &seam, err);
	fault_to_message(&report->fault, &fault_message);
	if (r == 0 && outcome == SLICE_FAULT)
		r = fault_from_message(&fault_message, &fault, err);
	return r;
}

int ipc_check_report(const struct child_report *report, const struct slice_task *slice,
                     struct error *err)
{
	if (report->magic != CHILD_MAGIC)
		return nonsense(err, "it sent what is no report");
	if (report->kind != REPORT_COUNTED && report->blob_n > 0)
		return nonsense(err, "it sent counters with another report");
	switch (report->kind) {
	case REPORT_READY:
		return slice ? nonsense(err, "it said that it waits for a task which it has") : 0;
	case REPORT_PROGRESS:
		return slice ? 0 : nonsense(err, "it sent a report without a task");
	case REPORT_FAILED:
		return slice && report->error_number > 0 && report->error_number <= ERROR_NUMBER_MAX
		           ? 0
		           : nonsense(err, "it sent a failure without a task or an error number");
	case REPORT_COUNTED:
		return slice ? check_counted(report, slice, err)
		             : nonsense(err, "it sent a report without a task");
	default:
		return nonsense(err, "it sent a report of unknown kind");
	}
}
