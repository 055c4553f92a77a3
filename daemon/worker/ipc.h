/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the supervisor and its children, over one stream socket a child: fixed structs of one program. The child is
 * another process of the same binary, but it has parsed strangers' bytes: what it says is checked like a peer's.
 *
 *     supervisor -> child   struct ipc_task, with the file's descriptor (SCM_RIGHTS)
 *     child -> supervisor   struct ipc_head PROGRESS (number: bytes), any number of them
 *                           struct ipc_head RESULT (number: bytes of counters), struct ipc_result, the counters
 */
#pragma once

#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/slice.h"

#define IPC_CHILD_FD 3
#define IPC_COUNTERS_MAX (1ULL << 30)

struct ipc_task {
	struct slice_task task;
	struct fingerprint fingerprint;
	uint32_t modules;
};

enum ipc_kind {
	IPC_PROGRESS = 1,
	IPC_RESULT = 2,
};

struct ipc_head {
	uint32_t kind;
	uint32_t reserved;
	uint64_t number;
};

struct ipc_result {
	uint32_t outcome; /* enum slice_outcome */
	uint32_t reserved;
	struct slice_seam seam;
	struct slice_fault fault;
	uint64_t bases;
	uint8_t digest[DIGEST_SIZE]; /* of the counters */
};

/* The child's whole life: takes tasks on IPC_CHILD_FD until it closes. Returns its exit status. */
int child_main(long parent);
