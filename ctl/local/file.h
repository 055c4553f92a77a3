/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One file of local.h: its slices are taken, counted elsewhere and offered; its chain proves them, and its assembly brings
 * their counters together.
 *
 *     local_file_open -> local_file_take, piece_work, local_file_offer ... -> LOCAL_ENDED -> result
 *
 * A gzip file that was split and looks damaged is begun anew, as one slice, once nothing of it runs.
 *
 * All but local_file_open() is called with the lock of local.c, which is let go where something takes long.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "ctl/local/local.h"
#include "ctl/local/chain.h"
#include "ctl/local/split.h"
#include "lib/qc/assembly.h"
#include "lib/qc/count.h"

enum local_state {
	LOCAL_WAITING = 0,
	LOCAL_OPENING,
	LOCAL_COUNTING,
	LOCAL_ENDED,
};

struct local_file {
	const char *path;
	uint32_t modules;
	const struct prior *begin;      /* what lies before its first slice */
	enum local_state state;
	atomic_bool stop;               /* what still runs is of no use any more */
	int fd;
	uint32_t running;               /* pieces that threads have; they may touch the file without the lock */
	bool anew;                      /* what runs is of no use: to be begun anew */
	struct local_chain chain;
	struct split_shelves *shelves;
	uint64_t next;                  /* every link below it was taken once */
	struct counters **counted;      /* by link; counted and not in the assembly yet */
	bool *taken;                    /* by link: a thread counts it */
	struct assembly *assembly;      /* while merging is set, of that thread alone */
	bool merging;
	uint64_t merged;                /* links [0, merged) are in the assembly */
	struct prior prior;             /* of link `merged`; tracked is the file's own reference */
	atomic_uint_fast64_t bytes_done, bytes_again; /* counted; of second counts, to be counted beyond the file's size */
	struct local_result result;
};

/* A slice to be counted, one to be counted again for some modules, or one of gzip to be inflated. */
struct piece {
	struct local_file *file;
	uint64_t link;
	bool again, inflates;
	uint32_t modules;
	struct slice_task task;         /* of one that is counted */
	struct split_task inflate;      /* inflates: only that, into the shelf */
	enum split_outcome inflated;    /* the outcome, and */
	uint16_t *symbols;              /* the window behind it */
	struct split_shelf *shelf;      /* NULL: the text is read from the file */
	struct prior prior;             /* tracked is the piece's own reference */
	uint64_t reported;              /* bytes of it in file->bytes_done */
};

/*
 * Without the lock: the file is LOCAL_OPENING and nobody else touches it. So many threads are its own to use. Its error is in the
 * result.
 */
int local_file_open(const struct local_options *options, uint32_t threads, struct local_file *file);

/* The next piece of a file that is LOCAL_COUNTING. False: there is none now, or memory is out and the file has ended. */
bool local_file_take(const struct local_options *options, struct local_file *file, struct piece *ret);

/* Without the lock: inflates or counts it. 0, or negative errno: -ECANCELED where the file has ended or is begun anew. */
int piece_work(const struct local_options *options, struct piece *piece, struct slice_count *ret, struct error *err);
void piece_deinit(struct piece *piece);

/* Takes over what a thread has counted, and goes as far as that allows. The file may be LOCAL_ENDED then. */
void local_file_offer(struct local_file *file, pthread_mutex_t *lock, struct piece *piece, struct slice_count *count);

/* Ends it: with the result's error, where that is set. */
void local_file_end(struct local_file *file);

/* Ends it with an error, unless it has ended already. */
void local_file_fail(struct local_file *file, const struct error *error);
void local_file_fault(struct local_file *file, const struct slice_fault *fault);
void local_file_oom(struct local_file *file);

/* Once nothing of it runs: frees what is not needed any more where the file has ended, and begins it anew where it must be. */
void local_file_settle(const struct local_options *options, struct local_file *file);

/* Slices that are not counted yet and could be at the same time. */
uint64_t local_file_left(const struct local_file *file);
