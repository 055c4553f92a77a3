/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the supervisor and its children: see ipc.h. */
#include "daemon/worker/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/symbol.h"

#define ERROR_NUMBER_MAX 4095 /* the kernel's own bound */

#define FILES_MAX 2

/* Room for the control message that carries descriptors. */
union control {
	char bytes[CMSG_SPACE(FILES_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* An empty socket takes such small messages whole. */
static int send_whole(int fd, const struct msghdr *message, size_t size)
{
	ssize_t n;

	do
		n = sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

/* Descriptors that belong to a task. */
static size_t files_of(const struct child_task *task)
{
	return task->kind == TASK_FORGET ? 0 : task->brief_n > 0 ? 2 : 1;
}

int ipc_send_task(int fd, const struct child_task *task, const struct child_files *files, const uint8_t *window)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)task, .iov_len = sizeof *task};
	union control control = {0};
	int fds[FILES_MAX] = {files->file, files->brief};
	size_t n = files_of(task), window_n = child_task_window(task);
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *header;
	int r;

	if (n > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(header), fds, n * sizeof(int));
	}
	r = send_whole(fd, &message, sizeof *task);
	if (r < 0 || window_n == 0)
		return r;
	part = (struct iovec){.iov_base = (void *)(uintptr_t)window, .iov_len = window_n};
	message = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
	return send_whole(fd, &message, window_n) < 0 ? -EIO : 0;
}

/* How many came. */
static size_t descriptors_of(struct msghdr *message, int fds[FILES_MAX])
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t n = 0;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len >= CMSG_LEN(sizeof(int)))
		n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	n = n < FILES_MAX ? n : FILES_MAX; /* no more fit */
	memcpy(fds, n > 0 ? CMSG_DATA(header) : (const unsigned char *)"", n * sizeof(int));
	return n;
}

