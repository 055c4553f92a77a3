/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One gzip stream in slices: scouts go before their place is known, who keeps a text counts it, others do where he is busy or gone, and
 * what does not go together is counted anew in one. A restart goes on behind what was proven. The stream is made up: a byte of the file is
 * one of text, a block begins every MiB, and all of it is zeros, as are their CRCs.
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

#define MIB (1ULL << 20)
#define SLICES 6

static const char *const path = "/a.fq.gz";
static const uint16_t symbols[SPLIT_WINDOW];
static const uint8_t window[SPLIT_WINDOW];

static void begin_by(struct fake *fake, uint64_t bytes, uint64_t seek)
{
	struct event event = {.kind = EVENT_OPENED, .peer = 1};

	fake_init(fake);
	fake->limits.split_gzip = SPLIT_GZIP_AUTO;
	fake->limits.straggler_ms = 1000;
	fake_limits(fake);
	fake->proto = 3;
	fake_hello(fake, 1, "node01", 2, NULL, 0);
	fake_hello(fake, 2, "node02", 2, NULL, 0);
	fake_submit(fake, "alice", MIB, 1, &path);
	event.opened.job = 1;
	event.opened.facts.kind = FILE_GZIP;
	event.opened.facts.fingerprint.size = bytes;
	event.opened.seek.id = seek;
	event.opened.seek.slice_size = MIB;
	fake_step(fake, &event);
}

static void begin(struct fake *fake, uint64_t bytes)
{
	begin_by(fake, bytes, 0);
}

static struct split_report report_of(uint64_t slice)
{
	struct split_report report = {
	    .first_bit = 8 * slice * MIB, .next_bit = 8 * (slice + 1) * MIB, .text = MIB, .counted = true, .first_header = slice == 0};

	report.next_header = slice == SLICES - 1;
	report.head_ends = report.first_header || report.next_header;
	report.head.length = report.first_header ? 0 : MIB;
	report.tail.length = report.first_header ? MIB : 0;
	if (report.next_header) {
		report.tail_member = SLICES * MIB;
		report.head_trailer.size = SLICES * MIB;
	}
	return report;
}

/* The scout of the slice is done; text: it has found where it begins. */
static void scouted(struct fake *fake, const struct fake_task *task, bool text)
{
	struct event event = {.kind = EVENT_RESULT, .peer = task->peer};

	event.result.id = task->id;
	event.result.outcome = SLICE_UNSURE;
	event.result.inflated = text ? SPLIT_DONE : SPLIT_UNSURE;
	event.result.has_report = text;
	event.result.report = report_of(task->id.slice);
	event.result.report.counted = false;
	event.result.symbols = text && !event.result.report.next_header ? symbols : NULL;
	fake_step(fake, &event);
}

static struct text_place at(uint64_t slice)
{
	return slice == SLICES ? (struct text_place){.block = SLICES * MIB} : (struct text_place){.within = slice * MIB};
}

/* The slice was counted: ten records, the first where its text begins. crc: of its text, where it is not as it should be. */
static void counted(struct fake *fake, const struct fake_task *task, uint32_t crc)
{
	struct event event = {.kind = EVENT_RESULT, .peer = task->peer};
	uint64_t i = task->id.slice;

	event.result.id = task->id;
	event.result.outcome = SLICE_END;
	event.result.task = task->task;
	event.result.seam = (struct slice_seam){.first = at(i), .next = at(i + 1), .records = 10};
	event.result.bases = 1000;
	event.result.modules = task->modules;
	event.result.has_report = true;
	event.result.report = report_of(i);
	event.result.report.head.crc = crc;
	event.result.window = window;
	fake_step(fake, &event);
}

/* The task of the slice in the last event's actions, of this kind. */
static struct fake_task given(const struct fake *fake, uint64_t slice, bool scout)
{
	for (uint32_t i = 0; i < fake_count(fake, ACTION_SEND_TASK); i++)
		if (fake_task(fake, i).id.slice == slice && fake_task(fake, i).id.scout == scout)
			return fake_task(fake, i);
	return (struct fake_task){0};
}

