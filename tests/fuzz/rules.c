/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tells a worker how to count, from a hostile peer: rules, and the list of tracked sequences. What unpacks packs to the same
 * bytes, and is what counting can rely on. The first byte says which of the two the rest is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"
#include "lib/qc/tracked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void must_be(struct packer *packer, const uint8_t *data, size_t size)
{
	must(!packer->oom && packer->n == size && memcmp(packer->bytes, data, size) == 0);
	free(packer->bytes);
}

static void try_rules(const uint8_t *data, size_t size)
{
	_cleanup_(freep) struct count_rules *rules = malloc(sizeof *rules);
	struct unpacker unpacker = {data, data + size};
	struct counters *counters;
	struct packer packer = {0};
	struct error err = {0};

	must(rules != NULL);
	if (rules_unpack(rules, &unpacker, &err) < 0) {
		must(err.text[0] != '\0');
		return;
	}
	must(rules->compat < _COMPAT_MAX && rules->adapters_n >= 1 && rules->adapters_n <= ADAPTERS_MAX);
	must(rules->dup_length <= DUP_LENGTH_MAX && rules->kmer_size >= 2 && rules->kmer_size <= 10);
	must(rules_longest_adapter(rules) < ADAPTER_SEQUENCE_MAX && rules_equal(rules, rules));
	rules_pack(rules, &packer);
	must(packer.n <= RULES_PACKED_MAX);
	must_be(&packer, data, size - unpack_left(&unpacker));
	must(counters_new(COUNT_ALL, rules, NULL, &counters) == 0);
	counters_free(counters);
}

static void try_tracked(const uint8_t *data, size_t size)
{
	struct unpacker unpacker = {data, data + size};
	struct tracked *tracked;
	struct packer packer = {0};
	struct error err = {0};

	if (tracked_unpack(&unpacker, &tracked, &err) < 0) {
		must(err.text[0] != '\0');
		return;
	}
	must(tracked_n(tracked) <= TRACKED_MAX);
	for (size_t i = 0; i < tracked_n(tracked); i++) {
		struct tracked_key key = tracked_key_at(tracked, i);

		must(tracked_find(tracked, tracked_hash(tracked, key.bytes, key.n), key.bytes, key.n) == i);
	}
	tracked_pack(tracked, &packer);
	must_be(&packer, data, size - unpack_left(&unpacker));
	tracked_free(tracked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	(data[0] % 2 ? try_tracked : try_rules)(data + 1, size - 1);
	return 0;
}
