/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the messages of lib/wire and the structs of lib/fastq and lib/qc: what a peer said becomes a struct
 * only when every number in it makes sense there. The from_ functions return 0, or -EBADMSG with a
 * sentence (ERROR_PROTOCOL).
 */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/slice.h"
#include "lib/qc/prior.h"
#include "lib/wire/fqcluster.pb.h"

void fingerprint_to_message(const struct fingerprint *fingerprint, fq_Fingerprint *ret);
void fingerprint_from_message(const fq_Fingerprint *message, struct fingerprint *ret);

void place_to_message(struct text_place place, fq_Place *ret);
struct text_place place_from_message(const fq_Place *message);

void seam_to_message(const struct slice_seam *seam, fq_Seam *ret);
/* first is not behind next, and neither behind the file's end. */
int seam_from_message(const fq_Seam *message, uint64_t file_size, struct slice_seam *ret,
                      struct error *err);

void fault_to_message(const struct slice_fault *fault, fq_Fault *ret);
/*
 * The kind is one of enum fault_kind but FAULT_NONE; error_number is a positive errno for
 * FAULT_READ, else 0.
 */
int fault_from_message(const fq_Fault *message, struct slice_fault *ret, struct error *err);

/* The kind and the facts of OPENED (one without an error). */
void facts_to_message(const struct file_facts *facts, fq_Opened *ret);
int facts_from_message(const fq_Opened *message, struct file_facts *ret, struct error *err);

/*
 * The slice's part of TASK: kind, begin, end, start, lenient (ref, path, modules, algorithm and
 * fingerprint are the caller's to fill; file_size travels as the fingerprint's size). Back: begin
 * <= end <= size, start within the file, and read_max, which is not part of the message.
 */
void task_to_message(const struct slice_task *task, fq_Task *ret);
int task_from_message(const fq_Task *message, uint64_t read_max, struct slice_task *ret,
                      struct error *err);

/* What is known of the text before a slice; its tracked sequences travel as a brief, and are NULL when it comes back. */
void prior_to_message(const struct prior *prior, fq_Task *ret);
int prior_from_message(const fq_Task *message, struct prior *ret, struct error *err);

/* The number of an outcome in RESULT: SLICE_END, SLICE_UNSURE or SLICE_FAULT. */
int outcome_from_message(uint32_t outcome, enum slice_outcome *ret, struct error *err);

struct split_point;
struct split_report;

/*
 * Slices of one gzip stream (convert_split.c). A point's window travels deflated: to a message it is taken from the point, where it has
 * one to tell of; back, it is written to `window` (SPLIT_WINDOW bytes), to which the point shows. -ENOMEM too.
 */
int point_to_message(const struct split_point *point, fq_SplitPoint *ret);
int point_from_message(const fq_SplitPoint *message, uint64_t file_size, uint8_t *window, struct split_point *ret, struct error *err);

/* Whether it fits its slice is the chain's to tell (lib/fastq/split_chain.h). */
void report_to_message(const struct split_report *report, fq_SplitReport *ret);
int report_from_message(const fq_SplitReport *message, uint64_t file_size, struct split_report *ret, struct error *err);
