/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A brief from a hostile coordinator, as a worker's child reads it: rules, then perhaps tracked sequences. What unpacks must pack
 * to the same bytes, and each sequence must be found under its number.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/rules.h"
#include "lib/qc/tracked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_found(const struct tracked *tracked)
{
	for (size_t i = 0; i < tracked_n(tracked); i++) {
		struct tracked_key key = tracked_key_at(tracked, i);

		if (tracked_find(tracked, tracked_hash(tracked, key.bytes, key.n), key.bytes, key.n) != i)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpacker unpacker = {.at = data, .end = data + size};
	struct packer packer = {0};
	struct tracked *tracked = NULL;
	struct count_rules rules;
	struct error err = {0};
	int r;

	r = rules_unpack(&rules, &unpacker, &err);
	if (r == 0 && unpack_left(&unpacker) > 0)
		r = tracked_unpack(&unpacker, &tracked, &err);
	if (r < 0) {
		if (!err.text[0])
			abort();
		return 0;
	}
	rules_pack(&rules, &packer);
	if (tracked) {
		tracked_pack(tracked, &packer);
		check_found(tracked);
	}
	if (packer.oom || packer.n != size - unpack_left(&unpacker) || memcmp(packer.bytes, data, packer.n) != 0)
		abort();
	free(packer.bytes);
	(void)tracked_free(tracked);
	return 0;
}
