/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lies about a slice that was counted: of what it is the result, its edges, its counters, its bytes (liar.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/slice.h"
#include "lib/qc/counters.h"
#include "lib/qc/tracked.h"
#include "tests/faults/liar.h"

/* ---- of what it is the result */

static void other_job(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.ref.job += 1000;
}

static void other_file(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.ref.file += 7;
}

static void other_slice(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.ref.slice++;
}

static void far_slice(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.ref.slice = UINT64_MAX;
}

/* Not a lie that is refused: work is work, whoever it was given to. */
static void other_lease(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.ref.lease += 1000000;
}

static void second_count(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.ref.again = !answer->result.ref.again;
}

/* ---- its edges */

static void other_start(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.start_known = answer->result.has_start = true;
	answer->result.start.block = task->begin + 4;
	answer->result.seam.first.block = task->begin + 4;
}

static void seam_backwards(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fq_Place first = answer->result.seam.first;

	answer->result.seam.first = answer->result.seam.next;
	answer->result.seam.next = first;
}

static void seam_behind(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.seam.next.block = UINT64_MAX;
}

static void seam_missing(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.has_seam = answer->result.seam.has_first = answer->result.seam.has_next = false;
}

static void seam_within(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.seam.next.block = task->end > 0 ? task->end - 1 : 0;
}

/* In no byte of plain text. */
static void seam_in_byte(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.seam.next.within = 3;
}

static void other_range(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fq_Task half = *task;

	half.end = task->begin + (task->end - task->begin) / 2;
	free(answer->blob);
	liar_count(liar, &half, task->modules, &liar->rules, answer);
}

/* ---- its counters */

static void more_records(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.seam.records++;
}

static void more_bases(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.bases++;
}

/* The same reads twice, and these twice, as often as counters take it: all numbers agree with each other. */
static void overflow(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	struct counters *total = answer_unpack(answer);
	uint32_t lacks;

	for (;;) {
		struct counters *again = answer_unpack(answer);
		int r = counters_merge(total, again, &lacks);

		counters_free(again);
		if (r < 0)
			break;
		answer_pack(answer, total);
		answer->result.seam.records = counters_reads(total);
		answer->result.bases = counters_bases(total);
	}
	counters_free(total);
}

static void no_reads(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	struct counters *none = NULL;

	liar_must(counters_new(task->modules, &liar->rules, NULL, &none) == 0, "counters");
	answer_pack(answer, none);
	answer->result.seam.records = answer->result.bases = 0;
	counters_free(none);
}

static void other_modules(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	free(answer->blob);
	liar_count(liar, task, COUNT_LENGTHS | COUNT_GC, &liar->rules, answer);
}

static void other_rules(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	struct count_rules rules = liar->rules;

	rules.dup_length = 7;
	free(answer->blob);
	liar->tracked = tracked_free(liar->tracked); /* it does not fit these rules */
	liar_count(liar, task, task->modules, &rules, answer);
}

/* The first bytes say of which format and algorithm the counters are. */
static void other_version(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->blob[4] ^= 0x7f;
	answer_sign(answer);
}

static void noise(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	for (size_t i = 0; i < answer->n; i++)
		answer->blob[i] = (uint8_t)(i * 2654435761u >> 13);
	answer_sign(answer);
}

static void cut(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->n /= 2;
	answer_sign(answer);
}

/* ---- its bytes */

static void wrong_hash(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.blob_sha256[5] ^= 1;
}

static void blob_longer(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.blob_bytes = answer->n - 100;
}

/* What lacks never comes; another result does. */
static void blob_shorter(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.blob_bytes = answer->n + 100;
	liar_send_blob(liar, fq_Type_RESULT, &answer->result, answer->blob, answer->n);
}

static void blob_unended(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.blob_bytes = answer->n + 100;
}

static void blob_huge(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.blob_bytes = UINT64_MAX;
}

static void blob_none(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->n = 0;
	answer->result.blob_bytes = 0;
}

static void data_alone(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	liar_send_blob(liar, fq_Type_PONG, &(fq_Empty){0}, answer->blob, answer->n);
	answer->silent = true;
}

static void twice(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	liar_send_blob(liar, fq_Type_RESULT, &answer->result, answer->blob, answer->n);
}

/* ---- its outcome */

static void no_outcome(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.outcome = 77;
}

static void unsure(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	answer->result.outcome = SLICE_UNSURE;
}

static void fault_of_kind(struct answer *answer, uint32_t kind)
{
	answer->result.outcome = SLICE_FAULT;
	answer->result.has_fault = answer->result.fault.has_at = true;
	answer->result.fault.kind = kind;
	answer->result.fault.at = answer->result.seam.first;
	answer->result.blob_bytes = answer->n = 0;
}

static void fault_unknown(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fault_of_kind(answer, 99);
}

static void fault_unread(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fault_of_kind(answer, FAULT_READ); /* without the number of its error */
}

static void fault_data(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fault_of_kind(answer, FAULT_NO_AT);
}

static void fault_changed(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fault_of_kind(answer, FAULT_CHANGED);
}

/* Of the slices of others, too, with the seams that they have. */
static void fault_for_all(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	static const uint32_t kinds[] = {FAULT_CHANGED, FAULT_NO_AT, FAULT_TRUNCATED};
	uint64_t size = task->end - task->begin;
	struct answer fault;

	for (uint64_t i = 1; i < 60 && (i + 1) * size <= task->fingerprint.size; i++) {
		fq_Task other = *task;

		other.ref.slice = i;
		other.begin = i * size;
		other.end = other.begin + size;
		other.start_known = other.has_start = false;
		liar_count(liar, &other, task->modules, &liar->rules, &fault);
		fault_of_kind(&fault, kinds[i % 3]);
		if (i != task->ref.slice)
			liar_send(liar, fq_Type_RESULT, &fault.result);
		free(fault.blob);
	}
}

static bool is_base(char byte)
{
	return byte && strchr("ACGT", byte);
}

/* The same file, but for one base of the slice. */
static void change_base(const char *from, const char *to, uint64_t begin)
{
	_cleanup_(fclosep) FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	_cleanup_(freep) char *text = NULL;
	size_t n = 0, at = begin;

	liar_must(in && out && getdelim(&text, &n, EOF, in) > 0, from);
	n = strlen(text);
	while (at + 3 < n && !(text[at] == '\n' && is_base(text[at + 1]) && is_base(text[at + 2]) && is_base(text[at + 3])))
		at++;
	liar_must(at + 3 < n, "no base");
	text[at + 1] = text[at + 1] == 'A' ? 'C' : 'A';
	liar_must(fwrite(text, 1, n, out) == n && fflush(out) == 0, to);
}

/* One base is counted as another one: nothing but another count of the slice shows it. */
static void other_number(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fq_Task changed = *task;

	(void)snprintf(changed.path, sizeof changed.path, "%s/changed.fq", liar->folder);
	change_base(task->path, changed.path, task->begin);
	free(answer->blob);
	liar_count(liar, &changed, task->modules, &liar->rules, answer);
}

const struct lie lies_of_results[] = {
	{.name = "other-job", .result = other_job},
	{.name = "other-file", .result = other_file},
	{.name = "other-slice", .result = other_slice},
	{.name = "far-slice", .result = far_slice},
	{.name = "other-lease", .result = other_lease},
	{.name = "second-count", .result = second_count},
	{.name = "other-start", .result = other_start},
	{.name = "seam-backwards", .result = seam_backwards},
	{.name = "seam-behind", .result = seam_behind},
	{.name = "seam-missing", .result = seam_missing},
	{.name = "seam-within", .result = seam_within},
	{.name = "seam-in-byte", .result = seam_in_byte},
	{.name = "other-range", .result = other_range},
	{.name = "more-records", .result = more_records},
	{.name = "more-bases", .result = more_bases},
	{.name = "overflow", .result = overflow},
	{.name = "no-reads", .result = no_reads},
	{.name = "other-modules", .result = other_modules},
	{.name = "other-rules", .result = other_rules},
	{.name = "other-version", .result = other_version},
	{.name = "noise", .result = noise},
	{.name = "cut", .result = cut},
	{.name = "wrong-hash", .result = wrong_hash},
	{.name = "blob-longer", .result = blob_longer},
	{.name = "blob-shorter", .result = blob_shorter},
	{.name = "blob-unended", .result = blob_unended},
	{.name = "blob-huge", .result = blob_huge},
	{.name = "blob-none", .result = blob_none},
	{.name = "data-alone", .result = data_alone},
	{.name = "twice", .result = twice},
	{.name = "no-outcome", .result = no_outcome},
	{.name = "unsure", .result = unsure},
	{.name = "fault-unknown", .result = fault_unknown},
	{.name = "fault-unread", .result = fault_unread},
	{.name = "fault-data", .result = fault_data},
	{.name = "fault-changed", .result = fault_changed},
	{.name = "fault-for-all", .result = fault_for_all},
	{.name = "other-number", .result = other_number},
	{0},
};
