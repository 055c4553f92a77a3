/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes FOLDER/session: what peers say in all roles that is right, or nearly, for the fuzz target of that name; and what is there for
 * workers (make_worker_corpus.c). frames_corpus.t replays what it writes, so that it always fits the present protocol;
 * tests/fuzz/corpus keeps some of it, and what libFuzzer found.
 *
 *     make_frames_corpus FOLDER
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/symbol.h"
#include "lib/qc/count.h"
#include "lib/wire/message.h"
#include "tests/fuzz/corpus_out.h"
#include "tests/fuzz/session_file.h"

#define LEASE (1ULL << 32 | 1) /* the first of the first start */

/* ---- a worker */

static int text_file(void)
{
	int fd = memfd_create("reads", MFD_CLOEXEC);

	for (int i = 0; i < SESSION_RECORDS; i++)
		corpus_must(fd >= 0 && write(fd, SESSION_RECORD, sizeof SESSION_RECORD - 1) == sizeof SESSION_RECORD - 1, "reads");
	return fd;
}

static fq_SliceRef ref_of(uint64_t slice)
{
	return (fq_SliceRef){.job = 1, .slice = slice, .lease = LEASE + slice};
}

/* The right result of a slice, and its counters. */
static fq_Result result_of(uint64_t slice, uint8_t **ret_blob)
{
	_cleanup_(closep) int fd = text_file();
	fq_Result result = {.has_ref = true, .outcome = SLICE_END, .has_seam = true, .ref = ref_of(slice)};
	struct slice_task task = {.kind = FILE_PLAIN, .file_size = SESSION_RECORDS * (sizeof SESSION_RECORD - 1), .start_known = true,
	                          .read_max = READ_MAX_DEFAULT};
	struct slice_count count;
	struct error err;
	size_t n = 0;

	task.begin = task.start.block = slice * SESSION_SLICE;
	task.end = task.begin + SESSION_SLICE;
	corpus_must(count_slice(fd, &task, COUNT_MEAN, NULL, NULL, NULL, NULL, &count, &err) == 0 &&
	         counters_pack(count.counters, ret_blob, &n) == 0,
	     "a slice");
	seam_to_message(&count.seam, &result.seam);
	result.bases = counters_bases(count.counters);
	result.start_known = slice == 0; /* the others are guessed */
	result.has_start = result.start_known;
	result.blob_bytes = n;
	corpus_must(digest_sha256(*ret_blob, n, NULL, 0, result.blob_sha256) == 0, "digest");
	slice_count_deinit(&count);
	return result;
}

static void put_result(FILE *out, uint64_t slice, void (*change)(fq_Result *result))
{
	uint8_t *blob = NULL;
	fq_Result result = result_of(slice, &blob);
	size_t n = (size_t)result.blob_bytes;

	if (change)
		change(&result);
	corpus_put(out, fq_Type_RESULT, 0, &result);
	if (result.blob_bytes > 0)
		corpus_put_raw(out, fq_Type_DATA, 0, blob, n);
	free(blob);
}

static void other_hash(fq_Result *result)
{
	result->blob_sha256[0] ^= 1;
}

static void at_fault(fq_Result *result)
{
	result->outcome = SLICE_FAULT;
	result->blob_bytes = 0;
	result->has_fault = result->fault.has_at = true;
	result->fault.kind = FAULT_NO_AT;
}

static void changed(fq_Result *result)
{
	at_fault(result);
	result->fault.kind = FAULT_CHANGED;
}

static void unsure(fq_Result *result)
{
	result->outcome = SLICE_UNSURE;
	result->blob_bytes = 0;
	result->start_known = result->has_start = false;
}

static void again(fq_Result *result)
{
	result->ref.again = true;
}

static void worker_results(void)
{
	static const struct {
		const char *name;
		void (*change)(fq_Result *result);
	} rows[] = {{"right", NULL}, {"hash", other_hash}, {"fault", at_fault}, {"changed", changed}, {"unsure", unsure}, {"again", again}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		FILE *out = corpus_create("session", rows[i].name, SESSION_AS_WORKER);

		for (uint64_t slice = 0; slice < SESSION_SLICES; slice++)
			put_result(out, slice, rows[i].change);
		put_result(out, 0, NULL); /* once more */
		corpus_close(out);
	}
}

