/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file is, told from its content and never from its name, but for the one that has no content. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

enum file_kind {
	FILE_PLAIN = 1, /* text; also the empty file */
	FILE_GZIP = 2,  /* gzip members of any number; one slice */
	FILE_BGZF = 3,  /* begins with a BGZF block: can be sliced at blocks */
	_FILE_KIND_MAX,
};

const char *file_kind_name(enum file_kind kind); /* "plain", "gzip", "BGZF" */

#define KIND_HEAD_MAX 4096 /* bytes of the file's beginning that are enough to tell */

/*
 * Tells the kind from the first n bytes (the whole file where it is shorter than KIND_HEAD_MAX).
 * -EBADMSG with a sentence (ERROR_DATA) for what is neither text nor gzip: bzip2, xz, zstd, zip, BAM..., naming it.
 */
int kind_tell(const uint8_t *head, size_t n, enum file_kind *ret_kind, struct error *err);

/* -EBADMSG with a sentence (ERROR_DATA) for a file of 0 bytes whose name says gzip, which has 20 at least: FastQC refuses it, too. */
int kind_check_void(const char *path, uint64_t size, struct error *err);
