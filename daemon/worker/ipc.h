/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the supervisor and a child of it say to each other over their socketpair. Both are the same program, so the messages
 * are plain structs; but a child reads what strangers made, so the supervisor checks every number that comes from it.
 *
 *     supervisor  -- child_task + the file, and the brief if there is one, as descriptors (not with FORGET) -->  child
 *     supervisor  -- the window before the slice, of one that has a point -->  child
 *     supervisor  <-- child_report (READY once, PROGRESS any number, then COUNTED, INFLATED or FAILED) --  child
 *     supervisor  <-- blob_n bytes: packed counters and window behind COUNTED, packed symbols behind INFLATED --  child
 *
 * A scout's child keeps the text that it has inflated (child_split.h) until it counts that slice, is told to forget it, or has no more
 * room. FORGET has no answer, and may be said to a child that does something: it comes to it behind that.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/error.h"
#include "lib/fastq/slice.h"
#include "lib/fastq/split.h"
#include "lib/fastq/split_report.h"
#include "lib/qc/prior.h"

#define CHILD_FD 3             /* the child's end of the socketpair */
#define CHILD_OPTION "--child" /* the program is a child; no option of people's */
#define CHILD_NAME "fqworkerd-slot"

/* Largest packed counters of a slice. A child that announces more is taken for broken. */
#define CHILD_BLOB_MAX (1ULL << 30)

#define CHILD_MAGIC 0x66715731u

enum child_task_kind {
	TASK_COUNT = 1,
	TASK_SCOUT,  /* inflate it and keep the text */
	TASK_FORGET, /* the text of slice `key`, or of all */
};

/* Whose text it is. */
struct text_key {
	uint64_t job, slice;
	uint32_t file;
};

struct child_task {
	uint32_t magic;
	uint32_t kind;
	uint32_t modules;
	struct slice_task slice;
	struct prior prior; /* tracked is NULL: it is in the brief */
	uint64_t brief_n;   /* bytes; 0: there is none */
	uint8_t brief_digest[DIGEST_SIZE];

	/* Slices of one gzip stream. slice.point and slice.split are NULL: these say the same. */
	struct text_key key;
	bool all;                 /* FORGET */
	uint64_t text_max;        /* SCOUT: bytes of text that it may keep */
	uint64_t text_room;       /* SCOUT: bytes of memory that all texts may take that the child keeps */
	bool has_point;
	struct split_point point; /* its window follows */
};

/* -1: none. */
struct child_files {
	int file, brief;
};

static inline size_t child_task_window(const struct child_task *task)
{
	return task->has_point ? split_window_size(&task->point) : 0;
}

enum child_report_kind {
	REPORT_READY = 1, /* waits for its first task */
	REPORT_PROGRESS,  /* bytes */
	REPORT_COUNTED,   /* outcome and what belongs to it; blob_n bytes follow */
	REPORT_FAILED,    /* error_number and text: broken on our side */
	REPORT_INFLATED,  /* of a scout: outcome and what belongs to it; blob_n bytes follow */
};

#define CHILD_TEXT_MAX 256

struct child_report {
	uint32_t magic;
	uint32_t kind;
	uint64_t bytes;
	uint32_t outcome; /* enum slice_outcome; INFLATED: enum split_outcome */
	int32_t error_number;
	struct slice_seam seam;
	struct slice_fault fault;
	uint64_t bases;
	uint64_t blob_n;
	uint8_t digest[DIGEST_SIZE]; /* of the blob, but for its window */

	/* Slices of one gzip stream: at SPLIT_DONE, and at SLICE_END of a slice that has a point. */
	uint64_t split[SPLIT_REPORT_NUMBERS]; /* split_report_put() */
	uint64_t window_n; /* COUNTED: bytes of the blob, the last ones: the window behind the slice, packed */
	uint32_t has_text; /* 1: INFLATED: it is kept; COUNTED: it was used. Nobody relies on it */
	char text[CHILD_TEXT_MAX];
};

/*
 * The supervisor's: sends a task, its descriptors and the window of its point without waiting. 0 or negative errno; -EAGAIN: the child
 * has long read nothing; -EIO: it has got a part, and is of no use any more.
 */
int ipc_send_task(int fd, const struct child_task *task, const struct child_files *files, const uint8_t *window);

/*
 * The child's: waits for a task. 0 with the descriptors that belong to it and the window, to which its point shows; 1 where the
 * supervisor has closed; or negative errno.
 */
int ipc_receive_task(int fd, struct child_task *ret, struct child_files *ret_files, uint8_t window[SPLIT_WINDOW]);

/* The child's: writes a report and the n bytes behind it, waiting. 0 or negative errno. */
int ipc_write(int fd, const struct child_report *report, const uint8_t *blob, size_t n);

/*
 * Whether a report makes sense at all for this task (NULL: the child has none): magic, kind, outcome, a seam within the file, a
 * known fault, a blob exactly where one belongs. 0, or -EBADMSG with a sentence.
 */
int ipc_check_report(const struct child_report *report, const struct child_task *task, struct error *err);