/* Scouts of slices of a gzip stream, and the count of its first. */
static void put_scout(FILE *out, uint64_t slice)
{
	static uint16_t symbols[SPLIT_WINDOW];
	fq_Result result = {.has_ref = true, .ref = ref_of(slice), .outcome = SPLIT_DONE, .has_report = true};
	const bool last = slice + 1 == SESSION_SLICES;
	const struct split_report report = {
		.first_bit = 8 * slice * SESSION_SPLIT,
		.next_bit = 8 * (slice + 1) * SESSION_SPLIT,
		.next_header = last,
		.text = SESSION_SPLIT,
		.head = {.length = SESSION_SPLIT},
		.head_ends = last,
		.tail_member = last ? (slice + 1) * SESSION_SPLIT : 0,
	};
	uint8_t *blob = NULL;
	size_t n = 0;

	result.ref.split = result.ref.scout = true;
	report_to_message(&report, &result.report);
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		symbols[i] = i % 3 ? 'A' : (uint16_t)(SYMBOL_OPEN + i);
	if (!last)
		corpus_must(symbols_pack(symbols, &blob, &n) == 0 && digest_sha256(blob, n, NULL, 0, result.blob_sha256) == 0, "symbols");
	result.blob_bytes = n;
	corpus_put(out, fq_Type_RESULT, 0, &result);
	if (n > 0)
		corpus_put_raw(out, fq_Type_DATA, 0, blob, n);
	free(blob);
}

static void split_end(fq_Result *result)
{
	static const uint8_t window[SPLIT_WINDOW];
	const struct split_report report = {.next_bit = 8 * SESSION_SPLIT, .first_header = true, .text = SESSION_SPLIT, .head_ends = true,
	                                    .tail = {.length = SESSION_SPLIT}, .counted = true};
	uint8_t *packed = NULL;
	size_t n = 0;

	result->ref.split = true;
	result->has_report = true;
	report_to_message(&report, &result->report);
	result->seam.next = (fq_Place){.within = SESSION_SPLIT};
	corpus_must(window_pack(window, sizeof window, &packed, &n) == 0 && n <= sizeof result->window.bytes, "a window");
	memcpy(result->window.bytes, packed, n);
	result->window.size = (pb_size_t)n;
	free(packed);
}

static void splitter_results(void)
{
	FILE *out = corpus_create("session", "split", SESSION_AS_SPLITTER);

	put_scout(out, 1);
	put_scout(out, 2);
	put_result(out, 0, split_end);
	corpus_close(out);
}

static void worker_others(void)
{
	FILE *out = corpus_create("session", "worker", SESSION_AS_WORKER);
	fq_Progress progress = {.has_ref = true, .ref = ref_of(0), .bytes = 20};
	fq_Crashed crashed = {.has_ref = true, .ref = ref_of(1), .signal = 11};
	fq_IoError failed = {.has_ref = true, .ref = ref_of(2), .error_number = EIO, .text = "cannot be read"};
	fq_Ref returned = {.has_ref = true, .ref = ref_of(0)};
	fq_Opened opened = {.job = 1};
	fq_Looked looked = {.number = 1, .clock_ms = 1, .size = 100, .kind = 1};
	struct file_facts facts;

	session_file_facts(&facts);
	facts_to_message(&facts, &opened);
	corpus_put(out, fq_Type_PING, 1, NULL);
	corpus_put(out, fq_Type_OPENED, 0, &opened);
	corpus_put(out, fq_Type_PROGRESS, 0, &progress);
	corpus_put(out, fq_Type_CRASHED, 0, &crashed);
	corpus_put(out, fq_Type_IO_ERROR, 0, &failed);
	corpus_put(out, fq_Type_RETURN, 0, &returned);
	opened.has_error = true;
	opened.error_number = ENOENT;
	corpus_put(out, fq_Type_OPENED, 0, &opened);
	corpus_put(out, fq_Type_LOOKED, 0, &looked);
	corpus_put(out, fq_Type_DRAINING, 0, NULL);
	put_result(out, 1, NULL);
	corpus_close(out);
}

/* ---- clients */

