/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inflated text of slices of gzip streams (lib/fastq/split.h) whose beginning is not known yet: which slot's child has it. A child that
 * has inflated a slice keeps the text in its own memory until the slice is counted:
 *
 *     scout's child says that it is kept --> texts_keep --> texts_slot: that slot counts it, if it is idle
 *                                                     `--> texts_drop: counted by another, or of no use; the child forgets it
 *
 * A text goes with its child, and a child forgets some when it has no room. That costs time only, as the slice is then decoded from its
 * point: so this list may be wrong.
 */
#pragma once

#include <stdint.h>

#include "daemon/worker/slot.h"
#include "lib/wire/fqcluster.pb.h"

#define TEXTS_MAX 4096 /* what is more than that has long been forgotten */

struct text {
	struct text_key key;
	struct slot *slot;
	pid_t pid; /* of the child that has it */
};

/* In the order in which they came. */
struct texts {
	struct text *list;
	size_t n;
};

struct text_key texts_key(const fq_SliceRef *ref);

/* The slot's child has the text of this slice; who had one before forgets it. Out of memory, it is as if it were not kept. */
void texts_keep(struct texts *texts, const fq_SliceRef *ref, struct slot *slot);

/* Who has the text of the same job, file and slice, whatever the lease; NULL: nobody. */
struct slot *texts_slot(const struct texts *texts, const fq_SliceRef *ref);

/* How many a slot's child has. */
size_t texts_of(const struct texts *texts, const struct slot *slot);

/* It is not needed any more: its child is told. */
void texts_drop(struct texts *texts, const fq_SliceRef *ref);

/* All, of these slots. */
void texts_clear(struct texts *texts, struct slot *slots, size_t slots_n);
void texts_deinit(struct texts *texts);
