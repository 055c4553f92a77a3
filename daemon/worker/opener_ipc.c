/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the supervisor and its openers: see opener_ipc.h. */
#include "daemon/worker/opener_ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"


#define ERROR_NUMBER_MAX 4095 /* the kernel's own bound */

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int opener_send(int fd, const void *packet, size_t n, int file)
{
	union control control = {0};
	struct iovec part = {.iov_base = (void *)packet, .iov_len = n};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (file >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof file);
		memcpy(CMSG_DATA(header), &file, sizeof file);
	}
	do
		sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0; /* a packet goes whole or not at all */
}

static int descriptor_of(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	return fd;
}

int opener_receive(int fd, void *packet, size_t n, int *ret_file)
{
	union control control = {0};
	struct iovec part = {.iov_base = packet, .iov_len = n};
	struct msghdr message = {
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_LEN(sizeof(int)), /* with what it is rounded up to there is room for a second one */
	};
	_cleanup_(closep) int file = -1;
	ssize_t got;

	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got == 0)
		return 1;
	file = descriptor_of(&message);
	if ((size_t)got != n || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EBADMSG;
	*ret_file = take_fd(&file);
	return 0;
}

void opener_request_init(struct open_request *request, enum open_kind kind, const char *path)
{
	memset(request, 0, sizeof *request);
	request->magic = OPENER_MAGIC;
	request->kind = kind;
	(void)snprintf(request->path, sizeof request->path, "%s", path);
}

int opener_check_request(struct open_request *request, int file)
{
	request->path[sizeof request->path - 1] = '\0';
	if (request->magic != OPENER_MAGIC || request->kind < OPEN_FACTS || request->kind > OPEN_ROOT ||
	    (file >= 0) != (request->kind == OPEN_CHECK))
		return -EBADMSG;
	return 0;
}

int opener_check_answer(struct open_answer *answer, const struct open_request *request, int file)
{
	answer->error.text[sizeof answer->error.text - 1] = '\0';
	answer->reason[sizeof answer->reason - 1] = '\0';
	if (answer->magic != OPENER_MAGIC || answer->number != request->number || answer->r < -ERROR_NUMBER_MAX || answer->r > OPEN_CHANGED ||
	    (answer->r == OPEN_CHANGED && (request->kind == OPEN_FACTS || request->kind == OPEN_ROOT)) ||
	    (file >= 0) != (answer->r == 0 && request->kind == OPEN_SLICE))
		return -EBADMSG;
	return 0;
}