static void client_asks(const char *name, int as)
{
	FILE *out = corpus_create("session", name, as);
	fq_JobsRequest all = {.all = true}, job = {.job = 1, .reason = "enough"};
	fq_ProfilesRequest all_profiles = {0}, profile = {.name = "rna-seq"};
	fq_CacheRequest cache = {.what = fq_CacheWhat_CACHE_REMOVE, .path = "/a/path.fq"};
	fq_Probe probe = {.path = "/a/path.fq", .uuid = {.size = 16}, .size = 100, .proof = {.size = 32}};

	corpus_put(out, fq_Type_STATUS, 1, &all);
	corpus_put(out, fq_Type_STATUS, 2, &job);
	corpus_put(out, fq_Type_SHOW, 3, &job);
	corpus_put(out, fq_Type_WAIT, 4, &job);
	corpus_put(out, fq_Type_NODES, 5, NULL);
	corpus_put(out, fq_Type_FETCH, 6, &job);
	corpus_put(out, fq_Type_CANCEL, 7, &job);
	corpus_put(out, fq_Type_FETCH, 8, &job);
	corpus_put(out, fq_Type_HEALTH, 9, NULL);
	corpus_put(out, fq_Type_PROBE, 10, &probe);
	corpus_put(out, fq_Type_CACHE, 11, &cache);
	corpus_put(out, fq_Type_PROFILES, 12, &all_profiles);
	corpus_put(out, fq_Type_PROFILES, 13, &profile);
	profile.job = 1;
	corpus_put(out, fq_Type_PROFILES, 14, &profile);
	corpus_close(out);
}

static void client_submits(void)
{
	FILE *out = corpus_create("session", "submit", SESSION_AS_CLIENT);
	fq_Submit submit = {.uuid = {1, 2, 3}, .name = "job", .files = 2, .modules = COUNT_MEAN, .slice_size = 100,
	                    .profile = "./own", .profile_text = {.size = 15, .bytes = "min_q30 warn 8\n"}};
	fq_SubmitFile file = {.path = "/a/path.fq", .size = 100};
	fq_JobsRequest job = {.job = 2};

	file.proof.size = sizeof file.proof.bytes;
	for (int turn = 0; turn < 2; turn++) { /* the second time it is known */
		corpus_put(out, fq_Type_SUBMIT, 1, &submit);
		corpus_put(out, fq_Type_SUBMIT_FILE, 1, &file);
		corpus_put(out, fq_Type_SUBMIT_FILE, 1, &file);
	}
	corpus_put(out, fq_Type_WAIT, 2, &job);
	corpus_put(out, fq_Type_CANCEL, 3, &job);
	corpus_close(out);
}

static void admin_rules(void)
{
	FILE *out = corpus_create("session", "admin", SESSION_AS_ADMIN);
	fq_NodeRequest node = {.name = "other", .reason = "to be mended"};
	fq_TokenRequest token = {.role = fq_Role_ROLE_WORKER, .uses = 3, .ttl_ms = 60000};
	fq_RevokeRequest revoke = {.what = "other"};

	corpus_put(out, fq_Type_NODE_DRAIN, 1, &node);
	corpus_put(out, fq_Type_NODES, 2, NULL);
	corpus_put(out, fq_Type_NODE_RESUME, 3, &node);
	corpus_put(out, fq_Type_TOKEN, 4, &token);
	corpus_put(out, fq_Type_TOKENS, 5, NULL);
	corpus_put(out, fq_Type_PEERS, 6, NULL);
	corpus_put(out, fq_Type_REVOKE, 7, &revoke);
	corpus_put(out, fq_Type_BACKUP, 8, NULL);
	corpus_close(out);
}

static void stranger_knocks(void)
{
	FILE *out = corpus_create("session", "stranger", SESSION_AS_STRANGER);
	fq_Hello hello = {.proto_min = PROTO_VERSION_OLDEST, .proto_max = PROTO_VERSION, .role = fq_Role_ROLE_CLIENT, .name = "somebody"};
	fq_Join join = {.secret = "0123456789abcdef", .name = "somebody@here"};

	corpus_put(out, fq_Type_HELLO, 1, &hello);
	corpus_put(out, fq_Type_NODES, 2, NULL);
	corpus_put(out, fq_Type_JOIN, 3, &join);
	corpus_close(out);
	out = corpus_create("session", "join", SESSION_AS_STRANGER);
	corpus_put(out, fq_Type_JOIN, 1, &join);
	corpus_close(out);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fputs("usage: make_frames_corpus FOLDER\n", stderr);
		return 64;
	}
	corpus_begin(argv[1]);
	worker_results();
	worker_others();
	splitter_results();
	client_asks("client", SESSION_AS_CLIENT);
	client_asks("admin-asks", SESSION_AS_ADMIN);
	client_submits();
	admin_rules();
	stranger_knocks();
	corpus_of_workers();
	return 0;
}
