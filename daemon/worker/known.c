/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child knows from its brief: see known.h. Memory: the parsed brief, and its bytes while it is read. */
#include "daemon/worker/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/message.h"

void known_deinit(struct known *known)
{
	known->tracked = tracked_free(known->tracked);
	known->read = false;
}

static int read_all(int fd, uint8_t *bytes, size_t n, struct error *err)
{
	size_t at = 0;

	while (at < n) {
		ssize_t k = pread(fd, bytes + at, n - at, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return error_set(err, k < 0 ? -errno : -ENODATA, ERROR_SOFTWARE, "the brief cannot be read: %s",
			                 strerror(k < 0 ? errno : ENODATA));
		at += (size_t)k;
	}
	return 0;
}

/* Rules, then perhaps tracked sequences, then nothing. */
static int parse(struct known *known, const uint8_t *bytes, size_t n, struct error *err)
{
	struct unpacker unpacker = {.at = bytes, .end = bytes + n};
	int r;

	r = rules_unpack(&known->rules, &unpacker, err);
	if (r == 0 && unpack_left(&unpacker) > 0)
		r = tracked_unpack(&unpacker, &known->tracked, err);
	if (r == 0 && unpack_left(&unpacker) > 0)
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "there are bytes behind its end");
	return r;
}

int known_read(struct known *known, const struct child_task *task, int fd, struct error *err)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	int r;

	if (fd < 0 || (known->read && memcmp(known->digest, task->brief_digest, sizeof known->digest) == 0))
		return 0;
	known_deinit(known);
	if (task->brief_n == 0 || task->brief_n > BRIEF_MAX)
		return error_set(err, -EBADMSG, ERROR_SOFTWARE, "a brief of %llu bytes", (unsigned long long)task->brief_n);
	bytes = malloc(task->brief_n);
	if (!bytes)
		return error_oom(err);
	r = read_all(fd, bytes, task->brief_n, err);
	if (r == 0)
		r = parse(known, bytes, task->brief_n, err);
	if (r < 0) {
		known_deinit(known);
		error_prefix(err, "the coordinator's brief makes no sense: ");
		return r;
	}
	memcpy(known->digest, task->brief_digest, sizeof known->digest);
	known->read = true;
	return 0;
}
