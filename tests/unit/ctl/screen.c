/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars, curves, rates, the line of progress, and the screen of top at every size. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/progress.h"
#include "ctl/table.h"
#include "ctl/top.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

static void test_bar(void)
{
	char out[64];

	is_str(draw_bar(out, sizeof out, 4, 0.5, " ", true), "██  ", "half");
	is_str(draw_bar(out, sizeof out, 4, 0.59375, "░", true), "██▍░", "and three eighths of a column");
	is_str(draw_bar(out, sizeof out, 4, 0, " ", true), "    ", "nothing");
	is_str(draw_bar(out, sizeof out, 4, 7, " ", true), "████", "never more than all");
	is_str(draw_bar(out, sizeof out, 4, -1, " ", true), "    ", "nor less than nothing");
	is_str(draw_bar(out, sizeof out, 4, 0.59, " ", false), "##..", "without UTF-8");
	is_str(draw_bar(out, 8, 4, 1, " ", true), "██", "no character is cut");
}

static void test_curve(void)
{
	const uint64_t values[] = {0, 1, 50, 100, UINT64_MAX / 2};
	char out[64];

	is_str(draw_curve(out, sizeof out, 4, values, 4, true), "▁▂▅█", "0 is the lowest, and nothing else is");
	is_str(draw_curve(out, sizeof out, 6, values, 4, true), "  ▁▂▅█", "spaces where nothing is known");
	is_str(draw_curve(out, sizeof out, 2, values, 5, true), "▂█", "the last ones");
	is_str(draw_curve(out, sizeof out, 3, values, 0, true), "   ", "none");
	is_str(draw_curve(out, sizeof out, 1, values, 1, true), "▁", "zeros");
	is_str(draw_curve(out, sizeof out, 4, values, 4, false), "_.=^", "without UTF-8");
}

static void test_pace(void)
{
	struct pace pace = {0};
	char out[32];

	is_u64(pace_rate(&pace), 0, "nothing is known");
	pace_add(&pace, 1000, 5000);
	is_u64(pace_rate(&pace), 0, "what was there at first says nothing");
	pace_add(&pace, 2000, 7000);
	is_u64(pace_rate(&pace), 2000, "two looks: a rate");
	for (uint64_t i = 1; i <= 200; i++)
		pace_add(&pace, 2000 + i * 10, 7000 + i * 20);
	ok(pace_rate(&pace) == 2000 && pace.n < PACE_SAMPLES, "many looks within a second take no room");
	for (uint64_t i = 1; i <= 60; i++)
		pace_add(&pace, 4000 + i * 1000, 11000);
	is_u64(pace_rate(&pace), 0, "what stands still for long has no rate");
	pace_add(&pace, 70000, 10);
	is_u64(pace_rate(&pace), 0, "one that is begun anew begins anew");
	is_str(draw_left(out, 1000, 0), "-", "no rate, no end");
	is_str(draw_left(out, 1000, 300), "4s", "seconds are rounded up");
	is_str(draw_left(out, 0, 300), "0s", "nothing is left");
	is_str(draw_left(out, 3723000, 1000), "1:02:03", "hours");
	is_str(draw_left(out, UINT64_MAX, 1), "-", "for ever is not said");
}

static void test_progress(void)
{
	struct progress progress = {.name = "1308  sample_of_a_very_long_name_L001_R1_001.fastq.gz"};
	char line[1024];
	unsigned bad = 0;

	pace_add(&progress.pace, 1000, 0);
	pace_add(&progress.pace, 2000, 1900000000);
	for (unsigned columns = 1; columns <= 200; columns++) {
		(void)progress_line(line, sizeof line, &progress, 4600000000, 2800000000, "node[01-06]", columns, true);
		bad += text_columns(line) >= columns && columns > 1;
		if (columns >= 60)
			bad += !strstr(line, " 60%  2.8 GB/4.6 GB  1.9 GB/s  ") || !strstr(line, "eta 1s") || strncmp(line, "1308  ", 6) != 0;
	}
	is_u64(bad, 0, "no line is as wide as the terminal; from 60 columns on all figures are there");
	progress.name = "1308  a.fq.gz";
	is_str(progress_line(line, sizeof line, &progress, 4600000000, 2800000000, "node[01-06]", 120, true),
	       "1308  a.fq.gz  ██████████████▌           60%  2.8 GB/4.6 GB  1.9 GB/s  node[01-06]  eta 1s",
	       "the whole line");
	ok(strstr(progress_line(line, sizeof line, &progress, 4600000000, 2800000000, "node[01-06]", 80, true), "node[01-06]") != NULL,
	   "at 80 columns too, with a shorter bar");
	progress.name = "a\033[31m";
	ok(strchr(progress_line(line, sizeof line, &progress, 0, 0, "", 80, true), '\033') == NULL, "no escape of a name is one here");
}