/* 1: the end. */
static int receive_whole(int fd, struct msghdr *message, size_t size)
{
	ssize_t n;

	do
		n = recvmsg(fd, message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? 1 : (size_t)n == size ? 0 : -EBADMSG;
}

static int receive_window(int fd, struct child_task *task, uint8_t window[SPLIT_WINDOW])
{
	struct iovec part = {.iov_base = window, .iov_len = child_task_window(task)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	task->point.window = window;
	return part.iov_len > 0 ? receive_whole(fd, &message, part.iov_len) : 0;
}

int ipc_receive_task(int fd, struct child_task *ret, struct child_files *ret_files, uint8_t window[SPLIT_WINDOW])
{
	union control control = {0};
	struct iovec part = {.iov_base = ret, .iov_len = sizeof *ret};
	struct msghdr message = {
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof control.bytes,
	};
	int fds[FILES_MAX] = {-1, -1}, r;

	r = receive_whole(fd, &message, sizeof *ret);
	if (r != 0)
		return r;
	if (descriptors_of(&message, fds) == files_of(ret) && ret->magic == CHILD_MAGIC)
		r = receive_window(fd, ret, window);
	else
		r = -EBADMSG;
	if (r != 0) {
		for (size_t i = 0; i < FILES_MAX; i++)
			closep(&fds[i]);
		return r;
	}
	*ret_files = (struct child_files){.file = fds[0], .brief = fds[1]};
	return 0;
}

/* At once, as each call wakes the supervisor. */
int ipc_write(int fd, const struct child_report *report, const uint8_t *blob, size_t n)
{
	struct iovec parts[] = {
	    {.iov_base = (void *)(uintptr_t)report, .iov_len = sizeof *report},
	    {.iov_base = (void *)(uintptr_t)blob, .iov_len = n},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = n > 0 ? 2 : 1};

	while (message.msg_iovlen > 0) {
		ssize_t k = sendmsg(fd, &message, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		while (message.msg_iovlen > 0 && (size_t)k >= message.msg_iov->iov_len) {
			k -= (ssize_t)message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen > 0) {
			message.msg_iov->iov_base = (uint8_t *)message.msg_iov->iov_base + k;
			message.msg_iov->iov_len -= (size_t)k;
		}
	}
	return 0;
}

/* ---- checking what a child says ---- */

static int nonsense(struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, ERROR_SOFTWARE, "%s", what);
}

static int check_fault(const struct child_report *report, struct error *err)
{
	struct slice_fault fault;
	fq_Fault message;

	fault_to_message(&report->fault, &message);
	return fault_from_message(&message, &fault, err);
}

/* What it says of a slice of one gzip stream, by the same rules that the coordinator will go by. */
static int check_split(const struct child_report *report, const struct slice_task *slice, struct split_report *ret, struct error *err)
{
	fq_SplitReport message;

	if (split_report_get(report->split, ret) < 0)
		return nonsense(err, "it sent what is no report of gzip");
	report_to_message(ret, &message);
	return report_from_message(&message, slice->file_size, ret, err);
}

static int check_window(const struct child_report *report, const struct child_task *task, struct error *err)
{
	struct split_report split;
	int r;

	if (report->outcome != SLICE_END || !task->has_point)
		return report->window_n == 0 ? 0 : nonsense(err, "it sent a window behind what has none");
	r = check_split(report, &task->slice, &split, err);
	if (r < 0)
		return r;
	if (report->window_n > WINDOW_PACKED_MAX || report->window_n >= report->blob_n || (report->window_n > 0) == split.next_header)
		return nonsense(err, "it sent no window behind the slice, or one where there is none");
	return 0;
}

/* By the same rules that the coordinator will go by. */
static int check_counted(const struct child_report *report, const struct child_task *task, struct error *err)
{
	struct slice_seam seam;
	enum slice_outcome outcome;
	fq_Seam seam_message;
	int r;

	if (task->kind != TASK_COUNT)
		return nonsense(err, "it sent counters of what it should inflate only");
	r = outcome_from_message(report->outcome, &outcome, err);
	if (r < 0)
		return r;
	if ((report->blob_n > 0) != (outcome == SLICE_END))
		return nonsense(err, "it sent counters without an end, or an end without counters");
	if (report->blob_n > CHILD_BLOB_MAX)
		return nonsense(err, "it announced more counters than there can be");
	seam_to_message(&report->seam, &seam_message);
	if (outcome != SLICE_UNSURE)
		r = seam_from_message(&seam_message, task->slice.file_size, &seam, err);
	if (r == 0 && outcome == SLICE_FAULT)
		r = check_fault(report, err);
	return r == 0 ? check_window(report, task, err) : r;
}

static int check_inflated(const struct child_report *report, const struct child_task *task, struct error *err)
{
	struct split_report split = {.next_header = true};
	int r = 0;

	if (task->kind != TASK_SCOUT)
		return nonsense(err, "it has inflated what it should count");
	if (report->outcome < SPLIT_DONE || report->outcome > SPLIT_FAULT)
		return nonsense(err, "it sent an unknown outcome");
	if (report->outcome == SPLIT_FAULT)
		r = check_fault(report, err);
	if (report->outcome == SPLIT_DONE)
		r = check_split(report, &task->slice, &split, err);
	if (r < 0)
		return r;
	if ((report->blob_n > 0) == split.next_header || report->blob_n > SYMBOLS_PACKED_MAX || report->window_n > 0)
		return nonsense(err, "it sent no symbols behind the slice, or some where there are none");
	return 0;
}

int ipc_check_report(const struct child_report *report, const struct child_task *task, struct error *err)
{
	if (report->magic != CHILD_MAGIC)
		return nonsense(err, "it sent what is no report");
	if (report->kind != REPORT_COUNTED && report->kind != REPORT_INFLATED && report->blob_n > 0)
		return nonsense(err, "it sent counters with another report");
	if (report->kind == REPORT_READY)
		return task ? nonsense(err, "it said that it waits for a task which it has") : 0;
	if (!task && report->kind > REPORT_READY && report->kind <= REPORT_INFLATED)
		return nonsense(err, "it sent a report without a task");
	switch (report->kind) {
	case REPORT_PROGRESS:
		return 0;
	case REPORT_FAILED:
		return report->error_number > 0 && report->error_number <= ERROR_NUMBER_MAX
		           ? 0
		           : nonsense(err, "it sent a failure without an error number");
	case REPORT_COUNTED:
		return check_counted(report, task, err);
	case REPORT_INFLATED:
		return check_inflated(report, task, err);
	default:
		return nonsense(err, "it sent a report of unknown kind");
	}
}
