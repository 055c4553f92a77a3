/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/wire/message.c: every type there and back, bounds, and what makes no sense. */
#include "lib/wire/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

/*
 * Every row of the table agrees with itself, and an empty message of it is read or refused, never
 * anything else.
 */
static void test_table(void)
{
	_cleanup_(freep) void *message = malloc(message_struct_size_largest());
	unsigned int types = 0, bad = 0;

	for (unsigned int type = 0; type < 70000; type++) {
		uint16_t t = (uint16_t)type;
		struct error err = {0};
		int r;

		if (type > UINT16_MAX || message_payload_max(t) == 0)
			continue;
		types++;
		bad += message_payload_max(t) > PAYLOAD_MAX ||
		       message_struct_size(t) > message_struct_size_largest();
		if (t == fq_Type_DATA)
			continue;
		r = message_decode(t, NULL, 0, message, &err);
		bad += !(r == 0 || (r == -EBADMSG && err.class == ERROR_PROTOCOL && err.text[0]));
	}
	is_u64(types, 60, "types in the table");
	is_u64(bad, 0, "rows that make no sense");
	is_u64(message_payload_max(0), 0, "type 0 is unknown");
	is_u64(message_payload_max(9999), 0, "type 9999 is unknown");
	is_u64(message_payload_max(fq_Type_DATA), DATA_MAX, "DATA's payload");
	is_u64(message_struct_size(fq_Type_DATA), 0, "DATA has no struct");
	is_str(message_name(fq_Type_TASK), "TASK", "name of TASK");
	is_str(message_name(99), "a frame of unknown type", "name of an unknown type");
}

static void test_task(void)
{
	fq_Task task = {.has_ref = true,
	                .ref = {.job = 7, .file = 1, .slice = UINT64_MAX, .lease = 3, .again = true},
	                .brief = 2,
	                .prior_known = true,
	                .prior_reads = 99999,
	                .prior_qualities = UINT64_MAX,
	                .tile_field = -1,
	                .has_fingerprint = true,
	                .end = 1ULL << 40};
	uint8_t bytes[PAYLOAD_MAX];
	struct error err = {0};
	fq_Task got;
	size_t n = 0;

	memset(task.path, 'x', sizeof task.path - 1);
	ok(message_encode(fq_Type_TASK, &task, bytes, sizeof bytes, &n) == 0, "encode TASK");
	ok(message_decode(fq_Type_TASK, bytes, n, &got, &err) == 0, "decode TASK: %s", err.text);
	is_u64(got.ref.slice, UINT64_MAX, "the slice");
	is_u64(got.end, task.end, "the end");
	ok(got.ref.again, "that it is a second count");
	ok(got.prior_known && got.prior_reads == 99999 && got.prior_qualities == UINT64_MAX && got.tile_field == -1,
	   "what lies before the slice");
	is_str(got.path, task.path, "a path of the largest length");
	task.split = task.ref.split = task.ref.scout = true;
	task.ref.again = false;
	ok(message_encode(fq_Type_TASK, &task, bytes, sizeof bytes, &n) == 0 && message_decode(fq_Type_TASK, bytes, n, &got, &err) == 0 &&
	           got.ref.scout,
	   "a scout");
	task.split = task.ref.split = false;
	ok(message_encode(fq_Type_TASK, &task, bytes, sizeof bytes, &n) == 0 && message_decode(fq_Type_TASK, bytes, n, &got, &err) < 0,
	   "a scout of a file in one slice: %s", err.text);
	task.split = true;
	task.ref.scout = false;
	ok(message_encode(fq_Type_TASK, &task, bytes, sizeof bytes, &n) == 0 && message_decode(fq_Type_TASK, bytes, n, &got, &err) < 0,
	   "a ref of another plan: %s", err.text);
	task.ref.split = true;
	ok(message_encode(fq_Type_TASK, &task, bytes, sizeof bytes, &n) == 0 && message_decode(fq_Type_TASK, bytes, n, &got, &err) < 0,
	   "a count without a point: %s", err.text);
	task.has_point = true;
	task.point.window.size = sizeof task.point.window.bytes;
	ok(message_encode(fq_Type_TASK, &task, bytes, sizeof bytes, &n) == 0 && n <= message_payload_max(fq_Type_TASK) &&
	           message_decode(fq_Type_TASK, bytes, n, &got, &err) == 0 && got.point.window.size == task.point.window.size,
	   "the largest window");
	ok(message_encode(fq_Type_TASK, &task, bytes, 100, &n) == -EMSGSIZE, "no room");
	ok(message_encode(fq_Type_DATA, &task, bytes, sizeof bytes, &n) == -EINVAL,
	   "DATA is no message");
	ok(message_encode(fq_Type_TASK, NULL, bytes, sizeof bytes, &n) == -EINVAL,
	   "TASK needs a message");
	ok(message_encode(fq_Type_PING, NULL, bytes, sizeof bytes, &n) == 0 && n == 0,
	   "PING needs none");
	for (size_t cut = 1; cut < 60; cut++) {
		int r = message_decode(fq_Type_TASK, bytes, cut, &got, &err);

		if (r != 0 && r != -EBADMSG)
			ok(false, "cut after %zu bytes: %d", cut, r);
	}
}

