/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status page of given things: what is told to whom, and that nothing foreign is markup. */
#include "daemon/coord/status_page.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

static char *page_of(const struct overview *status)
{
	struct error error;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	ok(status_page_write(out, status, &error) == 0, "is written");
	(void)fclose(out);
	return text;
}

static void test_nothing(void)
{
	struct metrics metrics = {0};
	struct metrics_look look = {0};
	struct overview status = {.metrics = &metrics, .look = &look};
	char *page = page_of(&status);

	ok(strstr(page, "Nothing was counted."), "no throughput");
	ok(strstr(page, "No worker has connected."), "no node");
	ok(strstr(page, "None waits or runs."), "no job");
	ok(strstr(page, "class=\"alarm\""), "without a core the disk is full");
	free(page);
}

static void test_told(void)
{
	static const char evil[] = "<script>alert('x')</script>\"&";
	struct metrics metrics = {0};
	struct look_node nodes[] = {{.view = {.name = evil, .state = "suspect", .reason = "it <b>hangs</b>", .slots = 4}}};
	struct metrics_look look = {.serving = true, .now_ms = 3600000, .wall_ms = 100000, .nodes = nodes, .nodes_n = 1, .jobs = {.running = 1}};
	fq_Job *job = calloc(1, sizeof *job);
	struct overview status = {.metrics = &metrics, .look = &look, .open = job, .open_n = 1, .whole = true};
	char *page;

	*job = (fq_Job){.job = 12, .state = fq_JobState_JOB_RUNNING, .files = 2, .bytes = 3, .bytes_done = 2, .submitted_ms = 200000};
	(void)snprintf(job->name, sizeof job->name, "%s", evil);
	(void)snprintf(job->owner, sizeof job->owner, "%s", evil);
	(void)snprintf(job->node_names, sizeof job->node_names, "%s", evil);
	metrics_slice(&metrics, 3600000 - RING_MS, FILE_PLAIN, 10000000, 1, 1);
	page = page_of(&status);
	ok(!strstr(page, "<script") && !strstr(page, "<b>"), "no markup of others");
	ok(strstr(page, "&#60;script&#62;"), "but its text");
	ok(strstr(page, "width:66.7%"), "progress");
	ok(strstr(page, "it &#60;b&#62;hangs"), "why a node is suspect");
	ok(strstr(page, "/job/12\""), "a link to the job");
	ok(strstr(page, ">1&#160;MB/s</span>"), "the scale's end");
	ok(strstr(page, "L357 8.0") || strstr(page, "L358 8.0") || strstr(page, "L359 8.0"), "the newest stretch is at the right, and at the top");
	ok(!strstr(page, "class=\"alarm\""), "nothing is wrong");
	free(page);
	status.whole = false;
	page = page_of(&status);
	ok(!strstr(page, "hangs") && !strstr(page, "/job/12"), "strangers are not told why, and have no link");
	free(page);
	free(job);
}

int main(void)
{
	test_nothing();
	test_told();
	return done_testing();
}
