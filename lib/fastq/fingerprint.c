/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fingerprint of a file, and its kind: see fingerprint.h. */
#include "lib/fastq/fingerprint.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fastq/gzip.h"

#define END_SIZE 4096

static_assert(END_SIZE >= KIND_HEAD_MAX, "the first bytes also tell the kind");

/* The first and the last bytes of a file; the whole file in both where it is short. */
struct ends {
	uint8_t head[END_SIZE], tail[END_SIZE];
	size_t n;
};

static int read_exactly(int fd, uint8_t *to, size_t n, uint64_t offset, struct error *err)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int r = -errno;

			return error_set(err, r, ERROR_IO, "cannot be read at byte %llu: %s",
			                 (unsigned long long)offset, strerror(-r));
		}
		if (got == 0)
			return error_set(err, -EIO, ERROR_IO,
			                 "became shorter while it was opened");
		to += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

static int check_type(const struct statx *status, struct error *err)
{
	if (S_ISDIR(status->stx_mode))
		return error_set(err, -EISDIR, ERROR_NO_INPUT, "is a directory, not a file");
	if (!S_ISREG(status->stx_mode))
		return error_set(err, -EINVAL, ERROR_NO_INPUT,
		                 "is not a regular file (a pipe, a device or a socket)");
	return 0;
}

static uint64_t nanoseconds(const struct statx_timestamp *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static int take(int fd, struct fingerprint *ret, struct ends *ends, struct error *err)
{
	struct statx status;
	uint64_t size;
	int r;

	/* What the server says now, not what this machine remembers. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &status) < 0) {
		r = -errno;
		return error_set(err, r, error_class_of_errno(r), "cannot be looked at: %s",
		                 strerror(-r));
	}
	r = check_type(&status, err);
	if (r < 0)
		return r;
	size = status.stx_size;
	ends->n = size < END_SIZE ? (size_t)size : END_SIZE;
	r = read_exactly(fd, ends->head, ends->n, 0, err);
	if (r < 0)
		return r;
	r = read_exactly(fd, ends->tail, ends->n, size - ends->n, err);
	if (r < 0)
		return r;
	*ret = (struct fingerprint){
	    .size = size,
	    .mtime_ns = nanoseconds(&status.stx_mtime),
	    .ctime_ns = nanoseconds(&status.stx_ctime),
	    .inode = status.stx_ino,
	};
	r = digest_sha256(ends->head, ends->n, ends->tail, ends->n, ret->ends);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "SHA-256 cannot be computed: %s", strerror(-r));
	return 0;
}

int fingerprint_take(int fd, struct fingerprint *ret, struct error *err)
{
	struct fingerprint fingerprint;
	struct ends ends;
	int r;

	assert(fd >= 0 && ret);
	r = take(fd, &fingerprint, &ends, err);
	if (r == 0)
		*ret = fingerprint;
	return r;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && a->inode == b->inode &&
	       memcmp(a->ends, b->ends, sizeof a->ends) == 0;
}

bool fingerprint_untouched(const struct fingerprint *a, const struct fingerprint *b)
{
	return fingerprint_equal(a, b) && (a->ctime_ns == b->ctime_ns || a->ctime_ns == 0 || b->ctime_ns == 0);
}

int file_facts_take(int fd, struct file_facts *ret, struct error *err)
{
	struct file_facts facts = {0};
	struct ends ends;
	int r;

	assert(fd >= 0 && ret);
	r = take(fd, &facts.fingerprint, &ends, err);
	if (r < 0)
		return r;
	r = kind_tell(ends.head, ends.n, &facts.kind, err);
	if (r < 0)
		return r;
	facts.bgzf_unended =
	    facts.kind == FILE_BGZF &&
	    (ends.n < BGZF_EOF_SIZE || memcmp(ends.tail + ends.n - BGZF_EOF_SIZE, bgzf_eof_block,
	                                      BGZF_EOF_SIZE) != 0);
	*ret = facts;
	return 0;
}
