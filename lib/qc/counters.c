/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The container of modules: see counters.h.
 *
 * Packed: "FQCN", the format's version (a byte), COUNTERS_ALGORITHM and the set of modules
 * (varint.h), the rules where a module has any, each module's bytes by enum module_id, and the
 * CRC32 of all that, little-endian.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/fastq/crc.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"

#define PACK_MAGIC "FQCN"
#define PACK_MAGIC_SIZE 4
#define PACK_VERSION 2
#define PACK_CRC_SIZE 4

struct counters {
	uint32_t modules;
	struct count_rules rules;
	void *states[_MODULE_MAX]; /* NULL where the module is not of the set */
	size_t begins[_MODULE_MAX], ends[_MODULE_MAX]; /* of each in the bytes that they were unpacked from */
};

int counters_new(uint32_t modules, const struct count_rules *rules, const struct prior *prior,
                 struct counters **ret)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;

	if (modules & ~COUNT_ALL)
		return -EINVAL;
	counters = calloc(1, sizeof *counters);
	if (!counters)
		return -ENOMEM;
	counters->modules = modules;
	if (rules)
		counters->rules = *rules;
	else
		rules_default(&counters->rules, COMPAT_0_12_1);
	for (enum module_id id = 0; id < _MODULE_MAX; id++) {
		const struct module *module = module_get(id);

		if (!(modules & (1u << id)))
			continue;
		counters->states[id] = calloc(1, module->state_size);
		if (!counters->states[id] ||
		    module->init(counters->states[id], &counters->rules,
		                 prior ? prior : &PRIOR_UNKNOWN) < 0)
			return -ENOMEM;
	}
	*ret = TAKE(counters);
	return 0;
}

struct counters *counters_free(struct counters *counters)
{
	if (!counters)
		return NULL;
	for (enum module_id id = 0; id < _MODULE_MAX; id++) {
		if (counters->states[id])
			module_get(id)->deinit(counters->states[id]);
		free(counters->states[id]);
	}
	free(counters);
	return NULL;
}

uint32_t counters_modules(const struct counters *counters)
{
	return counters->modules;
}

const struct count_rules *counters_rules(const struct counters *counters)
{
	return &counters->rules;
}

const void *counters_state(const struct counters *counters, enum module_id id)
{
	return counters->states[id];
}

void *counters_state_own(struct counters *counters, enum module_id id)
{
	return counters->states[id];
}

int counters_add(struct counters *counters, const struct batch *batch)
{
	for (enum module_id id = 0; id < _MODULE_MAX; id++)
		if (counters->states[id]) {
			int r = module_get(id)->add(counters->states[id], batch);

			if (r < 0)
				return r;
		}
	return 0;
}

/* Whether both were counted by the same rules, as far as these modules have any. */
static bool same_rules(const struct counters *a, const struct counters *b, uint32_t modules)
{
	return !(modules & COUNT_RULED) || rules_equal(&a->rules, &b->rules);
}

int counters_merge(struct counters *into, const struct counters *from, uint32_t *ret_lacks)
{
	*ret_lacks = 0;
	if (into->modules != from->modules || !same_rules(into, from, into->modules))
		return -EINVAL;
	for (enum module_id id = 0; id < _MODULE_MAX; id++)
		if (into->states[id]) {
			int r = module_get(id)->merge(into->states[id], from->states[id]);

			if (r < 0)
				return r;
			if (r == MERGE_LACKS)
				*ret_lacks |= 1u << id;
		}
	return 0;
}

int counters_patch(struct counters *into, const struct counters *from)
{
	if (from->modules & ~into->modules || !same_rules(into, from, from->modules))
		return -EINVAL;
	for (enum module_id id = 0; id < _MODULE_MAX; id++)
		if (from->states[id]) {
			const struct module *module = module_get(id);
			int r = module->patch
			            ? module->patch(into->states[id], from->states[id])
			            : -EINVAL;

			if (r < 0)
				return r;
		}
	return 0;
}

static void pack_crc(struct packer *packer)
{
	uint32_t crc = crc32_add(0, packer->bytes, packer->n);

	for (int i = 0; i < PACK_CRC_SIZE; i++)
		pack_byte(packer, (uint8_t)(crc >> (8 * i)));
}

int counters_pack(const struct counters *counters, uint8_t **ret_bytes, size_t *ret_n)
{
	struct packer packer = {0};
	int r = 0;

	pack_bytes(&packer, PACK_MAGIC, PACK_MAGIC_SIZE);
	pack_byte(&packer, PACK_VERSION);
	pack_u64(&packer, COUNTERS_ALGORITHM);
	pack_u64(&packer, counters->modules);
	if (counters->modules & COUNT_RULED)
		rules_pack(&counters->rules, &packer);
	for (enum module_id id = 0; r >= 0 && id < _MODULE_MAX; id++)
		if (counters->states[id])
			r = module_get(id)->pack(counters->states[id], &packer);
	if (r >= 0 && !packer.oom)
		pack_crc(&packer);
	if (r < 0 || packer.oom) {
		free(packer.bytes);
		return r < 0 ? r : -ENOMEM;
	}
	*ret_bytes = packer.bytes;
	*ret_n = packer.n;
	return 0;
}

