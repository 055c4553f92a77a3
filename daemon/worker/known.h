/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a child knows from the brief that it read last: rules and tracked sequences. Slices of a file, and mostly those of a job,
 * come with the same one, so it is read once.
 */
#pragma once

#include <stdbool.h>

#include "daemon/worker/ipc.h"
#include "lib/base/error.h"
#include "lib/qc/rules.h"
#include "lib/qc/tracked.h"

/* All zero bytes: nothing. */
struct known {
	bool read;
	uint8_t digest[DIGEST_SIZE];
	struct count_rules rules;
	struct tracked *tracked; /* NULL: the brief has none */
};

/*
 * Reads the brief that the task came with, where it is another one than before; fd stays the caller's, -1: the task has none. 0, or
 * negative with a sentence: it makes no sense, and nothing is known then.
 */
int known_read(struct known *known, const struct child_task *task, int fd, struct error *err);
void known_deinit(struct known *known);
