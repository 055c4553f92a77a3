/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of the job that session.c has, for those who make its inputs: 12 reads in three slices. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "lib/fastq/fingerprint.h"

#define SESSION_PATH "/reads.fq"
#define SESSION_RECORD "@r\nACGT\n+\nIIII\n"
#define SESSION_RECORDS 12
#define SESSION_SLICES 3
#define SESSION_SLICE (SESSION_RECORDS / SESSION_SLICES * (sizeof SESSION_RECORD - 1))
#define SESSION_UID 12345

/* The first byte of an input. For SPLITTER, a worker too, the file is one gzip stream, in as many slices of this size. */
enum { SESSION_AS_STRANGER, SESSION_AS_CLIENT, SESSION_AS_ADMIN, SESSION_AS_WORKER, SESSION_AS_SPLITTER, SESSION_AS_MAX };
#define SESSION_SPLIT (1ULL << 20)

static inline void session_file_facts(struct file_facts *ret)
{
	*ret = (struct file_facts){.kind = FILE_PLAIN};
	ret->fingerprint.size = SESSION_RECORDS * (sizeof SESSION_RECORD - 1);
	ret->fingerprint.mtime_ns = 1;
	ret->fingerprint.inode = 2;
	memset(ret->fingerprint.ends, 3, sizeof ret->fingerprint.ends);
}
