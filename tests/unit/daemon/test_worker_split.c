/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqworkerd and the slices of one gzip stream (worker_fake.h): scouts inflate, their text waits for its point, and a slice counts
 * alike out of its text and from its point on. Whatever takes the text away costs time only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/base/write.h"
#include "lib/fastq/split_chain.h"
#include "lib/fastq/symbol.h"
#include "lib/qc/count.h"
#include "tests/unit/daemon/worker_fake.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made_gzip.h"
#include "tests/unit/tap.h"

#define TEXT_MAX (16u << 20)
#define SLICE (32u << 10)
#define SLICES_MAX 64

struct try {
	struct fake fake;
	char path[128];
	struct file_facts facts;
	struct split_chain chain;
	uint64_t lease;

	/* Of each slice, once it was counted: the chain forgets them. */
	struct split_point points[SLICES_MAX];
	uint8_t windows[SLICES_MAX][SPLIT_WINDOW];
};

static void make_file(struct try *try)
{
	const struct maker maker = {.level = 6, .memory = 5};
	struct bytes text = {0}, file = {0};
	struct error err = {0};
	uint64_t random = 5;
	int fd;

	(void)snprintf(try->path, sizeof try->path, "%s/reads.fq.gz", try->fake.folder);
	fd = open(try->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	make_records(&text, 1500000, &random);
	make_gzip_file(&file, &maker, &text, &random);
	make_gzip_file(&file, &maker, &text, &random); /* a second member */
	if (fd < 0 || write_all(fd, file.p, file.n) < 0 || file_facts_take(fd, &try->facts, &err) < 0)
		bail_out("no file");
	closep(&fd);
	bytes_deinit(&text);
	bytes_deinit(&file);
}

/* ---- tasks */

static void begin_task(struct try *try, uint64_t slice, fq_Task *ret)
{
	*ret = (fq_Task){.has_ref = true, .has_fingerprint = true};
	ret->ref = (fq_SliceRef){.job = 3, .file = 1, .slice = slice, .lease = ++try->lease, .split = true};
	(void)snprintf(ret->path, sizeof ret->path, "%s", try->path);
	fingerprint_to_message(&try->facts.fingerprint, &ret->fingerprint);
	ret->kind = try->facts.kind;
	ret->begin = try->chain.links[slice].begin;
	ret->end = try->chain.links[slice].end;
	ret->modules = COUNT_MEAN;
	ret->algorithm = COUNTERS_ALGORITHM;
	ret->split = true;
}

static void scout_task(struct try *try, uint64_t slice, fq_Task *ret)
{
	begin_task(try, slice, ret);
	ret->ref.scout = true;
	ret->text_max = TEXT_MAX;
}

static void count_task(struct try *try, uint64_t slice, fq_Task *ret)
{
	begin_task(try, slice, ret);
	ret->has_point = true;
	if (point_to_message(&try->points[slice], &ret->point) < 0)
		bail_out("out of memory");
}

/* Sends a scout; what it found. */
static void scout(struct try *try, uint64_t slice, fq_Result *ret, struct blob *ret_blob)
{
	fq_Task task;

	scout_task(try, slice, &task);
	fake_send(&try->fake, fq_Type_TASK, &task);
	fake_expect_result(&try->fake, ret, ret_blob);
	fake_acknowledge(&try->fake, &ret->ref);
}

static void scout_only(struct try *try, uint64_t slice)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;

	scout(try, slice, &result, &blob);
	if (result.outcome != SPLIT_DONE)
		bail_out("a slice was not inflated");
}

/* How often the worker's log has this. */
static unsigned int logged(const struct try *try, const char *text)
{
	_cleanup_(fclosep) FILE *f = NULL;
	char path[128], line[4096];
	unsigned int n = 0;

	(void)snprintf(path, sizeof path, "%s/log", try->fake.folder);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		n += strstr(line, text) != NULL;
	return n;
}

