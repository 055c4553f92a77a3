/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/convert.c: there and back, and every number that makes no sense refused. */
#include "daemon/convert.h"

#include <errno.h>
#include <string.h>

#include "lib/fastq/split.h"
#include "tests/unit/tap.h"

#define SIZE 1000

static void test_fingerprint(void)
{
	struct fingerprint fingerprint = {.size = SIZE, .mtime_ns = UINT64_MAX, .inode = 7, .ctime_ns = 9}, got;
	fq_Fingerprint message;

	memset(fingerprint.ends, 0xab, sizeof fingerprint.ends);
	fingerprint_to_message(&fingerprint, &message);
	fingerprint_from_message(&message, &got);
	ok(fingerprint_equal(&fingerprint, &got) && got.ctime_ns == 9, "a fingerprint there and back");
}

static void seam_refused(struct slice_seam seam, const char *what)
{
	struct error err = {0};
	fq_Seam message;

	seam_to_message(&seam, &message);
	is_int(seam_from_message(&message, SIZE, &seam, &err), -EBADMSG, "%s: %s", what, err.text);
}

static void test_seam(void)
{
	struct slice_seam seam = {.first = {10, 3}, .next = {SIZE, 0}, .records = 5}, got;
	struct error err = {0};
	fq_Seam message;

	seam_to_message(&seam, &message);
	is_int(seam_from_message(&message, SIZE, &got, &err), 0, "a seam: %s", err.text);
	ok(text_place_equal(got.first, seam.first) && text_place_equal(got.next, seam.next),
	   "its places");
	is_u64(got.records, 5, "its records");
	message.has_next = false;
	is_int(seam_from_message(&message, SIZE, &got, &err), -EBADMSG, "an edge missing: %s",
	       err.text);
	seam_refused((struct slice_seam){.first = {10, 0}, .next = {9, 9}}, "end before beginning");
	seam_refused((struct slice_seam){.first = {10, 1}, .next = {10, 0}},
	             "end before beginning, in one block");
	seam_refused((struct slice_seam){.next = {SIZE, 1}}, "behind the end");
	seam_refused((struct slice_seam){.first = {SIZE + 1, 0}, .next = {SIZE + 1, 0}},
	             "behind the end");
}

static void test_fault(void)
{
	struct slice_fault fault = {.record = 4, .at = {5, 6}, .value = 7, .value2 = 8}, got;
	struct error err = {0};
	fq_Fault message;
	int bad = 0;

	for (int kind = FAULT_NO_AT; kind < _FAULT_MAX; kind++) {
		fault.kind = (enum fault_kind)kind;
		fault.error_number = kind == FAULT_READ ? EIO : 0;
		fault_to_message(&fault, &message);
		bad += fault_from_message(&message, &got, &err) < 0 || got.kind != fault.kind ||
		       got.record != 4 || !text_place_equal(got.at, fault.at) || got.value != 7 ||
		       got.value2 != 8 || got.error_number != fault.error_number;
	}
	is_int(bad, 0, "faults of every kind there and back %s", err.text);
	message.kind = FAULT_NONE;
	is_int(fault_from_message(&message, &got, &err), -EBADMSG, "no fault: %s", err.text);
	message.kind = _FAULT_MAX;
	is_int(fault_from_message(&message, &got, &err), -EBADMSG, "unknown: %s", err.text);
	message.kind = FAULT_READ;
	message.error_number = 0;
	is_int(fault_from_message(&message, &got, &err), -EBADMSG, "reading failed, but how: %s",
	       err.text);
	message.error_number = -5;
	is_int(fault_from_message(&message, &got, &err), -EBADMSG, "negative: %s", err.text);
}

static void test_facts(void)
{
	struct file_facts facts = {.fingerprint = {.size = SIZE},
	                           .kind = FILE_BGZF,
	                           .bgzf_unended = true},
			  got;
	struct error err = {0};
	fq_Opened message = {.job = 3};

	facts_to_message(&facts, &message);
	is_int(facts_from_message(&message, &got, &err), 0, "facts: %s", err.text);
	ok(got.kind == FILE_BGZF && got.bgzf_unended && got.fingerprint.size == SIZE &&
	       message.job == 3,
	   "as they were");
	message.kind = 0;
	is_int(facts_from_message(&message, &got, &err), -EBADMSG, "no kind: %s", err.text);
	message.kind = _FILE_KIND_MAX;
	is_int(facts_from_message(&message, &got, &err), -EBADMSG, "unknown kind: %s", err.text);
	message = (fq_Opened){.kind = FILE_PLAIN};
	is_int(facts_from_message(&message, &got, &err), -EBADMSG, "no fingerprint: %s", err.text);
}

