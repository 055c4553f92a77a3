/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics: what is counted, and the text that Prometheus reads. */
#include "daemon/coord/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

static char *text_of(const struct metrics *metrics, const struct metrics_look *look)
{
	struct error error;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	ok(metrics_write(out, metrics, look, &error) == 0, "is written");
	(void)fclose(out);
	return text;
}

/* Whether the text has this very line. */
static bool has(const char *text, const char *line)
{
	const char *at = text;
	size_t n = strlen(line);

	while ((at = strstr(at, line)) != NULL) {
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
		at += n;
	}
	return false;
}

static void test_counted(void)
{
	struct metrics metrics = {.begun_wall_ms = 1700000000500};
	struct metrics_look look = {.serving = true, .wall_ms = 1700000100000, .jobs = {.pending = 2, .running = 1, .oldest_ms = 1700000040000}};
	char *text;

	metrics_slice(&metrics, 5, FILE_BGZF, 1000, 10, 500);
	metrics_slice(&metrics, 5, FILE_PLAIN, 200, 3, 90);
	metrics_slice_took(&metrics, 10);
	metrics_slice_took(&metrics, 11);
	metrics_slice_took(&metrics, 100000000);
	metrics_job_started(&metrics, 2000, 1000);
	metrics_job_ended(&metrics, FINISH_COMPLETED, 1000, 3500);
	metrics_job_ended(&metrics, FINISH_CANCELLED, 0, 3500);
	metrics_job_ended(&metrics, FINISH_CACHED, 0, 3500);
	metrics.requeues[REQUEUE_TIMEOUT] = 7;
	text = text_of(&metrics, &look);
	ok(has(text, "fqcluster_reads_total 13"), "reads");
	ok(has(text, "fqcluster_bases_total 590"), "bases");
	ok(has(text, "fqcluster_input_bytes_total{compression=\"bgzf\"} 1000"), "bytes by kind");
	ok(has(text, "fqcluster_input_bytes_total{compression=\"none\"} 200"), "and of another one");
	ok(has(text, "fqcluster_slice_requeues_total{reason=\"timeout\"} 7"), "requeues by reason");
	ok(has(text, "fqcluster_slice_duration_seconds_bucket{le=\"0.01\"} 1"), "a bound belongs to its bucket");
	ok(has(text, "fqcluster_slice_duration_seconds_bucket{le=\"86400\"} 2"), "buckets are summed up");
	ok(has(text, "fqcluster_slice_duration_seconds_bucket{le=\"+Inf\"} 3"), "what is above all is in the last");
	ok(has(text, "fqcluster_slice_duration_seconds_sum 100000.021"), "the sum");
	ok(has(text, "fqcluster_job_queue_seconds_sum 0.000"), "a clock that was set back is no time");
	ok(has(text, "fqcluster_job_duration_seconds_count 1"), "a job that never started has no duration");
	ok(has(text, "fqcluster_jobs_finished_total{result=\"cancelled\"} 1"), "but has ended");
	ok(has(text, "fqcluster_jobs_finished_total{result=\"cached\"} 1") && has(text, "fqcluster_jobs_finished_total{result=\"completed\"} 1"),
	   "one that was not counted is told apart");
	ok(has(text, "fqcluster_job_oldest_pending_seconds 60.000"), "how long the first has waited");
	ok(has(text, "process_start_time_seconds 1700000000.500"), "the start");
	free(text);
}

static void test_labels(void)
{
	struct metrics metrics = {0};
	struct look_node nodes[] = {{.view = {.name = "a\"b\\c"}, .heard_ms = 1500}, {.view = {.name = "n2"}, .heard_ms = UINT64_MAX}};
	struct metrics_look look = {.serving = true, .wall_ms = 10000, .nodes = nodes, .nodes_n = 2};
	char *text = text_of(&metrics, &look);

	ok(has(text, "fqcluster_worker_last_heartbeat_timestamp_seconds{worker=\"a\\\"b\\\\c\"} 8.500"), "quotes and backslashes are escaped");
	ok(has(text, "fqcluster_worker_last_heartbeat_timestamp_seconds{worker=\"n2\"} 0.000"), "never is 0");
	ok(has(text, "fqcluster_serving 1"), "it serves");
	free(text);
	look.hold = true;
	text = text_of(&metrics, &look);
	ok(has(text, "fqcluster_serving 0"), "on a full disk it does not");
	free(text);
	is_int(worker_state("mixed"), WORKER_BUSY, "mixed is busy");
	is_int(worker_state("drng"), WORKER_DRAINING, "drng is draining");
	is_int(worker_state("down"), WORKER_DOWN, "down is down");
}

static void test_ring(void)
{
	struct metrics metrics = {0};
	const uint64_t hour = (uint64_t)RING_N * RING_MS;

	metrics_slice(&metrics, 3 * RING_MS, FILE_GZIP, 100, 1, 1);
	metrics_slice(&metrics, 3 * RING_MS + 9999, FILE_GZIP, 11, 1, 1);
	metrics_slice(&metrics, 4 * RING_MS, FILE_GZIP, 7, 1, 1);
	is_u64(metrics_stretch(&metrics, 4 * RING_MS, 0).bytes, 7, "now");
	is_u64(metrics_stretch(&metrics, 4 * RING_MS, 1).bytes, 111, "before");
	is_u64(metrics_stretch(&metrics, 4 * RING_MS, 2).bytes, 0, "nothing");
	is_u64(metrics_stretch(&metrics, 4 * RING_MS, 9).number, 0, "before the machine started");
	is_u64(metrics_stretch(&metrics, 3 * RING_MS + hour, 0).bytes, 0, "an hour later its place is another's");
	is_u64(metrics_stretch(&metrics, 2 * RING_MS + hour, RING_N - 1).bytes, 111, "a stretch before it is still there");
	metrics_slice(&metrics, 3 * RING_MS + hour, FILE_GZIP, 5, 1, 1);
	is_u64(metrics_stretch(&metrics, 3 * RING_MS + hour, 0).bytes, 5, "and begins anew");
	is_u64(metrics.input_bytes[FILE_GZIP], 123, "what is counted stays");
}

int main(void)
{
	test_counted();
	test_labels();
	test_ring();
	return done_testing();
}
