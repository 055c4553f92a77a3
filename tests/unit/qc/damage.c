/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed counters that were damaged: see damage.h. */
#include "tests/unit/qc/damage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

void damage_put_crc(uint8_t *bytes, size_t n)
{
	uint32_t crc = crc32_add(0, bytes, n - 4);

	for (int i = 0; i < 4; i++)
		bytes[n - 4 + (size_t)i] = (uint8_t)(crc >> (8 * i));
}

bool damage_sound(const uint8_t *bytes, size_t n, bool *ret_taken)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	_cleanup_(freep) uint8_t *again = NULL;
	struct error err = {0};
	size_t again_n;
	int r;

	r = counters_unpack(bytes, n, &counters, &err);
	*ret_taken = r == 0;
	if (r < 0)
		return r == -EBADMSG && err.class == ERROR_PROTOCOL && err.text[0] != '\0' &&
		       !counters;
	again = counters_bytes(counters, &again_n);
	return again_n == n && memcmp(again, bytes, n) == 0;
}

void damage_test(const struct counters *counters, const char *name)
{
	_cleanup_(freep) uint8_t *bytes = NULL, *copy = NULL;
	size_t n, bad = 0, taken_cut = 0, taken_plain = 0, taken_crc = 0;
	bool taken;

	bytes = counters_bytes(counters, &n);
	copy = malloc(n);
	if (!copy)
		abort();
	for (size_t i = 0; i < n; i++) {
		memcpy(copy, bytes, i);
		if (i >= 4)
			damage_put_crc(copy, i);
		bad += !damage_sound(copy, i, &taken);
		taken_cut += taken;
	}
	for (size_t i = 0; i < 8 * n; i++) {
		memcpy(copy, bytes, n);
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		bad += !damage_sound(copy, n, &taken);
		taken_plain += taken;
		damage_put_crc(copy, n);
		bad += !damage_sound(copy, n, &taken);
		taken_crc += taken && i / 8 < n - 4;
	}
	is_u64(bad, 0, "%s: refused with a sentence, or canonical", name);
	is_u64(taken_cut, 0, "%s: no cut is taken", name);
	is_u64(taken_plain, 0, "%s: no changed bit is taken", name);
	diag("%s: %zu of %zu changed bits are plausible once their CRC is right", name, taken_crc,
	     8 * n);
}