static void task_refused(struct slice_task task, const char *what)
{
	fq_Task message = {.has_fingerprint = true, .fingerprint.size = SIZE};
	struct error err = {0};

	task_to_message(&task, &message);
	is_int(task_from_message(&message, 1, &task, &err), -EBADMSG, "%s: %s", what, err.text);
}

static void test_task(void)
{
	struct slice_task task = {FILE_BGZF, SIZE, 10, SIZE, true, {SIZE - 1, 9}, 77, true}, got;
	fq_Task message = {.has_fingerprint = true, .fingerprint.size = SIZE};
	struct error err = {0};

	task_to_message(&task, &message);
	is_int(task_from_message(&message, 77, &got, &err), 0, "a task: %s", err.text);
	ok(got.kind == FILE_BGZF && got.file_size == SIZE && got.begin == 10 && got.end == SIZE &&
	       got.start_known && text_place_equal(got.start, task.start) && got.read_max == 77 &&
	       got.lenient,
	   "as it was");
	task.start_known = false;
	task_to_message(&task, &message);
	is_int(task_from_message(&message, 77, &got, &err), 0, "without a start: %s", err.text);
	ok(!got.start_known && got.start.block == 0, "none");
	task_refused((struct slice_task){.kind = FILE_PLAIN, .begin = 5, .end = 4},
	             "ends before it begins");
	task_refused((struct slice_task){.kind = FILE_PLAIN, .end = SIZE + 1}, "behind the end");
	task_refused((struct slice_task){.kind = 0, .end = 1}, "no kind");
	task_refused(
	    (struct slice_task){
		.kind = FILE_GZIP, .end = 1, .start_known = true, .start = {SIZE, 1}},
	    "start");
	task_refused(
	    (struct slice_task){.kind = FILE_PLAIN, .end = 1, .start_known = true, .start = {1, 1}},
	    "within");
	message.has_fingerprint = false;
	is_int(task_from_message(&message, 77, &got, &err), -EBADMSG, "no fingerprint: %s",
	       err.text);
}

static void prior_refused(fq_Task message, const char *what)
{
	struct prior prior;
	struct error err = {0};

	message.prior_known = true;
	is_int(prior_from_message(&message, &prior, &err), -EBADMSG, "%s: %s", what, err.text);
}

static void test_prior(void)
{
	const struct prior prior = {.known = true, .reads = 99999, .qualities = 99990, .tile_field = 4};
	fq_Task message = {.begin = 100}, nothing = {.begin = 100}, first = {.begin = 0};
	struct error err = {0};
	fq_Task place = {.begin = 0};
	struct prior got;

	prior_to_message(&prior, &message);
	is_int(prior_from_message(&message, &got, &err), 0, "what lies before a slice: %s", err.text);
	ok(got.known && !got.first && got.reads == 99999 && got.qualities == 99990 && got.tile_field == 4 && !got.tracked,
	   "as it was");
	prior_to_message(&PRIOR_UNKNOWN, &nothing);
	ok(prior_from_message(&nothing, &got, &err) == 0 && !got.known && !got.first && got.tile_field == TILE_FIELD_UNKNOWN,
	   "nothing is known");
	ok(prior_from_message(&first, &got, &err) == 0 && got.known && got.first && got.tile_field == TILE_FIELD_UNKNOWN,
	   "nothing lies before the first slice, even where that is not said");
	first.prior_known = true;
	first.tile_field = 2;
	ok(prior_from_message(&first, &got, &err) == 0 && got.first && got.tile_field == 2, "but its tiles may be known");
	prior_to_message(&(struct prior){.first = true, .ordinals = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN}, &place);
	ok(prior_from_message(&place, &got, &err) == 0 && got.first && got.ordinals, "the first slice of a file that others may come before");
	place.begin = 1;
	ok(prior_from_message(&place, &got, &err) == 0 && !got.first && !got.ordinals, "which its other slices are not");
	place = (fq_Task){.begin = 0};
	prior_to_message(&prior, &place);
	ok(prior_from_message(&place, &got, &err) == 0 && !got.first && got.known && got.reads == 99999, "the first slice behind other files");
	prior_refused((fq_Task){.begin = 1, .prior_reads = UINT64_MAX}, "too many reads");
	prior_refused((fq_Task){.begin = 1, .prior_reads = 5, .prior_qualities = 6}, "more qualities than reads");
	prior_refused((fq_Task){.begin = 0, .prior_reads = 1}, "reads before the file");
	prior_refused((fq_Task){.begin = 1, .tile_field = -2}, "no such field");
	prior_refused((fq_Task){.begin = 1, .tile_field = 1000}, "nor this one");
}

