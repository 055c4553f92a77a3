/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as people give them, states as people give them, and what ended jobs come to. */
#include "ctl/history.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/job_cells.h"
#include "ctl/when.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define NOW_MS (1795700000ULL * 1000 + 123) /* 2026-11-26T13:33:20Z */
#define DAY_MS (86400ULL * 1000)
#define TODAY_MS (NOW_MS / DAY_MS * DAY_MS)

static void test_when(void)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} right[] = {
	    {"now", NOW_MS},
	    {"today", TODAY_MS},
	    {"yesterday", TODAY_MS - DAY_MS},
	    {"2d", NOW_MS - 2 * DAY_MS},
	    {"90m", NOW_MS - 5400 * 1000},
	    {"2026-11-23", 1795392000ULL * 1000},
	    {"2026-11-23T14:05", 1795392000ULL * 1000 + (14 * 60 + 5) * 60000},
	    {"2026-11-23T14:05:09", 1795392000ULL * 1000 + ((14 * 60 + 5) * 60 + 9) * 1000},
	    {"2024-02-29", 1709164800ULL * 1000},
	};
	static const char *const wrong[] = {"", "tomorow", "17", "2026-13-01", "2026-02-30", "2026-11-23T", "2026-11-23 x", "2026-11", "-2d"};
	struct error err;
	uint64_t ms;

	(void)setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		is_int(when_parse("--start", right[i].text, NOW_MS, &ms, &err), 0, "%s is a time", right[i].text);
		is_u64(ms, right[i].ms, "%s", right[i].text);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(when_parse("--start", wrong[i], NOW_MS, &ms, &err) < 0 && err.class == ERROR_USAGE && strstr(err.text, "--start: '"),
		   "'%s' is none: %s", wrong[i], err.text);
	/* Clocks were put back in this night: 25 hours. */
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	is_int(when_parse("--start", "yesterday", 1793012400ULL * 1000, &ms, &err), 0, "2026-10-25 had 25 hours");
	is_u64(ms, 1792879200ULL * 1000, "and began two hours before it did in Greenwich");
}

static void test_states(void)
{
	uint32_t states;
	struct error err;

	ok(job_states_parse("", &states, &err) == 0 && states == 0, "none");
	ok(job_states_parse("PD,running,f", &states, &err) == 0 && states == 11, "short and long, in capitals or not");
	ok(job_states_parse("Completed", &states, &err) == 0 && states == (1u << fq_JobState_JOB_COMPLETED | 1u << JOB_CACHED),
	   "what was not counted has completed, too");
	ok(job_states_parse("CH", &states, &err) == 0 && states == 1u << JOB_CACHED, "which may be asked for alone");
	ok(job_states_parse("F,?", &states, &err) < 0, "a question mark is no state");
	ok(job_states_parse("unknown", &states, &err) < 0, "nor is unknown");
	ok(job_states_parse("R,idle", &states, &err) < 0 && strstr(err.text, "'idle' is no state of a job; right are PD (PENDING), R (RUNNING)"),
	   "of another one those are told that there are");
}

static void add(struct history *history, fq_JobState state, uint64_t wait_ms, uint64_t elapsed_ms)
{
	const fq_Job job = {.state = state, .files = 2, .records = 10, .bases = 1000, .bytes = 3000, .submitted_ms = 5000,
	                    .started_ms = 5000 + wait_ms, .ended_ms = 5000 + wait_ms + elapsed_ms};

	if (history_add(history, &job) < 0)
		abort();
}

static char *told(const struct history_sums *sums, void (*tell)(const struct history_sums *, FILE *))
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	tell(sums, out);
	(void)fclose(out);
	return text;
}

static void test_sums(void)
{
	struct history history = {0};
	struct history_sums sums;
	_cleanup_(freep) char *text = NULL, *json = NULL;

	is_int(history_sum(&history, &sums), 0, "no jobs");
	is_u64(sums.jobs + sums.wait_median_ms + sums.elapsed_p95_ms, 0, "come to nothing");
	for (uint64_t i = 100; i > 0; i--)
		add(&history, i <= 3 ? fq_JobState_JOB_FAILED : fq_JobState_JOB_COMPLETED, i * 1000, i * 60000);
	is_int(history_sum(&history, &sums), 0, "a hundred jobs");
	is_u64(sums.wait_median_ms, 50000, "the median of 1 to 100 s");
	is_u64(sums.wait_p95_ms, 95000, "95 %% of them");
	text = told(&sums, history_sums_print);
	is_str(text, "Jobs     100: 97 COMPLETED, 3 FAILED\nFiles    200\nReads    1.0 k\nBases    100 k\nBytes    300 kB\n"
	       "Wait     median 0:50, 95 % within 1:35\nElapsed  median 50:00, 95 % within 1:35:00\n", "in words");
	json = told(&sums, history_sums_json);
	is_str(json,
	       "{\"schema\":\"fqcluster.history-stats/1\",\"jobs\":100,\"states\":{\"COMPLETED\":97,\"FAILED\":3},\"files\":200,"
	       "\"reads\":1000,\"bases\":100000,\"bytes\":300000,\"wait_median_ms\":50000,\"wait_p95_ms\":95000,"
	       "\"elapsed_median_ms\":3000000,\"elapsed_p95_ms\":5700000}\n",
	       "as JSON");
	history_deinit(&history);
	add(&history, fq_JobState_JOB_CANCELLED, 7000, 1000);
	ok(history_sum(&history, &sums) == 0 && sums.wait_median_ms == 7000 && sums.wait_p95_ms == 7000, "one job");
	history_deinit(&history);
}

int main(void)
{
	test_when();
	test_states();
	test_sums();
	return done_testing();
}
