/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fingerprint of a file: that what is read at the end is what was planned at the start, on whichever node.
 * Taken at plan, compared at open and after reading.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/error.h"
#include "lib/fastq/kind.h"

struct fingerprint {
	uint64_t size;              /* bytes */
	uint64_t mtime_ns;          /* since 1970 */
	uint64_t inode;
	uint8_t ends[DIGEST_SIZE];  /* SHA-256 of the first and the last 4096 bytes */
	uint64_t ctime_ns;          /* since 1970: of the last change of content or status; 0: not told */
};

/*
 * Reads status and both ends of a regular file by pread; -EISDIR, -EINVAL (not a regular file) or the errno of reading,
 * with a sentence that leaves the file's name to the caller ("is a directory, not a file").
 */
int fingerprint_take(int fd, struct fingerprint *ret, struct error *err);

/* The same file with the same content, as far as size, time of change, inode and ends tell. */
bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b);

/*
 * Equal, and the file's status was not changed either (where both tell when it was): nobody can write in the middle and set the time
 * of change back. A rename or other rights change the status too.
 */
bool fingerprint_untouched(const struct fingerprint *a, const struct fingerprint *b);

/* What opening a file for a plan tells: all that the coordinator needs to cut it into slices. */
struct file_facts {
	struct fingerprint fingerprint;
	enum file_kind kind;
	bool bgzf_unended; /* BGZF without its end-of-file block: perhaps cut at a block's edge; worth a warning */
};

int file_facts_take(int fd, struct file_facts *ret, struct error *err);