static const char *state(const struct fake *fake, uint64_t slice)
{
	struct slice_view view = {.state = "none"};

	(void)coord_find_slice(fake->coord, 1, 0, slice, &view);
	return view.state;
}

static void test_way(void)
{
	struct fake_task first, scouts[4], count;
	struct fake fake;
	struct file_view view;

	begin(&fake, SLICES * MIB);
	ok(fake_count(&fake, ACTION_SEND_TASK) == 4 && fake_file(&fake)->way == WAY_SPLIT, "four slots have a task each");
	first = given(&fake, 0, false);
	for (uint64_t i = 1; i < 4; i++)
		scouts[i] = given(&fake, i, true);
	ok(first.peer && scouts[1].peer && scouts[2].peer && scouts[3].peer, "the first slice is counted, the next are inflated");
	ok(fake_action(&fake, ACTION_SEND_TASK, 0)->task.point.header, "it begins with the header");
	scouted(&fake, &scouts[1], true);
	is_str(state(&fake, 1), "held", "a text is kept until its place is known");
	ok(given(&fake, 4, true).peer == scouts[1].peer, "and its node inflates another one");
	scouted(&fake, &scouts[2], true);
	ok(coord_find_file(fake.coord, 1, 0, &view) && view.inflated == 2, "two are inflated");
	counted(&fake, &first, 0);
	ok(fake_count(&fake, ACTION_SAVE_SLICE) == 1 && fake_action(&fake, ACTION_SAVE_SLICE, 0)->slice.report &&
	           fake_action(&fake, ACTION_SAVE_SLICE, 0)->slice.window,
	   "what was counted is saved with its report and window");
	count = given(&fake, 1, false).peer ? given(&fake, 1, false) : given(&fake, 2, false);
	ok(count.peer == first.peer && count.peer == scouts[count.id.slice].peer && count.id.split,
	   "both are placed, and the free slot counts the one that its node keeps");
	is_u64(fake_action(&fake, ACTION_SEND_TASK, 0)->task.point.bit, 8 * count.id.slice * MIB, "from its point");
	ok(fake_action(&fake, ACTION_SEND_TASK, 0)->task.point.window && fake_action(&fake, ACTION_SEND_TASK, 0)->task.window_from == UINT64_MAX,
	   "with the window of the chain");
	fake_deinit(&fake);
}

/* The plan: not where it does not pay, nor for nodes that cannot. */
static void test_plan(void)
{
	struct fake fake;

	begin(&fake, 2 * MIB);
	is_int(fake_file(&fake)->way, WAY_SMALL, "a small file is one slice");
	fake_deinit(&fake);
	fake_init(&fake);
	fake.limits.split_gzip = SPLIT_GZIP_ALWAYS;
	fake_limits(&fake);
	fake_hello(&fake, 1, "node01", 8, NULL, 0);
	fake_submit(&fake, "alice", MIB, 1, &path);
	fake_step(&fake, &(struct event){.kind = EVENT_OPENED,
	                                 .peer = 1,
	                                 .opened = {.job = 1, .facts = {.kind = FILE_GZIP, .fingerprint.size = 9 * MIB}}});
	ok(fake_file(&fake)->way == WAY_OLD_NODES && fake_count(&fake, ACTION_SEND_TASK) == 1, "nodes of an older protocol get it whole");
	fake_deinit(&fake);
}

