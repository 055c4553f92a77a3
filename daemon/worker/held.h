/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this worker has in hand for its coordinator, from TASK to RESULT_ACK:
 *
 *     TASK -> WAITING -> OPENING (at an opener) -> OPEN -> RUNNING (in a slot) -> CHECKING (at an opener) -> DONE -> RESULT_ACK: forgotten
 *                |          |                       |         |                     |
 *                |          `---- CRASHED, IO_ERROR, RESULT (changed) --------------+--> DONE
 *                `----------> DROP, RETURN: forgotten, from any state
 *
 * DONE is kept, whether it is a result or a failure, since it may have to be sent again. A coordinator of protocol 1 acknowledges
 * no failures: they are told once and forgotten.
 *
 * Bounds: a coordinator has as many slices waiting and running here as there are slots. What nobody acknowledges is kept until
 * held_full(); then no further slice is begun. So memory is at most HELD_BYTES_MAX and one result a slot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/worker/brief.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/slice.h"
#include "lib/fastq/split.h"
#include "lib/qc/prior.h"
#include "lib/wire/fqcluster.pb.h"

#define HELD_RESULTS_MAX 512
#define HELD_BYTES_MAX (512UL << 20)

struct slot;

enum held_state {
	HELD_WAITING,
	HELD_OPENING,
	HELD_OPEN, /* a slot is wanted */
	HELD_RUNNING,
	HELD_CHECKING, /* counted; whether the file is still what it was is being looked at */
	HELD_DONE,
	_HELD_STATE_MAX,
};

/* What is told of a slice that is CHECKING or DONE. */
struct held_end {
	uint16_t type; /* fq_Type_RESULT, fq_Type_CRASHED or fq_Type_IO_ERROR */
	union {
		fq_Result result;
		fq_Crashed crashed;
		fq_IoError io_error;
	};
};

struct held_slice {
	struct held_slice *next;
	enum held_state state;
	fq_Task task; /* ref, path, fingerprint, modules */
	struct slice_task slice;
	struct split_point point; /* to which slice.point shows, if it has one; with a window of its own */
	struct prior prior;
	struct brief *brief; /* until it is DONE; NULL: it needs none */
	uint64_t number;     /* of its request to an opener: OPENING, CHECKING */
	bool reopened;       /* its handle was stale once */

	int file;                  /* from OPEN to CHECKING: its descriptor, else -1 */
	uint64_t text_max;         /* a scout (texts.h): bytes of text that it may keep */
	struct fingerprint opened; /* what the file was when it was opened */
	struct slot *slot;         /* RUNNING */
	/* RUNNING: its start, its progress and when that came, PROGRESS sent */
	uint64_t begun_ms, bytes, bytes_ms, told_ms;
	unsigned int stall_ticks; /* RUNNING: since its progress, and the child's processor time then (stall.c) */
	uint64_t stall_cpu_ms;

	struct held_end end; /* CHECKING, DONE */
	uint8_t *blob;
	size_t blob_n;
	bool sent; /* DONE: over the present connection */
};

/* In the order in which they came. */
struct held {
	struct held_slice *first, *last;
	size_t n[_HELD_STATE_MAX]; /* in each state */
	size_t bytes;              /* of blobs */
};

/* Not begun, and begun but not done. */
static inline size_t held_waiting(const struct held *held)
{
	return held->n[HELD_WAITING] + held->n[HELD_OPENING] + held->n[HELD_OPEN];
}

static inline size_t held_running(const struct held *held)
{
	return held->n[HELD_RUNNING] + held->n[HELD_CHECKING];
}

/* Adds a WAITING slice, with a reference to the brief of its own, and a copy of its point. NULL: out of memory. */
struct held_slice *held_add(struct held *held, const fq_Task *task, const struct slice_task *slice, const struct prior *prior,
                            struct brief *brief);

/* Forgets a slice: frees it, its blob, and closes its file. */
void held_remove(struct held *held, struct held_slice *slice);
void held_clear(struct held *held);

/*
 * By all that a ref has; by slot (RUNNING); by the number of its request (OPENING, CHECKING); or the first in a state (of DONE: not
 * sent). Or NULL.
 */
struct held_slice *held_find(const struct held *held, const fq_SliceRef *ref);
struct held_slice *held_of_slot(const struct held *held, const struct slot *slot);
struct held_slice *held_of_request(const struct held *held, uint64_t number);
struct held_slice *held_first(const struct held *held, enum held_state state);

/*
 * The steps of the picture above. held_open() takes the descriptor over, held_check() the blob; held_finish() forgets the blob
 * unless the end is the result that was checked. held_wait(): once more from the start.
 */
void held_opening(struct held *held, struct held_slice *slice, uint64_t number);
void held_open(struct held *held, struct held_slice *slice, int file, const struct fingerprint *opened);
void held_begin(struct held *held, struct held_slice *slice, struct slot *slot, uint64_t now_ms);
void held_check(struct held *held, struct held_slice *slice, uint64_t number, const fq_Result *result, uint8_t *blob, size_t n);
void held_checked(struct held *held, struct held_slice *slice);
void held_finish(struct held *held, struct held_slice *slice, const struct held_end *end);
void held_wait(struct held *held, struct held_slice *slice);

/* No further slice may be begun until results are acknowledged. */
bool held_full(const struct held *held);

/* After a new connection: nothing was sent over it. */
void held_unsend(struct held *held);

/* Lists refs for HELLO, what runs first; returns how many. */
size_t held_list(const struct held *held, fq_SliceRef *ret, size_t max);