/* Takes the CRC off the end of the bytes and compares it. */
static int unpack_crc(struct unpacker *unpacker, struct error *err)
{
	uint32_t crc = 0;

	if (unpack_left(unpacker) < PACK_MAGIC_SIZE + PACK_CRC_SIZE)
		return unpack_bad(err, "they end too early");
	unpacker->end -= PACK_CRC_SIZE;
	for (int i = 0; i < PACK_CRC_SIZE; i++)
		crc |= (uint32_t)unpacker->end[i] << (8 * i);
	if (crc != crc32_add(0, unpacker->at, unpack_left(unpacker)))
		return unpack_bad(err, "their CRC32 is wrong");
	return 0;
}

static int unpack_head(struct unpacker *unpacker, uint32_t *ret_modules, struct count_rules *ret_rules,
                       struct error *err)
{
	uint64_t algorithm, modules;
	uint8_t version;
	int r;

	if (memcmp(unpacker->at, PACK_MAGIC, PACK_MAGIC_SIZE) != 0)
		return unpack_bad(err, "they do not begin with " PACK_MAGIC);
	unpacker->at += PACK_MAGIC_SIZE;
	r = unpack_byte(unpacker, &version, err);
	if (r < 0)
		return r;
	if (version != PACK_VERSION)
		return unpack_bad(err, "they are of format %d, this program knows %d", version,
		                  PACK_VERSION);
	r = unpack_u64(unpacker, &algorithm, err);
	if (r < 0)
		return r;
	if (algorithm != COUNTERS_ALGORITHM)
		return unpack_bad(err, "they were counted by algorithm %llu, this program has %d",
		                  (unsigned long long)algorithm, COUNTERS_ALGORITHM);
	r = unpack_u64(unpacker, &modules, err);
	if (r < 0)
		return r;
	if (modules & ~(uint64_t)COUNT_ALL)
		return unpack_bad(err, "they have a module that this program does not know");
	*ret_modules = (uint32_t)modules;
	return modules & COUNT_RULED ? rules_unpack(ret_rules, unpacker, err) : 0;
}

static int unpack_modules(struct counters *counters, struct unpacker *unpacker, const uint8_t *bytes,
                          struct error *err)
{
	int r = 0;

	for (enum module_id id = 0; r >= 0 && id < _MODULE_MAX; id++) {
		counters->begins[id] = (size_t)(unpacker->at - bytes);
		if (counters->states[id])
			r = module_get(id)->unpack(counters->states[id], unpacker, err);
		counters->ends[id] = (size_t)(unpacker->at - bytes);
	}
	if (r >= 0 && unpack_left(unpacker) > 0)
		return unpack_bad(err, "there are bytes behind their end");
	for (enum module_id id = 0; r >= 0 && id < _MODULE_MAX; id++)
		if (counters->states[id] && module_get(id)->check)
			r = module_get(id)->check(counters->states[id], counters, err);
	return r;
}

int counters_unpack(const uint8_t *bytes, size_t n, struct counters **ret, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	struct unpacker unpacker = {.at = bytes, .end = bytes + n};
	struct count_rules rules;
	uint32_t modules = 0;
	int r;

	r = unpack_crc(&unpacker, err);
	if (r < 0)
		return r;
	r = unpack_head(&unpacker, &modules, &rules, err);
	if (r < 0)
		return r;
	r = counters_new(modules, modules & COUNT_RULED ? &rules : NULL, NULL, &counters);
	if (r < 0)
		return error_oom(err);
	r = unpack_modules(counters, &unpacker, bytes, err);
	if (r < 0)
		return r;
	*ret = TAKE(counters);
	return 0;
}

int counters_digest(const struct counters *counters, const uint8_t *bytes, uint8_t ret[DIGEST_SIZE])
{
	uint8_t digest[DIGEST_SIZE] = {0}; /* of the modules up to here */
	int r = 0;

	for (enum module_id id = 0; r == 0 && id < _MODULE_MAX; id++)
		if (counters->states[id] && !(COUNT_ORDERED & (1u << id)))
			r = digest_sha256(digest, sizeof digest, bytes + counters->begins[id],
			                  counters->ends[id] - counters->begins[id], digest);
	memcpy(ret, digest, sizeof digest);
	return r;
}

uint64_t counters_reads(const struct counters *counters)
{
	uint64_t reads = 0, bases = 0;

	if (counters->states[MODULE_LENGTHS])
		length_table_totals(
		    &((const struct lengths *)counters->states[MODULE_LENGTHS])->table, &reads,
		    &bases);
	return reads;
}

uint64_t counters_bases(const struct counters *counters)
{
	uint64_t reads = 0, bases = 0;

	if (counters->states[MODULE_LENGTHS])
		length_table_totals(
		    &((const struct lengths *)counters->states[MODULE_LENGTHS])->table, &reads,
		    &bases);
	return bases;
}