/* Counts it by itself, too; whether both are the same, and how the worker says it came by the text. */
static void is_counted(struct try *try, uint64_t slice, const char *how, const char *what)
{
	_cleanup_(closep) int fd = open(try->path, O_RDONLY | O_CLOEXEC);
	_cleanup_(blob_deinit) struct blob blob = {0};
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct split_report report;
	struct slice_count count;
	struct slice_task own;
	struct error err = {0};
	fq_Result result;
	fq_Task task;
	unsigned int before;
	char line[80];
	size_t n = 0;

	(void)snprintf(line, sizeof line, "slice %llu was counted %s", (unsigned long long)slice, how);
	before = logged(try, line);
	count_task(try, slice, &task);
	fake_send(&try->fake, fq_Type_TASK, &task);
	fake_expect_result(&try->fake, &result, &blob);
	fake_acknowledge(&try->fake, &result.ref);
	if (task_from_message(&task, READ_MAX_DEFAULT, &own, &err) < 0)
		bail_out(err.text);
	own.point = &try->points[slice];
	if (count_slice(fd, &own, COUNT_MEAN, NULL, NULL, NULL, NULL, &count, &err) < 0 || counters_pack(count.counters, &bytes, &n) < 0)
		bail_out("no count to compare with");
	ok(result.outcome == SLICE_END && !result.ref.scout && blob.n == n && memcmp(blob.bytes, bytes, n) == 0 && result.has_report &&
	       report_from_message(&result.report, try->facts.fingerprint.size, &report, &err) == 0 && report.counted &&
	       report.text == count.report.text && report.next_bit == count.report.next_bit && logged(try, line) == before + 1,
	   "%s: %s", what, line);
	slice_count_deinit(&count);
}

static void connect_anew(struct try *try)
{
	fq_Hello hello;

	fake_accept(&try->fake, &hello);
	fake_welcome(&try->fake);
}

/* ---- the facts */

static void offer_inflated(struct try *try, uint64_t slice, const fq_Result *result, const struct blob *blob)
{
	uint16_t *symbols = NULL;
	struct split_report report = {0};
	struct error err = {0};
	bool used;

	if (result->outcome == SPLIT_DONE && report_from_message(&result->report, try->facts.fingerprint.size, &report, &err) < 0)
		bail_out(err.text);
	if (blob->n > 0) {
		symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
		if (!symbols || symbols_unpack(blob->bytes, blob->n, symbols) < 0)
			bail_out("no symbols");
	}
	if (split_chain_offer_inflated(&try->chain, slice, (enum split_outcome)result->outcome, &report, symbols, &used) < 0 || !used)
		bail_out("a scout's result is of no use");
}

static void keep_point(struct try *try, uint64_t slice)
{
	const struct split_point *point = &try->chain.links[slice].point;

	try->points[slice] = *point;
	if (point->window)
		memcpy(try->windows[slice], point->window, split_window_size(point));
	try->points[slice].window = try->windows[slice];
}

/* Counts what is next, and merges it. */
static void count_next(struct try *try, uint64_t slice, struct counters *into)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	uint8_t window[SPLIT_WINDOW];
	struct split_report report;
	struct counters *counters = NULL;
	struct slice_task task;
	struct slice_seam seam;
	struct error err = {0};
	fq_Result result;
	fq_Task message;
	uint32_t lacks;
	bool used;

	keep_point(try, slice);
	count_task(try, slice, &message);
	split_chain_count_task(&try->chain, slice, READ_MAX_DEFAULT, false, &task);
	task_to_message(&task, &message);
	fake_send(&try->fake, fq_Type_TASK, &message);
	fake_expect_result(&try->fake, &result, &blob);
	fake_acknowledge(&try->fake, &result.ref);
	if (result.outcome != SLICE_END || seam_from_message(&result.seam, try->facts.fingerprint.size, &seam, &err) < 0 ||
	    report_from_message(&result.report, try->facts.fingerprint.size, &report, &err) < 0 ||
	    (!report.next_header && window_unpack(result.window.bytes, result.window.size, window, SPLIT_WINDOW) < 0) ||
	    counters_unpack(blob.bytes, blob.n, &counters, &err) < 0 || counters_merge(into, counters, &lacks) < 0)
		bail_out("a slice was not counted");
	if (split_chain_offer_counted(&try->chain, slice, &task, SLICE_END, &seam, NULL, &report, window, &used) < 0 || !used)
		bail_out("a count is of no use");
	counters_free(counters);
}

