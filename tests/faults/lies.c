/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lies about who one is, what a file is, and what becomes of slices, one's own and others' (liar.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/kind.h"
#include "tests/faults/liar.h"

#define OTHERS 64 /* slices of others */

static void nothing(struct liar *liar, const fq_Task *task, struct answer *answer)
{
}

/* ---- HELLO */

static void many_slots(struct liar *liar, fq_Hello *hello)
{
	hello->slots = UINT32_MAX;
}

/* As many as are believed, and never a result. */
static void most_slots(struct liar *liar, fq_Hello *hello)
{
	hello->slots = 4096;
}

static void odd_name(struct liar *liar, fq_Hello *hello)
{
	(void)snprintf(hello->name, sizeof hello->name, "\x1b[2Jw1\n<6>node w1 is there");
}

static void no_name(struct liar *liar, fq_Hello *hello)
{
	hello->name[0] = '\0';
}

/* The name of the honest worker beside it. */
static void name_of_another(struct liar *liar, fq_Hello *hello)
{
	(void)snprintf(hello->name, sizeof hello->name, "w1");
}

static void odd_version(struct liar *liar, fq_Hello *hello)
{
	(void)snprintf(hello->version, sizeof hello->version, "\x1b]0;0\a\n<3>");
}

static void later_generation(struct liar *liar, fq_Hello *hello)
{
	hello->generation_seen = UINT64_MAX;
}

/* Slices of jobs that are not there, of the job that is, far ones, each twice. */
static void held_lists(struct liar *liar, fq_Hello *hello)
{
	hello->held_count = sizeof hello->held / sizeof *hello->held;
	for (pb_size_t i = 0; i < hello->held_count; i++)
		hello->held[i] = (fq_SliceRef){.job = i % 5, .file = i % 3, .slice = i % 4 ? i / 2 : UINT64_MAX, .lease = i};
}

static void other_algorithm(struct liar *liar, fq_Hello *hello)
{
	hello->algorithm = 99;
}

/* A batch system's job, one of many with one key. */
static void batch(struct liar *liar, fq_Hello *hello)
{
	(void)snprintf(hello->batch_engine, sizeof hello->batch_engine, "slurm");
	(void)snprintf(hello->batch_job, sizeof hello->batch_job, "77_1");
}

static void other_role(struct liar *liar, fq_Hello *hello)
{
	hello->role = fq_Role_ROLE_ADMIN;
}

/* ---- OPENED */

static void open_huge(struct liar *liar, fq_Opened *opened)
{
	opened->fingerprint.size = 1ULL << 63;
}

static void open_larger(struct liar *liar, fq_Opened *opened)
{
	opened->fingerprint.size++;
}

static void open_kind(struct liar *liar, fq_Opened *opened)
{
	opened->kind = 77;
}

static void open_nothing(struct liar *liar, fq_Opened *opened)
{
	opened->has_fingerprint = false;
}

static void open_other_job(struct liar *liar, fq_Opened *opened)
{
	fq_Opened other = *opened;

	other.job += 1000;
	liar_send(liar, fq_Type_OPENED, &other);
	other = *opened;
	other.file += 1000;
	liar_send(liar, fq_Type_OPENED, &other);
}

static void open_other_file(struct liar *liar, fq_Opened *opened)
{
	opened->fingerprint.ends[0] ^= 1;
}

static void open_no_fastq(struct liar *liar, fq_Opened *opened)
{
	opened->has_error = true;
	opened->error.class = ERROR_DATA;
	(void)snprintf(opened->error.text, sizeof opened->error.text, "is no FASTQ\n<6>a line of its own");
}

/* Of jobs that it was never asked about: the next ones, before anybody else can open them. */
static void open_unasked(struct liar *liar)
{
	fq_Opened opened = {.has_fingerprint = true, .kind = FILE_PLAIN, .fingerprint.size = 12345};

	for (opened.job = 0; opened.job < 200; opened.job++)
		liar_send(liar, fq_Type_OPENED, &opened);
}

/* ---- slices of others */

static fq_SliceRef other(const fq_Task *task, uint64_t i)
{
	return (fq_SliceRef){.job = task->ref.job, .slice = i, .lease = task->ref.lease + i - OTHERS / 2};
}

static bool crash_others(struct liar *liar, const fq_Task *task)
{
	fq_Crashed crashed = {.has_ref = true, .signal = 11};

	for (uint64_t i = 0; i < 4 * OTHERS; i++) {
		crashed.ref = other(task, i % OTHERS);
		if (crashed.ref.slice != task->ref.slice)
			liar_send(liar, fq_Type_CRASHED, &crashed);
	}
	return false;
}

static bool io_error_others(struct liar *liar, const fq_Task *task)
{
	fq_IoError failed = {.has_ref = true, .error_number = -5, .text = "no\n<3>such thing \x1b[31m"};

	for (uint64_t i = 0; i < 4 * OTHERS; i++) {
		failed.ref = other(task, i % OTHERS);
		if (failed.ref.slice != task->ref.slice)
			liar_send(liar, fq_Type_IO_ERROR, &failed);
	}
	return false;
}

static bool return_others(struct liar *liar, const fq_Task *task)
{
	fq_Ref ref = {.has_ref = true};

	for (uint64_t i = 0; i < 4 * OTHERS; i++) {
		ref.ref = other(task, i % OTHERS);
		if (ref.ref.slice != task->ref.slice)
			liar_send(liar, fq_Type_RETURN, &ref);
	}
	return false;
}

static bool progress_wrong(struct liar *liar, const fq_Task *task)
{
	fq_Progress progress = {.has_ref = true, .ref = task->ref};
	const uint64_t bytes[] = {UINT64_MAX, 5, 0, UINT64_MAX - 1, 1ULL << 63};

	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		progress.bytes = bytes[i];
		liar_send(liar, fq_Type_PROGRESS, &progress);
	}
	for (uint64_t i = 0; i < OTHERS; i++) {
		progress.ref = other(task, i);
		liar_send(liar, fq_Type_PROGRESS, &progress);
	}
	return false;
}

