/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the coordinator counts of its own work since it started, and how that is told to Prometheus (text format 0.0.4).
 *
 *     observe.c: events and actions of the core -> struct metrics; and struct metrics_look, how things are now
 *     metrics.c, status_page.c: both of them -> text; pure, nothing is looked up
 *     http.c: the text to who asks for it
 *
 * No label but a node's name comes from outside, and there are at most as many as the core remembers nodes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/coord/core.h"
#include "lib/base/error.h"
#include "lib/fastq/kind.h"

#define HISTOGRAM_MAX 16

/* Durations; its bounds are a table of metrics.c. */
struct histogram {
	uint64_t under[HISTOGRAM_MAX]; /* each in one place: not summed up yet */
	uint64_t n, sum_ms;
};

enum finish { FINISH_COMPLETED, FINISH_CACHED, FINISH_FAILED, FINISH_CANCELLED, _FINISH_MAX }; /* CACHED: completed, nothing was counted */

/* Why a slice that was handed out has to be handed out again. */
enum requeue { REQUEUE_LOST_WORKER, REQUEUE_TIMEOUT, REQUEUE_IO_ERROR, REQUEUE_CRASH, REQUEUE_RETURNED, _REQUEUE_MAX };

#define RING_MS 10000 /* of one stretch */
#define RING_N 360    /* stretches: the last hour */

struct stretch {
	uint64_t number; /* monotonic time / RING_MS, plus one; 0: nothing yet */
	uint64_t bytes, reads;
};

struct metrics {
	uint64_t finished[_FINISH_MAX], requeues[_REQUEUE_MAX];
	uint64_t slices, reads, bases;          /* of slices that were taken */
	uint64_t input_bytes[_FILE_KIND_MAX];   /* of the same, by enum file_kind */
	struct histogram queue, duration, slice; /* submit to start and start to end of jobs; a slice at its node */
	struct stretch ring[RING_N];
	uint64_t begun_wall_ms;
	uint64_t job_last;                      /* the highest id that there was */
	uint64_t ended_last; /* the job that ended last */
};

enum worker_state { WORKER_IDLE, WORKER_BUSY, WORKER_DRAINING, WORKER_SUSPECT, WORKER_DOWN, _WORKER_MAX };

struct look_node {
	struct node_view view;
	uint64_t heard_ms; /* since a byte last came from it */
};

/* How things are. */
struct metrics_look {
	bool serving; /* false: there is no core, since the disk is full */
	bool hold;    /* the disk has no room for anything new */
	uint64_t now_ms, wall_ms; /* monotonic, and since 1970 */
	struct job_tally jobs;
	uint32_t workers[_WORKER_MAX];
	struct look_node *nodes;
	uint32_t nodes_n;
	uint64_t slots, slices_inflight, connections;
	uint64_t cache_hits, cache_misses, cache_entries, cache_bytes; /* kept results: files that had one, or had not, since the start */
	uint64_t disk_free, disk_size; /* 0: not told */
	uint64_t cpu_ms, resident, descriptors; /* of this process; 0: not told */
};

void metrics_job_started(struct metrics *metrics, uint64_t submitted_ms, uint64_t started_ms);
/* started_ms 0: it never was. */
void metrics_job_ended(struct metrics *metrics, enum finish finish, uint64_t started_ms, uint64_t ended_ms);
void metrics_slice(struct metrics *metrics, uint64_t now_ms, enum file_kind kind, uint64_t bytes, uint64_t reads, uint64_t bases);
void metrics_slice_took(struct metrics *metrics, uint64_t ms);

/* The stretch that ended `ago` stretches before the one that now_ms is in (0: that itself); zeros where nothing was counted. */
struct stretch metrics_stretch(const struct metrics *metrics, uint64_t now_ms, uint32_t ago);

enum worker_state worker_state(const char *node_state); /* of node_view.state */

/* 0 or negative errno of the stream with a sentence. */
int metrics_write(FILE *out, const struct metrics *metrics, const struct metrics_look *look, struct error *err);