/* Slots that share their cores are no more than those; a job that asks for slices gets them all the same. */
static void test_cores(void)
{
	static const struct {
		uint32_t cores;
		enum split_gzip mode;
		enum file_way way;
	} cases[] = {{0, SPLIT_GZIP_AUTO, WAY_SPLIT},       {2, SPLIT_GZIP_AUTO, WAY_SPLIT},
	             {1, SPLIT_GZIP_AUTO, WAY_FEW_SLOTS},   {1, SPLIT_GZIP_ALWAYS, WAY_SPLIT},
	             {9000, SPLIT_GZIP_AUTO, WAY_SPLIT}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fake fake;

		fake_init(&fake);
		fake.proto = SPLIT_PROTO;
		fake.cores = cases[i].cores;
		fake.limits.split_gzip = cases[i].mode;
		fake_limits(&fake);
		fake_hello(&fake, 1, "node01", 2, NULL, 0);
		fake_hello(&fake, 2, "node02", 2, NULL, 0);
		fake_submit(&fake, "alice", MIB, 1, &path);
		fake_step(&fake, &(struct event){.kind = EVENT_OPENED,
		                                 .peer = 1,
		                                 .opened = {.job = 1, .facts = {.kind = FILE_GZIP, .fingerprint.size = 9 * MIB}}});
		is_int(fake_file(&fake)->way, cases[i].way, "two nodes of two slots and %u core%s each", cases[i].cores,
		       cases[i].cores == 1 ? "" : "s");
		fake_deinit(&fake);
	}
}

/* Whoever keeps a text is gone: it is read from its point, when that is known. */
static void test_gone(void)
{
	struct fake_task first, scout;
	struct fake fake;

	begin(&fake, SLICES * MIB);
	first = given(&fake, 0, false);
	scout = given(&fake, 1, true).peer != first.peer ? given(&fake, 1, true) : given(&fake, 2, true);
	scouted(&fake, &scout, true);
	fake_gone(&fake, scout.peer);
	is_str(state(&fake, scout.id.slice), "held", "its window is still known");
	ok(!given(&fake, scout.id.slice, true).peer, "and it is not inflated again");
	fake_deinit(&fake);
}

/* A scout is slow, and all that it should tell is known by now. */
static void test_slow(void)
{
	struct fake_task first;
	struct fake fake;

	begin(&fake, SLICES * MIB);
	first = given(&fake, 0, false);
	counted(&fake, &first, 0);
	is_str(state(&fake, 1), "inflating", "the second slice is being inflated");
	fake_tick(&fake, 5000);
	scouted(&fake, &(struct fake_task){.peer = first.peer, .id = {.job = 1, .slice = 5, .scout = true, .split = true}}, true);
	ok(fake_count(&fake, ACTION_SEND_DROP) > 0, "what nobody asked for is dropped");
	fake_deinit(&fake);
}

/* A member's CRC is wrong: all of it anew, in one slice; late results of slices are of no use. */
static void test_wrong(void)
{
	struct fake_task tasks[64], whole = {0};
	uint32_t n = 0;
	struct fake fake;

	begin(&fake, SLICES * MIB);
	for (uint32_t next = 0; !whole.peer; next++) {
		for (uint32_t i = 0; i < fake_count(&fake, ACTION_SEND_TASK); i++)
			tasks[n++] = fake_task(&fake, i);
		if (next >= n || n > 48)
			break;
		if (tasks[next].id.scout)
			scouted(&fake, &tasks[next], false);
		else
			counted(&fake, &tasks[next], tasks[next].id.slice == 2 ? 7 : 0);
		if (fake_count(&fake, ACTION_FORGET_SLICES) > 0)
			whole = fake_task(&fake, 0);
	}
	ok(whole.peer && !whole.id.split && !fake_action(&fake, ACTION_SEND_TASK, 0)->task.split, "it is counted anew, in one slice");
	is_int(fake_file(&fake)->way, WAY_GAVE_UP, "which is to last");
	ok(fake_logged(&fake, "do not go together"), "the journal tells it");
	counted(&fake, &tasks[0], 0);
	ok(fake_count(&fake, ACTION_SAVE_SLICE) == 0 && fake_count(&fake, ACTION_SEND_ACK) == 1, "a late count of a slice is none of it");
	fake_deinit(&fake);
}

