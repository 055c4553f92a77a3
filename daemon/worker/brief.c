/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A brief in a sealed memory file: see brief.h. */
#include "daemon/worker/brief.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/write.h"

static int memory_file(const uint8_t *bytes, size_t n, int *ret_fd)
{
	_cleanup_(closep) int fd = memfd_create("brief", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, n);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

int brief_new(const uint8_t *bytes, size_t n, const uint8_t digest[DIGEST_SIZE], struct brief **ret, struct error *err)
{
	struct brief *brief;
	int r;

	brief = calloc(1, sizeof *brief);
	if (!brief)
		return error_oom(err);
	*brief = (struct brief){.references = 1, .fd = -1, .n = n};
	r = digest_sha256(bytes, n, NULL, 0, brief->digest);
	if (r < 0)
		(void)error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	else if (memcmp(brief->digest, digest, DIGEST_SIZE) != 0)
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "a brief arrived with another hash than its own");
	else {
		r = memory_file(bytes, n, &brief->fd);
		if (r < 0)
			(void)error_set(err, r, ERROR_OS, "no memory file for a brief: %s", strerror(-r));
	}
	if (r < 0)
		(void)brief_free(brief); /* always NULL */
	else
		*ret = brief;
	return r;
}

struct brief *brief_ref(struct brief *brief)
{
	if (brief)
		brief->references++;
	return brief;
}

struct brief *brief_free(struct brief *brief)
{
	if (!brief || --brief->references > 0)
		return NULL;
	closep(&brief->fd);
	free(brief);
	return NULL;
}
