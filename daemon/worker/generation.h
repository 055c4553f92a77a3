/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The starts of coordinators that this worker has seen, in STATE/generation: one line a coordinator,
 *
 *     UUID GENERATION PIN
 *
 * so that a coordinator that was put back from an old backup, or a second one with a copy of its state, cannot steer the fleet.
 */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/wire/key.h"

#define COORDINATOR_ID_SIZE 16

/* A start of a coordinator's state. */
struct generation {
	uint8_t id[COORDINATOR_ID_SIZE]; /* of the state */
	uint64_t number;
};

/*
 * The state that was first noted last of a coordinator of this key, and its highest start. 0, 1 where none is noted, or negative with
 * a sentence: a damaged file.
 */
int generation_of_key(const char *path, const uint8_t pin[PIN_SIZE], struct generation *ret, struct error *err);

/*
 * What a coordinator says in WELCOME: a higher generation of its state than before is written durably, the same changes nothing, a
 * lower one is -ESTALE with a sentence. A state that was not seen before is written, too: it was begun anew.
 */
int generation_check(const char *path, const struct generation *now, const uint8_t pin[PIN_SIZE], struct error *err);

/* The sentence for an older start than was seen: -ESTALE. */
int generation_stale(uint64_t now, uint64_t seen, struct error *err);
