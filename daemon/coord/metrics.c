/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting, and the text for Prometheus: see metrics.h. */
#include "daemon/coord/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/print.h"

/* Upper bounds of the histograms, milliseconds; what is above the last is in +Inf alone. */
static const uint64_t bounds[] = {10, 50, 100, 500, 1000, 5000, 15000, 60000, 300000, 600000, 1800000, 3600000, 14400000, 86400000};
#define BOUNDS_N (sizeof bounds / sizeof *bounds)
_Static_assert(BOUNDS_N < HISTOGRAM_MAX, "one more place is for what is above all bounds");

/* ---- counting */

static void observe(struct histogram *histogram, uint64_t ms)
{
	size_t i = 0;

	while (i < BOUNDS_N && ms > bounds[i])
		i++;
	histogram->under[i]++;
	histogram->n++;
	histogram->sum_ms += ms;
}

/* The wall clock may have been set back meanwhile. */
static uint64_t between(uint64_t from_ms, uint64_t to_ms)
{
	return to_ms > from_ms ? to_ms - from_ms : 0;
}

void metrics_job_started(struct metrics *metrics, uint64_t submitted_ms, uint64_t started_ms)
{
	observe(&metrics->queue, between(submitted_ms, started_ms));
}

void metrics_job_ended(struct metrics *metrics, enum finish finish, uint64_t started_ms, uint64_t ended_ms)
{
	metrics->finished[finish]++;
	if (started_ms > 0)
		observe(&metrics->duration, between(started_ms, ended_ms));
}

void metrics_slice_took(struct metrics *metrics, uint64_t ms)
{
	observe(&metrics->slice, ms);
}

void metrics_slice(struct metrics *metrics, uint64_t now_ms, enum file_kind kind, uint64_t bytes, uint64_t reads, uint64_t bases)
{
	uint64_t number = now_ms / RING_MS + 1;
	struct stretch *stretch = &metrics->ring[number % RING_N];

	if (stretch->number != number)
		*stretch = (struct stretch){.number = number};
	stretch->bytes += bytes;
	stretch->reads += reads;
	metrics->slices++;
	metrics->reads += reads;
	metrics->bases += bases;
	metrics->input_bytes[kind] += bytes;
}

struct stretch metrics_stretch(const struct metrics *metrics, uint64_t now_ms, uint32_t ago)
{
	uint64_t number = now_ms / RING_MS + 1;
	const struct stretch *stretch;

	if (ago >= RING_N || ago >= number)
		return (struct stretch){0};
	number -= ago;
	stretch = &metrics->ring[number % RING_N];
	return stretch->number == number ? *stretch : (struct stretch){.number = number};
}

enum worker_state worker_state(const char *node_state)
{
	static const struct {
		const char *name;
		enum worker_state state;
	} states[] = {{"idle", WORKER_IDLE},      {"mixed", WORKER_BUSY},    {"alloc", WORKER_BUSY},
	              {"drain", WORKER_DRAINING}, {"drng", WORKER_DRAINING}, {"suspect", WORKER_SUSPECT}};

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(states[i].name, node_state) == 0)
			return states[i].state;
	return WORKER_DOWN;
}

/* ---- the text */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void seconds(FILE *out, const char *name, const char *type, const char *help, uint64_t ms)
{
	head(out, name, type, help);
	fprintf(out, "%s %" PRIu64 ".%03u\n", name, ms / 1000, (unsigned int)(ms % 1000));
}

static void labelled(FILE *out, const char *name, const char *label, const char *value, uint64_t n)
{
	fprintf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, n);
}

/* The value of a label. A node's name has been made printable; a quote or a backslash may be in it all the same. */
static void label_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text == '\n' ? ' ' : *text, out);
}

static void histogram_write(FILE *out, const char *name, const char *help, const struct histogram *histogram)
{
	uint64_t n = 0;

	head(out, name, "histogram", help);
	for (size_t i = 0; i < BOUNDS_N; i++) {
		n += histogram->under[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bounds[i] / 1000, n);
	}
	fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, histogram->n);
	fprintf(out, "%s_sum %" PRIu64 ".%03u\n%s_count %" PRIu64 "\n", name, histogram->sum_ms / 1000,
	        (unsigned int)(histogram->sum_ms % 1000), name, histogram->n);
}

static void jobs_write(FILE *out, const struct metrics *metrics, const struct metrics_look *look)
{
	static const char *const results[] = {"completed", "cached", "failed", "cancelled"};

	head(out, "fqcluster_jobs", "gauge", "Jobs that have not ended, by state.");
	labelled(out, "fqcluster_jobs", "state", "pending", look->jobs.pending);
	labelled(out, "fqcluster_jobs", "state", "running", look->jobs.running);
	seconds(out, "fqcluster_job_oldest_pending_seconds", "gauge",
	        "How long the oldest pending job has waited; 0 where there is none.",
	        look->jobs.oldest_ms > 0 ? between(look->jobs.oldest_ms, look->wall_ms) : 0);
	head(out, "fqcluster_jobs_finished_total", "counter", "Jobs that ended, by result; cached: all files were counted by earlier jobs.");
	for (int i = 0; i < _FINISH_MAX; i++)
		labelled(out, "fqcluster_jobs_finished_total", "result", results[i], metrics->finished[i]);
	histogram_write(out, "fqcluster_job_queue_seconds", "Time from a job's submission to its start.", &metrics->queue);
	histogram_write(out, "fqcluster_job_duration_seconds", "Time from a job's start to its end.", &metrics->duration);
}