/* One node could not read a slice that is to be inflated, then the other one lacks the file: nobody is left for the former. */
static void test_left_to_nobody(void)
{
	struct fake_task scout = {0}, other = {0};
	struct fake fake;

	begin(&fake, SLICES * MIB);
	for (uint32_t i = 0; i < fake_count(&fake, ACTION_SEND_TASK); i++) {
		const struct fake_task task = fake_task(&fake, i);

		if (task.id.scout && task.peer == 1)
			scout = task;
		if (task.peer == 2)
			other = task;
	}
	ok(scout.peer == 1 && other.peer == 2, "both nodes are at it");
	fake_io_error(&fake, 1, scout.id);
	is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 0, "who else is there may inflate what one cannot read");
	fake_errno(&fake, 2, other.id, ENOENT, "it is not here");
	ok(fake_count(&fake, ACTION_FORGET_SLICES) == 1 && fake_file(&fake)->way == WAY_GAVE_UP,
	   "until there is nobody: then it is counted in one, and not waited for");
	is_u64(fake_task(&fake, 0).peer, 1, "by who has it");
	fake_io_error(&fake, 1, fake_task(&fake, 0).id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "where that cannot be read either, the file fails");
	fake_deinit(&fake);
}

/* The same where the other node is still at that slice when it lacks the file, and is lost with it. */
static void test_lost_to_nobody(void)
{
	struct fake_task scout = {0}, others[2] = {0}, last;
	struct fake fake;
	uint32_t n = 0;

	begin(&fake, SLICES * MIB);
	for (uint32_t i = 0; i < fake_count(&fake, ACTION_SEND_TASK); i++) {
		const struct fake_task task = fake_task(&fake, i);

		if (task.id.scout && task.peer == 1)
			scout = task;
		if (task.peer == 2 && n < 2)
			others[n++] = task;
	}
	if (!others[0].id.scout) {
		last = others[0];
		others[0] = others[1];
		others[1] = last;
	}
	fake_io_error(&fake, 1, scout.id);
	scouted(&fake, &others[0], true);
	last = given(&fake, scout.id.slice, true);
	is_u64(last.peer, 2, "what one could not read the other one inflates");
	fake_errno(&fake, 2, others[1].id, ENOENT, "it is not here");
	is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 0, "who opened it in time goes on");
	fake_gone(&fake, 2);
	ok(fake_count(&fake, ACTION_FORGET_SLICES) == 1 && fake_file(&fake)->way == WAY_GAVE_UP, "when it is gone, nobody is waited for");
	is_u64(fake_task(&fake, 0).peer, 1, "who has the file counts it in one");
	fake_deinit(&fake);
}

static struct event point_of(uint64_t slice)
{
	struct event event = {.kind = EVENT_POINT};

	event.point.job = 1;
	event.point.slice = slice;
	event.point.found = true;
	event.point.report = report_of(slice);
	event.point.window = window;
	return event;
}

/* As the store gives it: two slices that go together, and one behind a gap, of which an index may tell this. */
static void load(struct fake *fake, enum file_way way, uint64_t seek, uint64_t slice_size, const struct event *point)
{
	const struct split_report reports[3] = {report_of(0), report_of(1), report_of(3)};
	const uint64_t slices[3] = {0, 1, 3};
	struct job_row job = {.id = 1, .owner = "alice", .files = 1, .state = JOB_RUNNING, .modules = 3, .algorithm = FAKE_ALGORITHM};
	struct file_row file = {.job = 1, .path = path, .state = JOB_RUNNING, .planned = true, .way = way, .slice_size = MIB};
	struct error error = {0};
	int r;

	fake_init(fake);
	fake_restart(fake);
	file.facts.kind = FILE_GZIP;
	file.facts.fingerprint.size = SLICES * MIB;
	r = coord_load_job(fake->coord, &job, &error);
	if (r == 0)
		r = coord_load_file(fake->coord, &file, &error);
	if (r == 0 && seek > 0)
		is_int(coord_load_seek(fake->coord, 1, 0, seek, slice_size), slice_size == MIB, "an index with slices of %llu bytes",
		       (unsigned long long)slice_size);
	for (int i = 0; r == 0 && i < 3; i++) {
		const struct slice_row row = {.job = 1,
		                              .slice = slices[i],
		                              .start_known = i == 0,
		                              .seam = {.first = at(slices[i]), .next = at(slices[i] + 1), .records = 10},
		                              .report = &reports[i],
		                              .window = window};

		if (slices[i] == 3 && point)
			r = coord_load_point(fake->coord, point, &error);
		if (r == 0)
			r = coord_load_slice(fake->coord, &row, &error);
	}
	is_int(r, 0, "a file of which some slices were counted%s%s", r ? ": " : "", r ? error.text : "");
	fake_loaded(fake, 2);
}