static void jobs_make(fq_Job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (fq_Job){.job = 1000 + i, .state = i % 3 ? fq_JobState_JOB_PENDING : fq_JobState_JOB_RUNNING, .bytes = 1000000,
		                   .bytes_done = i * 1000, .records = i * 10, .nodes = 2};
		(void)snprintf(jobs[i].name, sizeof jobs[i].name, "/data/東京/run42/a_rather_long_name_of_lane_%zu.fastq.gz", i);
		(void)snprintf(jobs[i].owner, sizeof jobs[i].owner, "u%zu", i);
		(void)snprintf(jobs[i].node_names, sizeof jobs[i].node_names, "node01,node02");
	}
}

static void nodes_make(fq_Node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nodes[i] = (fq_Node){.slots = 16, .busy = (uint32_t)(i % 17), .jobs = 1, .rate = 1000000 * i, .seen_ms = 1000};
		(void)snprintf(nodes[i].name, sizeof nodes[i].name, "node%zu", n - i);
		(void)snprintf(nodes[i].state, sizeof nodes[i].state, i % 5 ? "mixed" : "down");
		(void)snprintf(nodes[i].reason, sizeof nodes[i].reason, "disk swap \033[31m and a reason that does not end soon");
	}
}

static char *drawn(const struct top *top, unsigned columns, unsigned rows, bool color)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out || top_draw(top, columns, rows, true, color, "14:02:11", out) < 0)
		abort();
	(void)fclose(out);
	return text;
}

/* Lines of a screen; *ret_widest in columns. */
static unsigned lines_of(const char *text, unsigned *ret_widest)
{
	unsigned n = 0;

	*ret_widest = 0;
	for (const char *at = text;; n++) {
		size_t length = strcspn(at, "\n");
		char line[2048];

		(void)snprintf(line, sizeof line, "%.*s", (int)length, at);
		*ret_widest = text_columns(line) > *ret_widest ? text_columns(line) : *ret_widest;
		if (!at[length])
			return n + 1;
		at += length + 1;
	}
}

static void test_sizes(const struct top *top, const char *what)
{
	unsigned bad = 0;

	for (unsigned columns = 20; columns <= 220; columns += 7)
		for (unsigned rows = 1; rows <= 60; rows++) {
			_cleanup_(freep) char *text = drawn(top, columns, rows, false);
			unsigned widest, n = lines_of(text, &widest);

			if (n != rows || widest > columns || strchr(text, '\033'))
				bad++;
			if (rows >= 12 && !strstr(text, "\nq quit"))
				bad++;
		}
	is_u64(bad, 0, "%s: as many lines as the terminal has, none wider, the keys last", what);
}

static void test_top(void)
{
	struct top top = {.address = "coord:5381", .version = "1.0", .generation = 7};
	fq_Job *jobs = calloc(40, sizeof *jobs);
	fq_Node *nodes = calloc(30, sizeof *nodes);
	_cleanup_(freep) char *small = NULL, *few = NULL, *color = NULL;

	if (!jobs || !nodes)
		abort();
	test_sizes(&top, "nothing is known");
	jobs_make(jobs, 40);
	nodes_make(nodes, 30);
	if (top_look(&top, jobs, 40, NULL, 0, nodes, 30, 1000) < 0)
		abort();
	jobs[0].records += 3000;
	jobs[39].records += 500;
	if (top_look(&top, jobs, 39, &jobs[39], 1, nodes, 30, 2000) < 0)
		abort();
	is_u64(top.reads_n, 1, "two looks: one value of the curve");
	is_u64(top.reads[0], 3500, "reads a second, those of a job that has ended too");
	test_sizes(&top, "more than fits");
	small = drawn(&top, 80, 24, false);
	ok(strstr(small, "fqctl top  coord:5381") == small && strstr(small, "fqcluster 1.0  start 7  14:02:11\n"), "who is watched");
	ok(strstr(small, "\nJobs   13 running, 26 waiting   Nodes  24 up, 6 down   Slots"), "what there is of what");
	ok(strstr(small, " 1000  ") && strstr(small, " 1003  ") && !strstr(small, " 1001  "), "jobs that run come first");
	ok(strstr(small, "more\n") && strstr(small, "\nnode1 ") && strstr(small, "\nnode2 "), "jobs and nodes share the room");
	few = drawn(&top, 200, 90, false);
	ok(strstr(few, " 1038  ") && strstr(few, "\nnode30 ") && !strstr(few, " more\n"), "a large screen has all");
	ok(strstr(few, "READS") && !strstr(small, "READS"), "and all columns");
	color = drawn(&top, 80, 24, true);
	ok(strstr(color, "\033[7mJOBID") && strstr(color, "\033[K"), "the heads of tables are marked, the rest of each line is cleared");
	if (top_look(&top, jobs, 0, jobs, 39, nodes, 1, 2500) < 0)
		abort();
	is_u64(top.reads[1], 0, "jobs that have ended with what was known count nothing more");
	test_sizes(&top, "one node");
	for (unsigned i = 0; i < 2 * TOP_PAST; i++)
		if (top_look(&top, NULL, 0, NULL, 0, NULL, 0, 3000 + i * 1000) < 0)
			abort();
	is_u64(top.reads_n, TOP_PAST, "the past ends somewhere");
	top_deinit(&top);
	free(jobs);
	free(nodes);
}

int main(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip_all("no locale C.UTF-8");
	test_bar();
	test_curve();
	test_pace();
	test_progress();
	test_top();
	return done_testing();
}
