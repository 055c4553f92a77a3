/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A brief at the supervisor: bytes that it never looks into, in a sealed memory file, so that children read them and nobody
 * writes them. Shared by reference: by the list of those that the coordinator reckons with, and by the slices that need it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/error.h"

struct brief {
	unsigned references;
	int fd;
	size_t n;
	uint8_t digest[DIGEST_SIZE]; /* of its bytes */
};

/* Copies the bytes, whose hash must be the one that was told. 0, or negative with a sentence (-EBADMSG: another hash). */
int brief_new(const uint8_t *bytes, size_t n, const uint8_t digest[DIGEST_SIZE], struct brief **ret, struct error *err);
struct brief *brief_ref(struct brief *brief);  /* takes NULL; returns it */
struct brief *brief_free(struct brief *brief); /* gives one reference back; takes NULL; returns NULL */
