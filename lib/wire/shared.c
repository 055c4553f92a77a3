/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that several connections send: see shared.h. */
#include "lib/wire/shared.h"

#include <stdlib.h>

struct shared *shared_new(uint8_t *bytes, size_t n)
{
	struct shared *shared = malloc(sizeof *shared);

	if (!shared) {
		free(bytes);
		return NULL;
	}
	*shared = (struct shared){.holders = 1, .n = n, .bytes = bytes};
	return shared;
}

struct shared *shared_ref(struct shared *shared)
{
	(void)atomic_fetch_add(&shared->holders, 1);
	return shared;
}

struct shared *shared_unref(struct shared *shared)
{
	if (shared && atomic_fetch_sub(&shared->holders, 1) == 1) {
		free(shared->bytes);
		free(shared);
	}
	return NULL;
}