/* All slices inflated from the last one on, then counted in order: what one process counts of the whole file. */
static void test_whole(struct try *try)
{
	_cleanup_(closep) int fd = open(try->path, O_RDONLY | O_CLOEXEC);
	struct slice_task whole = {
	    .kind = FILE_GZIP, .file_size = try->facts.fingerprint.size, .end = try->facts.fingerprint.size, .read_max = READ_MAX_DEFAULT};
	struct counters *merged = NULL;
	struct slice_count count;
	struct error err = {0};
	uint8_t *a = NULL, *b = NULL;
	size_t a_n = 0, b_n = 0;

	if (counters_new(COUNT_MEAN, NULL, NULL, &merged) < 0)
		bail_out("out of memory");
	for (uint64_t i = try->chain.n - 1; i > 0; i--) {
		_cleanup_(blob_deinit) struct blob blob = {0};
		fq_Result result;

		scout(try, i, &result, &blob);
		if (!result.ref.scout || result.ref.slice != i)
			bail_out("the result of another slice");
		offer_inflated(try, i, &result, &blob);
	}
	for (uint64_t i = 0; i < try->chain.n; i++)
		if (!try->chain.links[i].empty)
			count_next(try, i, merged);
	is_u64(try->chain.proven, try->chain.n, "all %llu slices are proven, with CRC", (unsigned long long)try->chain.n);
	if (count_slice(fd, &whole, COUNT_MEAN, NULL, NULL, NULL, NULL, &count, &err) < 0 || counters_pack(count.counters, &a, &a_n) < 0 ||
	    counters_pack(merged, &b, &b_n) < 0)
		bail_out("no count to compare with");
	ok(a_n == b_n && memcmp(a, b, a_n) == 0, "their counters are those of the whole file");
	ok(fake_logged(&try->fake, "slice 40 was counted out of its text") && !fake_logged(&try->fake, "slice 40 was counted from its point"),
	   "those that were inflated first were counted out of their text");
	ok(fake_logged(&try->fake, "slice 1 was counted from its point on"), "for the last ones there was no room");
	slice_count_deinit(&count);
	counters_free(merged);
	free(a);
	free(b);
}

static void drop(struct try *try, const fq_SliceRef *ref)
{
	const fq_Ref message = {.has_ref = true, .ref = *ref};

	fake_send(&try->fake, fq_Type_DROP, &message);
}

static void test_texts(struct try *try)
{
	fq_SliceRef ref = {.job = 3, .file = 1, .slice = 5, .lease = 9999, .scout = true, .split = true};
	pid_t child;

	is_counted(try, 2, "from its point on", "counted a second time, its text was used up");
	scout_only(try, 4);
	is_counted(try, 4, "out of its text", "inflated once more");
	scout_only(try, 5);
	drop(try, &ref);
	is_counted(try, 5, "from its point on", "a text that was dropped, by whatever lease");
	scout_only(try, 6);
	child = fake_child(&try->fake, 0);
	(void)kill(child, SIGKILL);
	(void)fake_child(&try->fake, child);
	is_counted(try, 6, "from its point on", "the child that had inflated it was killed, another one counts");
	scout_only(try, 7);
	fake_cut(&try->fake);
	connect_anew(try);
	is_counted(try, 7, "from its point on", "no text outlives the connection");
}

static void test_limits(struct try *try)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;
	fq_Task task;

	scout_task(try, 8, &task);
	task.text_max = 1000;
	fake_send(&try->fake, fq_Type_TASK, &task);
	fake_expect_result(&try->fake, &result, &blob);
	fake_acknowledge(&try->fake, &result.ref);
	ok(result.outcome == SPLIT_LARGE && !result.has_report && blob.n == 0, "more text than may be kept");
	is_counted(try, 8, "from its point on", "and it is counted all the same");
}

static pid_t hold_scout(struct try *try, uint64_t slice, fq_Task *ret)
{
	fq_Task before;
	pid_t child;

	count_task(try, 1, &before);
	child = fake_stop_child(&try->fake, &before);
	scout_task(try, slice, ret);
	fake_send(&try->fake, fq_Type_TASK, ret);
	fake_wait_given(&try->fake, ret->path);
	return child;
}

static void test_crash(struct try *try)
{
	fq_Crashed crashed;
	fq_Task task;
	pid_t child = hold_scout(try, 9, &task);

	(void)kill(child, SIGKILL);
	fake_expect(&try->fake, fq_Type_CRASHED, &crashed);
	ok(crashed.ref.lease == task.ref.lease && crashed.ref.scout && crashed.signal == SIGKILL, "a scout whose child is killed");
	fake_acknowledge(&try->fake, &crashed.ref);
	is_counted(try, 9, "from its point on", "left no text");
}

static void test_drop_running(struct try *try)
{
	fq_Task task;

	(void)hold_scout(try, 10, &task);
	drop(try, &task.ref);
	scout_only(try, 11);
	is_counted(try, 11, "out of its text", "a scout that is dropped while it runs is forgotten, the next one works");
	is_counted(try, 10, "from its point on", "and it left no text");
}

