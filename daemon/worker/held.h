/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this worker has in hand for its coordinator, from TASK to RESULT_ACK:
 *
 *     TASK -> WAITING -> RUNNING (in a slot) -> COUNTED (kept, since it may have to be sent again) -> RESULT_ACK: forgotten
 *                 |          |
 *                 |          `-> CRASHED, IO_ERROR: told once and forgotten
 *                 `------------> DROP, RETURN: forgotten
 *
 * Bounds: a coordinator has as many slices waiting and running here as there are slots. Results that nobody acknowledges are
 * kept until held_full(); then no further slice is begun. So memory is at most HELD_BYTES_MAX and one result a slot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/worker/brief.h"
#include "lib/fastq/slice.h"
#include "lib/qc/prior.h"
#include "lib/wire/fqcluster.pb.h"

#define HELD_RESULTS_MAX 512
#define HELD_BYTES_MAX (512UL << 20)

struct slot;

enum held_state {
	HELD_WAITING,
	HELD_RUNNING,
	HELD_COUNTED,
};

struct held_slice {
	struct held_slice *next;
	enum held_state state;
	fq_Task task; /* ref, path, fingerprint, modules */
	struct slice_task slice;
	struct prior prior;
	struct brief *brief; /* until it is COUNTED; NULL: it needs none */

	struct slot *slot; /* RUNNING */
	int file;          /* RUNNING: its descriptor, else -1 */
	uint64_t begun_ms, bytes, bytes_ms,
	    told_ms; /* RUNNING: its start, its progress and when that came, PROGRESS sent */

	fq_Result result; /* COUNTED */
	uint8_t *blob;
	size_t blob_n;
	bool sent; /* COUNTED: over the present connection */
};

/* In the order in which they came. */
struct held {
	struct held_slice *first, *last;
	size_t waiting, running, counted;
	size_t bytes; /* of blobs */
};

/* Adds a WAITING slice, with a reference to the brief of its own. NULL: out of memory. */
struct held_slice *held_add(struct held *held, const fq_Task *task, const struct slice_task *slice, const struct prior *prior,
                            struct brief *brief);

/* Forgets a slice: frees it, its blob, and closes its file. */
void held_remove(struct held *held, struct held_slice *slice);
void held_clear(struct held *held);

/* By job, file, slice, which count of it, and lease; by slot (RUNNING); or the first in a state (of COUNTED: not sent). Or NULL. */
struct held_slice *held_find(const struct held *held, const fq_SliceRef *ref);
struct held_slice *held_of_slot(const struct held *held, const struct slot *slot);
struct held_slice *held_first(const struct held *held, enum held_state state);

/* The steps of the picture above. begin takes file over; finish frees the slot's part and takes blob over. */
void held_begin(struct held *held, struct held_slice *slice, struct slot *slot, int file,
                uint64_t now_ms);
void held_finish(struct held *held, struct held_slice *slice, const fq_Result *result,
                 uint8_t *blob, size_t n);

/* No further slice may be begun until results are acknowledged. */
bool held_full(const struct held *held);

/* After a new connection: nothing was sent over it. */
void held_unsend(struct held *held);

/* Lists refs for HELLO, what runs first; returns how many. */
size_t held_list(const struct held *held, fq_SliceRef *ret, size_t max);
