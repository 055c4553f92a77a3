/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes that several connections send: one copy, freed with its last holder; the bytes do not change. Holders may be of several threads:
 * the coordinator's labour drops what the loop's thread is just sending.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct shared {
	atomic_size_t holders;
	size_t n;
	uint8_t *bytes;
};

/* Takes over bytes (also on failure: NULL, out of memory). One holder: the caller. */
struct shared *shared_new(uint8_t *bytes, size_t n);
struct shared *shared_ref(struct shared *shared);   /* one holder more; returns it */
struct shared *shared_unref(struct shared *shared); /* takes NULL, returns NULL */