static void test_changed(struct try *try)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;
	fq_Task task;

	scout_task(try, 4, &task);
	task.fingerprint.mtime_ns++;
	fake_send(&try->fake, fq_Type_TASK, &task);
	fake_expect_result(&try->fake, &result, &blob);
	fake_acknowledge(&try->fake, &result.ref);
	ok(result.outcome == SPLIT_FAULT && result.ref.scout && result.fault.kind == FAULT_CHANGED && !result.has_seam && !result.has_start,
	   "a scout of a file that is another one by now");
}

/* ---- tasks that make no sense */

static void set_begin(fq_Task *task) { task->begin = 0; }
static void set_range(fq_Task *task) { task->end = task->begin; }
static void set_kind(fq_Task *task) { task->kind = FILE_PLAIN; }
static void set_text(fq_Task *task) { task->text_max = 0; }
static void set_point(fq_Task *task) { task->has_point = true; }
static void unset_split(fq_Task *task) { task->split = task->ref.split = false; }
static void set_bit(fq_Task *task) { task->point.bit = 8 * task->end; }
static void set_bit_before(fq_Task *task) { task->point.bit = 8 * task->begin - 1; }
static void set_bit_far(fq_Task *task) { task->point.bit = UINT64_MAX; }
static void set_window(fq_Task *task) { task->point.window.size /= 2; }
static void set_within(fq_Task *task) { task->point.within = 1000; }
static void set_header(fq_Task *task) { task->point.header = true; }

static const struct {
	const char *name, *sentence;
	bool scout;
	void (*set)(fq_Task *task);
} hostile[] = {
    {"a scout of the file's beginning", "what is known to be inflated", true, set_begin},
    {"a scout of nothing", "makes no sense", true, set_range},
    {"a scout of a plain file", "makes no sense", true, set_kind},
    {"a scout that may keep nothing", "none of its text", true, set_text},
    {"a scout with a point", "what is known to be inflated", true, set_point},
    {"a point in a file that is in one piece", "in one piece", false, unset_split},
    {"a point behind its slice", "not within its slice", false, set_bit},
    {"a point before it", "not within its slice", false, set_bit_before},
    {"a point behind the file", "not within the file", false, set_bit_far},
    {"half a window", "damaged window", false, set_window},
    {"a window of another size", "damaged window", false, set_within},
    {"a header that is none", "member's header that is none", false, set_header},
    {"a count of nothing", "makes no sense", false, set_range},
};

static void test_hostile(struct try *try)
{
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct error err = {0};
		fq_Task task;

		(hostile[i].scout ? scout_task : count_task)(try, 5, &task);
		hostile[i].set(&task);
		fake_send(&try->fake, fq_Type_TASK, &task);
		fake_wait_refusal(&try->fake, &err);
		ok(strstr(err.text, hostile[i].sentence), "%s: %s", hostile[i].name, err.text);
		connect_anew(try);
	}
}

static void test_drain(struct try *try)
{
	fq_Empty empty;
	fq_Ref returned;
	fq_Task task, late;
	pid_t child = hold_scout(try, 6, &task);
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;

	(void)kill(try->fake.pid, SIGTERM);
	fake_expect(&try->fake, fq_Type_DRAINING, &empty);
	scout_task(try, 7, &late);
	fake_send(&try->fake, fq_Type_TASK, &late);
	fake_expect(&try->fake, fq_Type_RETURN, &returned);
	ok(returned.ref.lease == late.ref.lease && returned.ref.scout, "SIGTERM: a scout that comes late is returned");
	(void)kill(child, SIGCONT);
	fake_expect_result(&try->fake, &result, &blob);
	ok(result.ref.lease == task.ref.lease && result.outcome == SPLIT_DONE, "one that runs is finished");
	fake_acknowledge(&try->fake, &result.ref);
	fake_wait_close(&try->fake);
	is_int(fake_wait_end(&try->fake), 0, "exit status 0");
}

int main(void)
{
	static struct try try;
	struct error err = {0};

	fake_init(&try.fake);
	make_file(&try);
	if (split_chain_init(&try.chain, try.facts.fingerprint.size, SLICE, 1000, &err) < 0 || try.chain.n < 42 ||
	    try.chain.n > SLICES_MAX)
		bail_out("the file has not enough slices");
	fake_start(&try.fake, "--verbose");
	connect_anew(&try);
	test_whole(&try);
	test_texts(&try);
	test_limits(&try);
	test_crash(&try);
	test_drop_running(&try);
	test_changed(&try);
	test_hostile(&try);
	test_drain(&try);
	split_chain_deinit(&try.chain);
	fake_deinit(&try.fake);
	return done_testing();
}
