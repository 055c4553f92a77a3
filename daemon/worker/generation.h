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

/* The highest generation seen from a coordinator of this key; 0 where none was. Negative with a sentence: a damaged file. */
int generation_of_key(const char *path, const uint8_t pin[PIN_SIZE], uint64_t *ret,
                      struct error *err);

/*
 * What a coordinator says in WELCOME: a higher generation than before is written durably, the same changes nothing, a lower one
 * is -ESTALE with a sentence.
 */
int generation_check(const char *path, const uint8_t id[COORDINATOR_ID_SIZE], uint64_t generation,
                     const uint8_t pin[PIN_SIZE], struct error *err);
