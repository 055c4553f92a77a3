/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed counters that were damaged, or made up: what unpacking does with them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/counters.h"

/* Puts the right CRC at the end of n bytes. */
void damage_put_crc(uint8_t *bytes, size_t n);

/* Refused with a sentence, or taken and then packed to the very same bytes. */
bool damage_sound(const uint8_t *bytes, size_t n, bool *ret_taken);

/*
 * Three facts of TAP: every cut and every changed bit of the packed counters, also where the CRC was made right
 * again, is refused or sound; and no cut is taken, and no changed bit with the old CRC.
 */
void damage_test(const struct counters *counters, const char *name);