static void test_restart(void)
{
	struct fake fake;
	struct file_view view;

	load(&fake, WAY_SPLIT, 0, 0, NULL);
	ok(coord_find_file(fake.coord, 1, 0, &view) && view.chain->proven == 2 && view.chain->records == 20, "goes on behind them");
	ok(fake_count(&fake, ACTION_FORGET_SLICE) == 1 && fake_action(&fake, ACTION_FORGET_SLICE, 0)->slice.slice == 3,
	   "what lies behind a gap is counted again");
	fake.proto = 3;
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	is_u64(fake_action(&fake, ACTION_SEND_TASK, 0)->task.point.bit, 16 * MIB, "the next slice is read from where the last one ended");
	fake_deinit(&fake);
}

/* Of what an index tells of the gap: all that was counted is of use, and the index is asked on. */
static void test_restart_index(void)
{
	const struct event point = point_of(2);
	struct event next = point_of(4);
	struct fake_task task;
	struct fake fake;
	struct file_view view;

	load(&fake, WAY_SPLIT, 9, MIB, &point);
	ok(coord_find_file(fake.coord, 1, 0, &view) && view.chain->proven == 2 && view.row->way == WAY_INDEX, "goes on by the index");
	is_u64(fake_count(&fake, ACTION_FORGET_SLICE), 0, "what lies behind a gap is kept");
	is_str(state(&fake, 3), "counted", "as it was counted");
	ok(fake_count(&fake, ACTION_FIND_POINT) == 2 && fake_action(&fake, ACTION_FIND_POINT, 0)->find.slice == 4 &&
	           fake_action(&fake, ACTION_FIND_POINT, 0)->find.seek == 9,
	   "the index is asked for the slices behind it");
	fake_step(&fake, &next);
	next = point_of(5);
	fake_step(&fake, &next);
	fake.proto = 3;
	fake_hello(&fake, 1, "node01", 3, NULL, 0);
	task = given(&fake, 2, false);
	ok(task.peer && given(&fake, 4, false).peer && given(&fake, 5, false).peer,
	   "the slice in the gap and all behind it are counted at once");
	counted(&fake, &task, 0);
	ok(coord_find_file(fake.coord, 1, 0, &view) && view.chain->proven == 4, "and all of it is proven at once");
	fake_deinit(&fake);
}

/* What was counted for an earlier start, from a window of then that may have been wrong, contradicts nobody. */
static void test_restart_window(void)
{
	const struct slice_id old = {.job = 1, .slice = 2, .lease = 1, .split = true};
	struct event event = {.kind = EVENT_RESULT, .peer = 2};
	struct fake_task task;
	struct fake fake;

	load(&fake, WAY_SPLIT, 0, 0, NULL);
	fake.proto = 3;
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	task = given(&fake, 2, false);
	counted(&fake, &task, 0);
	is_str(state(&fake, 2), "proven", "a slice is counted anew behind a restart");
	fake_hello(&fake, 2, "node02", 2, &old, 1);
	event.result.id = old;
	event.result.outcome = SLICE_FAULT;
	event.result.task = task.task;
	event.result.seam = (struct slice_seam){.first = at(2), .next = at(2)};
	event.result.fault = (struct slice_fault){.kind = FAULT_GZIP_DATA, .at = at(2)};
	fake_step(&fake, &event);
	ok(fake_count(&fake, ACTION_SEND_ACK) == 1 && fake_count(&fake, ACTION_FORGET_SLICES) == 0 && fake_count(&fake, ACTION_SAVE_NODE) == 0,
	   "who brings another count of it from before the restart is not believed, and fails nothing");
	fake_deinit(&fake);
}