/* A HELLO of the largest size fits a frame. */
static void test_largest(void)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello), *got = calloc(1, sizeof *got);
	uint8_t bytes[PAYLOAD_MAX];
	struct error err = {0};
	size_t n = 0;

	memset(hello, 0xff, sizeof *hello);
	hello->role = fq_Role_ROLE_WORKER;
	hello->draining = true;
	hello->coordinator.size = sizeof hello->coordinator.bytes;
	hello->held_count = 512;
	hello->roots_count = sizeof hello->roots / sizeof *hello->roots;
	for (size_t i = 0; i < hello->roots_count; i++)
		hello->roots[i][sizeof *hello->roots - 1] = '\0';
	memset(hello->name, 'n', sizeof hello->name - 1);
	memset(hello->version, 'v', sizeof hello->version - 1);
	hello->name[sizeof hello->name - 1] = hello->version[sizeof hello->version - 1] = '\0';
	memset(hello->batch_engine, 'e', sizeof hello->batch_engine - 1);
	memset(hello->batch_job, 'j', sizeof hello->batch_job - 1);
	hello->batch_engine[sizeof hello->batch_engine - 1] = hello->batch_job[sizeof hello->batch_job - 1] = '\0';
	ok(message_encode(fq_Type_HELLO, hello, bytes, sizeof bytes, &n) == 0, "encode");
	ok(n <= message_payload_max(fq_Type_HELLO), "%zu bytes are allowed", n);
	ok(message_decode(fq_Type_HELLO, bytes, n, got, &err) == 0, "decode: %s", err.text);
	is_u64(got->held_count, 512, "all slices are there");
	is_u64(got->roots_count, 16, "all roots, too");
}

static int brief_there_and_back(uint32_t number, uint64_t bytes_n)
{
	fq_Brief brief = {.job = 1, .number = number, .blob_bytes = bytes_n}, got;
	uint8_t bytes[200];
	struct error err = {0};
	size_t n = 0;

	if (message_encode(fq_Type_BRIEF, &brief, bytes, sizeof bytes, &n) < 0)
		return 1;
	return message_decode(fq_Type_BRIEF, bytes, n, &got, &err);
}

static void test_brief(void)
{
	static const uint8_t of_brief_3[] = {0x0a, 0, 0x1a, 0, 0x60, 3}; /* ref, fingerprint, brief */
	_cleanup_(freep) fq_Task *task = malloc(sizeof *task);
	struct error err = {0};

	is_i64(brief_there_and_back(2, BRIEF_MAX), 0, "a brief of the largest size");
	is_i64(brief_there_and_back(2, BRIEF_MAX + 1ULL), -EBADMSG, "a larger one");
	is_i64(brief_there_and_back(1, 0), -EBADMSG, "one of no bytes");
	is_i64(brief_there_and_back(0, 1), -EBADMSG, "one without a number");
	is_i64(brief_there_and_back(3, 1), -EBADMSG, "one of an unknown number");
	is_i64(message_decode(fq_Type_TASK, of_brief_3, sizeof of_brief_3, task, &err), -EBADMSG,
	       "a task by an unknown brief: %s", err.text);
}