static void test_outcome(void)
{
	enum slice_outcome outcome;
	struct error err = {0};

	ok(outcome_from_message(SLICE_END, &outcome, &err) == 0 && outcome == SLICE_END, "END");
	ok(outcome_from_message(SLICE_UNSURE, &outcome, &err) == 0 && outcome == SLICE_UNSURE,
	   "UNSURE");
	ok(outcome_from_message(SLICE_FAULT, &outcome, &err) == 0 && outcome == SLICE_FAULT,
	   "FAULT");
	is_int(outcome_from_message(SLICE_BATCH, &outcome, &err), -EBADMSG, "BATCH is none: %s",
	       err.text);
	is_int(outcome_from_message(4, &outcome, &err), -EBADMSG, "nor is 4");
}

/* ---- slices of one gzip stream */

static uint8_t window[SPLIT_WINDOW], window_got[SPLIT_WINDOW];

static void point_refused(struct split_point point, bool cut, const char *what)
{
	static fq_SplitPoint message;
	struct error err = {0};
	struct split_point got;

	point.window = window;
	ok(point_to_message(&point, &message) == 0, "%s: a message", what);
	if (cut)
		message.window.size /= 2;
	is_int(point_from_message(&message, SIZE, window_got, &got, &err), -EBADMSG, "%s: %s", what, err.text);
}

static void test_point(void)
{
	static const uint64_t within[] = {0, 1, SPLIT_WINDOW - 1, SPLIT_WINDOW, 1ULL << 40};
	static fq_SplitPoint message;
	struct error err = {0};

	for (size_t i = 0; i < sizeof window; i++)
		window[i] = (uint8_t)(i * 2654435761u >> 7);
	for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
		const struct split_point point = {.bit = 801, .member = 90, .within = within[i], .crc = 5, .window = window};
		size_t n = split_window_size(&point);
		struct split_point got;

		ok(point_to_message(&point, &message) == 0 && point_from_message(&message, SIZE, window_got, &got, &err) == 0,
		   "a point with %zu bytes before it: %s", n, err.text);
		ok(got.bit == point.bit && !got.header && got.member == 90 && got.within == within[i] && got.crc == 5 &&
		           (n == 0 || (got.window == window_got && memcmp(window_got, window, n) == 0)),
		   "is the same");
	}
	point_refused((struct split_point){.bit = 8 * SIZE + 1, .member = 1}, false, "behind the file's end");
	point_refused((struct split_point){.bit = UINT64_MAX, .member = 1}, false, "far behind it");
	point_refused((struct split_point){.bit = 80, .member = 11, .within = 1}, false, "before its member");
	point_refused((struct split_point){.bit = 81, .header = true, .member = 10}, false, "a header within a byte");
	point_refused((struct split_point){.bit = 80, .header = true, .member = 9}, false, "a header of another member");
	point_refused((struct split_point){.bit = 80, .member = 9, .within = 5000}, true, "half a window");
}

static void test_report(void)
{
	const struct split_report report = {
	    .first_bit = 8, .next_bit = 8 * SIZE, .next_header = true, .reach = 3, .text = 400, .head = {300, 7}, .head_ends = true,
	    .head_trailer = {9, 10}, .tail_member = 900, .tail = {100, 11}, .counted = true};
	struct error err = {0};
	struct split_report got;
	fq_SplitReport message;

	report_to_message(&report, &message);
	is_int(report_from_message(&message, SIZE, &got, &err), 0, "a report: %s", err.text);
	ok(got.first_bit == 8 && got.next_bit == report.next_bit && !got.first_header && got.next_header && got.reach == 3 &&
	           got.text == 400 && got.head.length == 300 && got.head.crc == 7 && got.head_ends && got.head_trailer.crc == 9 &&
	           got.head_trailer.size == 10 && got.tail_member == 900 && got.tail.length == 100 && got.tail.crc == 11 && got.counted,
	   "is the same");
	message.next_bit = UINT64_MAX;
	is_int(report_from_message(&message, SIZE, &got, &err), -EBADMSG, "it ends behind the file: %s", err.text);
	message.next_bit = 7;
	is_int(report_from_message(&message, SIZE, &got, &err), -EBADMSG, "it ends before it begins: %s", err.text);
}

int main(void)
{
	test_fingerprint();
	test_seam();
	test_fault();
	test_facts();
	test_task();
	test_prior();
	test_outcome();
	test_point();
	test_report();
	return done_testing();
}