/* It is of other slices, gone, or tells what cannot be, or what is not so. */
static void test_restart_index_wrong(void)
{
	struct event point = point_of(2);
	struct fake_task task;
	struct fake fake;

	load(&fake, WAY_INDEX, 9, 2 * MIB, &point);
	ok(fake_file(&fake)->way == WAY_SPLIT && fake_count(&fake, ACTION_FORGET_SLICE) == 1 && fake_count(&fake, ACTION_DROP_SEEK) == 0,
	   "one of other slices is not asked, and stays");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 1, "that the file goes on without is durable");
	fake_deinit(&fake);
	for (int wrong = 0; wrong < 2; wrong++) {
		point = point_of(2);
		point.point.gone = wrong == 0;
		point.point.report.text = wrong == 1 ? UINT64_MAX / 2 : MIB;
		load(&fake, WAY_INDEX, 9, MIB, &point);
		ok(fake_count(&fake, ACTION_DROP_SEEK) == 1 && fake_action(&fake, ACTION_DROP_SEEK, 0)->find.seek == 9 &&
		           fake_file(&fake)->way == WAY_SPLIT && fake_count(&fake, ACTION_FIND_POINT) == 0,
		   "one that is %s is dropped", wrong ? "wrong" : "damaged");
		fake_deinit(&fake);
	}
	point = point_of(2);
	point.point.report.text = point.point.report.head.length = MIB - 5;
	load(&fake, WAY_INDEX, 9, MIB, &point);
	is_u64(fake_count(&fake, ACTION_DROP_SEEK), 0, "what it tells may be so");
	fake.proto = 3;
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	task = given(&fake, 2, false);
	counted(&fake, &task, 0);
	ok(fake_count(&fake, ACTION_DROP_SEEK) == 1 && fake_count(&fake, ACTION_FORGET_SLICES) == 1 && fake_file(&fake)->way == WAY_GAVE_UP,
	   "it is not: the index is dropped, and the file counted anew");
	fake_deinit(&fake);
}

/* An index that tells what cannot be, or that is not what is counted from it: nobody is told of it again. */
static void test_index(void)
{
	for (int wrong = 0; wrong < 4; wrong++) {
		struct event event = point_of(1);
		const struct action *find;
		struct fake_task first;
		struct fake fake;
		struct file_view view;

		begin_by(&fake, SLICES * MIB, 9);
		first = given(&fake, 0, false);
		find = fake_action(&fake, ACTION_FIND_POINT, 0);
		ok(find && find->find.seek == 9 && find->find.slice == 1 && !given(&fake, 1, true).peer, "an index is asked, instead of scouts");
		if (wrong == 1)
			event.point.report.text = event.point.report.head.length = MIB - 5;
		else if (wrong == 2)
			event.point.report.text = UINT64_MAX / 2;
		event.point.gone = wrong == 3;
		fake_step(&fake, &event);
		if (wrong < 2) {
			is_u64(fake_count(&fake, ACTION_DROP_SEEK), 0, "what it says can be");
			counted(&fake, &first, 0);
			first = given(&fake, 1, false);
			is_u64(first.peer > 0, true, "and is counted from");
			counted(&fake, &first, 0);
		}
		is_u64(fake_count(&fake, ACTION_DROP_SEEK), wrong > 0, "it goes where it was wrong");
		ok(wrong == 0 || fake_action(&fake, ACTION_DROP_SEEK, 0)->find.seek == 9, "that one");
		ok(coord_find_file(fake.coord, 1, 0, &view) &&
		           view.row->way == (wrong == 0 ? WAY_INDEX : wrong == 1 ? WAY_GAVE_UP : WAY_SPLIT),
		   "and the file goes its way");
		fake_deinit(&fake);
	}
}

int main(void)
{
	test_way();
	test_index();
	test_plan();
	test_cores();
	test_gone();
	test_slow();
	test_wrong();
	test_left_to_nobody();
	test_lost_to_nobody();
	test_restart();
	test_restart_index();
	test_restart_window();
	test_restart_index_wrong();
	return done_testing();
}