/* ---- its own */

/* Takes it, says that it goes on, and never answers. */
static bool silent(struct liar *liar, const fq_Task *task)
{
	return true;
}

static bool crashes(struct liar *liar, const fq_Task *task)
{
	fq_Crashed crashed = {.has_ref = true, .ref = task->ref, .signal = 11};

	liar_send(liar, fq_Type_CRASHED, &crashed);
	return true;
}

static bool io_errors(struct liar *liar, const fq_Task *task)
{
	fq_IoError failed = {.has_ref = true, .ref = task->ref, .error_number = EIO, .text = "Input/output error"};

	liar_send(liar, fq_Type_IO_ERROR, &failed);
	return true;
}

static bool returns(struct liar *liar, const fq_Task *task)
{
	fq_Ref ref = {.has_ref = true, .ref = task->ref};

	liar_send(liar, fq_Type_RETURN, &ref);
	return true;
}

/* Answers at once, by the hash of nothing. */
static bool black_hole(struct liar *liar, const fq_Task *task)
{
	fq_Result result = {.has_ref = true, .ref = task->ref, .outcome = 1, .blob_bytes = 4};

	liar_send_blob(liar, fq_Type_RESULT, &result, (const uint8_t *)"FQct", 4);
	return true;
}

static void of_a_client(struct liar *liar)
{
	fq_JobsRequest request = {.job = 1};

	liar_send(liar, fq_Type_CANCEL, &request);
	liar_send(liar, fq_Type_FETCH, &request);
	liar_send(liar, fq_Type_NODES, NULL);
}

static void of_the_coordinator(struct liar *liar)
{
	liar_send(liar, fq_Type_DRAIN, NULL);
}

const struct lie lies[] = {
	{.name = "honest", .result = nothing},
	{.name = "many-slots", .hello = many_slots},
	{.name = "most-slots", .hello = most_slots, .task = silent},
	{.name = "odd-name", .hello = odd_name},
	{.name = "no-name", .hello = no_name},
	{.name = "name-of-another", .hello = name_of_another},
	{.name = "odd-version", .hello = odd_version},
	{.name = "later-generation", .hello = later_generation},
	{.name = "held-lists", .hello = held_lists},
	{.name = "other-algorithm", .hello = other_algorithm},
	{.name = "other-role", .hello = other_role},
	{.name = "open-huge", .opened = open_huge},
	{.name = "open-larger", .opened = open_larger},
	{.name = "open-kind", .opened = open_kind},
	{.name = "open-nothing", .opened = open_nothing},
	{.name = "open-other-job", .opened = open_other_job},
	{.name = "open-other-file", .opened = open_other_file},
	{.name = "open-no-fastq", .opened = open_no_fastq},
	{.name = "open-unasked", .welcomed = open_unasked},
	{.name = "crash-others", .task = crash_others},
	{.name = "io-error-others", .task = io_error_others},
	{.name = "return-others", .task = return_others},
	{.name = "progress-wrong", .task = progress_wrong},
	{.name = "silent", .task = silent},
	{.name = "crashes", .task = crashes},
	{.name = "io-errors", .task = io_errors},
	{.name = "returns", .task = returns},
	{.name = "black-hole", .task = black_hole},
	{.name = "of-a-client", .welcomed = of_a_client},
	{.name = "batch", .hello = batch},
	{.name = "batch-lies", .hello = batch, .welcomed = of_the_coordinator},
	{.name = "of-the-coordinator", .welcomed = of_the_coordinator},
	{0},
};
