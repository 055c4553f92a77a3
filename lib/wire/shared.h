/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes that several connections send: one copy, freed with its last holder. Of one thread; the bytes do not change.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct shared {
	size_t holders, n;
	uint8_t *bytes;
};

/* Takes over bytes (also on failure: NULL, out of memory). One holder: the caller. */
struct shared *shared_new(uint8_t *bytes, size_t n);
struct shared *shared_ref(struct shared *shared);   /* one holder more; returns it */
struct shared *shared_unref(struct shared *shared); /* takes NULL, returns NULL */