static void slices_write(FILE *out, const struct metrics *metrics, const struct metrics_look *look)
{
	static const char *const reasons[] = {"lost_worker", "timeout", "io_error", "crash", "returned"};
	static const char *const kinds[] = {[FILE_PLAIN] = "none", [FILE_GZIP] = "gzip", [FILE_BGZF] = "bgzf"};

	number(out, "fqcluster_slices_inflight", "gauge", "Slices that nodes are counting.", look->slices_inflight);
	number(out, "fqcluster_slices_total", "counter", "Slices whose counters were taken.", metrics->slices);
	head(out, "fqcluster_slice_requeues_total", "counter", "Slices that came back without counters, by reason.");
	for (int i = 0; i < _REQUEUE_MAX; i++)
		labelled(out, "fqcluster_slice_requeues_total", "reason", reasons[i], metrics->requeues[i]);
	histogram_write(out, "fqcluster_slice_duration_seconds", "Time from handing out a slice to its counters.", &metrics->slice);
	number(out, "fqcluster_reads_total", "counter", "Reads in slices whose counters were taken.", metrics->reads);
	number(out, "fqcluster_bases_total", "counter", "Bases in slices whose counters were taken.", metrics->bases);
	head(out, "fqcluster_input_bytes_total", "counter", "File bytes of slices whose counters were taken, by compression.");
	for (int i = FILE_PLAIN; i < _FILE_KIND_MAX; i++)
		labelled(out, "fqcluster_input_bytes_total", "compression", kinds[i], metrics->input_bytes[i]);
}

static void cache_write(FILE *out, const struct metrics_look *look)
{
	number(out, "fqcluster_cache_hits_total", "counter", "Files that were not counted, as their result was kept.", look->cache_hits);
	number(out, "fqcluster_cache_misses_total", "counter", "Files whose result was looked for and was not kept.", look->cache_misses);
	number(out, "fqcluster_cache_entries", "gauge", "Kept results.", look->cache_entries);
	number(out, "fqcluster_cache_size_bytes", "gauge", "Bytes of counters of kept results.", look->cache_bytes);
}

static void workers_write(FILE *out, const struct metrics_look *look)
{
	static const char *const states[] = {"idle", "busy", "draining", "suspect", "down"};

	head(out, "fqcluster_workers", "gauge", "Worker nodes, by state.");
	for (int i = 0; i < _WORKER_MAX; i++)
		labelled(out, "fqcluster_workers", "state", states[i], look->workers[i]);
	number(out, "fqcluster_worker_slots", "gauge", "Slots of all worker nodes that are connected.", look->slots);
	if (look->nodes_n > 0)
		head(out, "fqcluster_worker_last_heartbeat_timestamp_seconds", "gauge", "When a byte last came from the node.");
	for (uint32_t i = 0; i < look->nodes_n; i++) {
		uint64_t ms = between(look->nodes[i].heard_ms, look->wall_ms);

		fputs("fqcluster_worker_last_heartbeat_timestamp_seconds{worker=\"", out);
		label_text(out, look->nodes[i].view.name);
		fprintf(out, "\"} %" PRIu64 ".%03u\n", ms / 1000, (unsigned int)(ms % 1000));
	}
}

static void process_write(FILE *out, const struct metrics *metrics, const struct metrics_look *look)
{
	number(out, "fqcluster_connections", "gauge", "Connections of workers and clients.", look->connections);
	number(out, "fqcluster_serving", "gauge", "1, or 0 where the disk is full and no job is taken.", look->serving && !look->hold);
	if (look->disk_size > 0) {
		number(out, "fqcluster_state_free_bytes", "gauge", "Free bytes on the disk of the state folder.", look->disk_free);
		number(out, "fqcluster_state_size_bytes", "gauge", "Size of the disk of the state folder.", look->disk_size);
	}
	seconds(out, "process_cpu_seconds_total", "counter", "CPU time of the coordinator.", look->cpu_ms);
	seconds(out, "process_start_time_seconds", "gauge", "When the coordinator started.", metrics->begun_wall_ms);
	if (look->resident > 0)
		number(out, "process_resident_memory_bytes", "gauge", "Resident memory of the coordinator.", look->resident);
	if (look->descriptors > 0)
		number(out, "process_open_fds", "gauge", "Open descriptors of the coordinator.", look->descriptors);
}

struct telling {
	const struct metrics *metrics;
	const struct metrics_look *look;
};

static int print(FILE *out, const void *data)
{
	const struct telling *telling = data;

	head(out, "fqcluster_build_info", "gauge", "Version of the coordinator.");
	fprintf(out, "fqcluster_build_info{version=\"%s\",role=\"coordinator\"} 1\n", PACKAGE_VERSION);
	workers_write(out, telling->look);
	jobs_write(out, telling->metrics, telling->look);
	slices_write(out, telling->metrics, telling->look);
	cache_write(out, telling->look);
	process_write(out, telling->metrics, telling->look);
	return 0;
}

int metrics_write(FILE *out, const struct metrics *metrics, const struct metrics_look *look, struct error *err)
{
	const struct telling telling = {.metrics = metrics, .look = look};

	return print_numbers(out, print, &telling, "metrics", err);
}
