/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the supervisor and a child of it say to each other over their socketpair. Both are the same program, so the messages
 * are plain structs; but a child reads what strangers made, so the supervisor checks every number that comes from it.
 *
 *     supervisor  -- child_task + the file, and brief and text if there are such, as descriptors -->  child
 *     supervisor  -- the window before the slice, of one that has a point -->  child
 *     supervisor  <-- child_report (READY once, PROGRESS any number, then COUNTED, INFLATED or FAILED) --  child
 *     supervisor  <-- blob_n bytes: packed counters and window behind COUNTED, packed symbols behind INFLATED --  child
 *
 * A text is a file of memory that the supervisor made (texts.h): a scout writes to it what it has inflated, a count reads it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/error.h"
#include "lib/fastq/slice.h"
#include "lib/fastq/split.h"
#include "lib/fastq/split_save.h"
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

	/* Slices of one gzip stream. slice.point and slice.split are NULL: these say the same. */
	uint64_t text_max;        /* a scout: bytes of text that it may keep; 0: it is counted */
	uint64_t text_n;          /* a count: bytes of the text that comes with it; 0: there is none */
	bool has_point;
	struct split_point point; /* its window follows */
};

/* -1: none. */
struct child_files {
	int file, brief, text;
};

static inline bool child_task_has_text(const struct child_task *task)
{
	return task->text_max > 0 || task->text_n > 0;
}

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
	uint64_t text_n;   /* INFLATED: bytes that it has written to the text; 0: it is not kept */
	uint64_t window_n; /* COUNTED: bytes of the blob, the last ones: the window behind the slice, packed */
	uint32_t from_text; /* COUNTED: 1: out of the text that came with the task */
	char text[CHILD_TEXT_MAX];
};

/* The supervisor's: sends a task, its descriptors and the window of its point without waiting. 0 or negative errno. */
int ipc_send_task(int fd, const struct child_task *task, const struct child_files *files, const uint8_t *window);

/*
 * The child's: waits for a task. 0 with the descriptors that belong to it and the window, to which its point shows; 1 where the
 * supervisor has closed; or negative errno.
 */
int ipc_receive_task(int fd, struct child_task *ret, struct child_files *ret_files, uint8_t window[SPLIT_WINDOW]);

/* The child's: writes all, waiting. 0 or negative errno. */
int ipc_write(int fd, const void *bytes, size_t n);

/*
 * Whether a report makes sense at all for this task (NULL: the child has none): magic, kind, outcome, a seam within the file, a
 * known fault, a blob exactly where one belongs. 0, or -EBADMSG with a sentence.
 */
int ipc_check_report(const struct child_report *report, const struct child_task *task, struct error *err);
