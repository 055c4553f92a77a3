/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two or three sets of counters from hostile peers that are to be those of one file: the second behind the first, the third as
 * what the second lacked. Each is refused, or the sum packs; where nothing lacks it unpacks again, too. The input is each set's
 * length (4 bytes, the lowest first) and its bytes, whose CRC is made right first.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/qc/counters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

/* The next set of the input, or NULL. */
static struct counters *take(const uint8_t **data, size_t *size)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct counters *counters = NULL;
	size_t n = 0;
	uint32_t crc;

	if (*size < 4)
		return NULL;
	for (size_t i = 0; i < 4; i++)
		n |= (size_t)(*data)[i] << (8 * i);
	if (n < 4 || n > *size - 4)
		return NULL;
	bytes = malloc(n);
	must(bytes != NULL);
	memcpy(bytes, *data + 4, n);
	crc = crc32_add(0, bytes, n - 4);
	for (size_t i = 0; i < 4; i++)
		bytes[n - 4 + i] = (uint8_t)(crc >> (8 * i));
	*data += 4 + n;
	*size -= 4 + n;
	return counters_unpack(bytes, n, &counters, NULL) == 0 ? counters : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(counters_freep) struct counters *into = take(&data, &size), *from = take(&data, &size), *patch = take(&data, &size);
	_cleanup_(counters_freep) struct counters *again = NULL;
	_cleanup_(freep) uint8_t *bytes = NULL;
	uint64_t reads;
	uint32_t lacks = 0;
	size_t n;

	if (!into || !from)
		return 0;
	reads = counters_reads(into) + counters_reads(from);
	if (counters_merge(into, from, &lacks) < 0)
		return 0;
	must(counters_reads(into) == reads);
	if (patch) {
		uint32_t modules = counters_modules(patch);

		if (counters_patch(into, patch) < 0)
			return 0;
		must(!(modules & ~lacks)); /* what nothing lacks is never added twice */
		lacks &= ~modules;
	}
	must(counters_reads(into) == reads && counters_pack(into, &bytes, &n) == 0);
	/* A patch of fewer reads than were lacking leaves some. */
	must(lacks || patch || counters_unpack(bytes, n, &again, NULL) == 0);
	return 0;
}
