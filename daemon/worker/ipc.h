/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the supervisor and a child of it say to each other over their socketpair. Both are the same program, so the messages
 * are plain structs; but a child reads what strangers made, so the supervisor checks every number that comes from it.
 *
 *     supervisor  -- child_task + the file, and the brief if there is one, as descriptors -->  child
 *     supervisor  <-- child_report (READY once, PROGRESS any number, then COUNTED or FAILED) --  child
 *     supervisor  <-- blob_n bytes of packed counters behind COUNTED --  child
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/error.h"
#include "lib/fastq/slice.h"
#include "lib/qc/prior.h"

#define CHILD_FD 3             /* the child's end of the socketpair */
#define CHILD_OPTION "--child" /* the program is a child; no option of people's */
#define CHILD_NAME "fqworkerd-slot"

/* Largest packed counters of a slice. A child that announces more is taken for broken. */
#define CHILD_BLOB_MAX (1ULL << 30)

#define CHILD_MAGIC 0x66715731u

struct child_task {
	uint32_t magic;
	uint32_t modules;
	struct slice_task slice;
	struct prior prior; /* tracked is NULL: it is in the brief */
	uint64_t brief_n;   /* bytes; 0: there is none */
	uint8_t brief_digest[DIGEST_SIZE];
};

enum child_report_kind {
	REPORT_READY = 1, /* waits for its first task */
	REPORT_PROGRESS,  /* bytes */
	REPORT_COUNTED,   /* outcome and what belongs to it; blob_n bytes follow */
	REPORT_FAILED,    /* error_number and text: broken on our side */
};

#define CHILD_TEXT_MAX 256

struct child_report {
	uint32_t magic;
	uint32_t kind;
	uint64_t bytes;
	uint32_t outcome; /* enum slice_outcome */
	int32_t error_number;
	struct slice_seam seam;
	struct slice_fault fault;
	uint64_t bases;
	uint64_t blob_n;
	uint8_t digest[DIGEST_SIZE]; /* of the blob */
	char text[CHILD_TEXT_MAX];
};

/* The supervisor's: sends a task and its descriptors (brief -1: none) without waiting. 0 or negative errno. */
int ipc_send_task(int fd, const struct child_task *task, int file, int brief);

/*
 * The child's: waits for a task. 0 with the descriptors in *ret_file and *ret_brief (-1: none), 1 where the supervisor has closed,
 * or negative errno.
 */
int ipc_receive_task(int fd, struct child_task *ret, int *ret_file, int *ret_brief);

/* The child's: writes all, waiting. 0 or negative errno. */
int ipc_write(int fd, const void *bytes, size_t n);

/*
 * Whether a report makes sense at all for a slice of a file of this size: magic, kind, outcome, a seam within the file, a
 * known fault, a blob exactly where one belongs. 0, or -EBADMSG with a sentence.
 */
int ipc_check_report(const struct child_report *report, const struct slice_task *slice,
                     struct error *err);