/* A probe that could not be put to a worker, and answers that say nothing. */
static void refused_probes(void)
{
	static const uint8_t no_uuid[] = {0x12, 2, '/', 'a'}, short_proof[] = {0x2a, 3, 1, 2, 3}, only_time[] = {0x0a, 2, 'w', '1'};
	static const uint8_t unproved[] = {0x18, 1}, short_ends[] = {0x4a, 1, 7}, answer_9[] = {0x10, 9}, proof_9[] = {0x30, 9}, what_9[] = {0x08, 9};
	_cleanup_(freep) void *got = malloc(message_struct_size_largest());
	struct error err = {0};

	is_int(message_decode(fq_Type_PROBE, no_uuid, sizeof no_uuid, got, &err), -EBADMSG, "a path without a uuid: %s", err.text);
	is_int(message_decode(fq_Type_PROBE, short_proof, sizeof short_proof, got, &err), -EBADMSG, "a short proof: %s", err.text);
	is_int(message_decode(fq_Type_PROBE, only_time, sizeof only_time, got, &err), 0, "no path needs no uuid");
	is_int(message_decode(fq_Type_LOOK, unproved, sizeof unproved, got, &err), -EBADMSG, "a proof that is wanted and not there: %s",
	       err.text);
	is_int(message_decode(fq_Type_LOOKED, short_ends, sizeof short_ends, got, &err), -EBADMSG, "short ends: %s", err.text);
	is_int(message_decode(fq_Type_PROBED, answer_9, sizeof answer_9, got, &err), -EBADMSG, "answer 9: %s", err.text);
	is_int(message_decode(fq_Type_HEALTH_TOLD, proof_9, sizeof proof_9, got, &err), -EBADMSG, "proof 9: %s", err.text);
	is_int(message_decode(fq_Type_CACHE, what_9, sizeof what_9, got, &err), -EBADMSG, "what 9: %s", err.text);
}

static void test_refused(void)
{
	static const uint8_t role_9[] = {0x18, 9}, state_9[] = {0x20, 9}, text[] = "no message",
			     newer[] = {0xf8, 0x07, 1};
	static const uint8_t short_uuid[] = {0x0a, 3, 1, 2, 3}, no_ref[] = {0x10, 5};
	union {
		fq_Hello hello;
		fq_Job job;
		fq_Submit submit;
		fq_Progress progress;
	} got;
	uint8_t long_path[5000] = {0x0a, 0x80, 0x27}; /* SUBMIT_FILE.path of 4992 bytes */
	_cleanup_(freep) fq_SubmitFile *file = malloc(sizeof *file);
	struct error err = {0};

	ok(message_decode(fq_Type_HELLO, role_9, sizeof role_9, &got, &err) == -EBADMSG,
	   "role 9: %s", err.text);
	ok(message_decode(fq_Type_JOB, state_9, sizeof state_9, &got, &err) == -EBADMSG,
	   "state 9: %s", err.text);
	ok(message_decode(fq_Type_JOB, text, sizeof text, &got, &err) == -EBADMSG, "text: %s",
	   err.text);
	ok(message_decode(fq_Type_SUBMIT, short_uuid, sizeof short_uuid, &got, &err) == -EBADMSG,
	   "a short uuid: %s", err.text);
	ok(message_decode(fq_Type_PROGRESS, no_ref, sizeof no_ref, &got, &err) == -EBADMSG,
	   "no slice: %s", err.text);
	ok(message_decode(fq_Type_SUBMIT_FILE, long_path, sizeof long_path, file, &err) == -EBADMSG,
	   "a long path: %s", err.text);
	refused_probes();
	ok(message_decode(42000, text, 1, &got, &err) == -EBADMSG, "an unknown type: %s", err.text);
	ok(message_decode(fq_Type_HELLO, newer, sizeof newer, &got, &err) == 0,
	   "a field of a newer version is skipped");
}

int main(void)
{
	test_table();
	test_task();
	test_largest();
	test_brief();
	test_refused();
	return done_testing();
}
