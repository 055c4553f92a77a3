/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries of a seek index: see seek.h. A version, flags, seven numbers of 64 bits (the lowest byte first), then the window, packed. */
#include "lib/fastq/seek.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/number.h"
#include "lib/fastq/packed.h"

#define SEEK_VERSION 1
#define NUMBERS 7
#define FIXED (2 + 8 * NUMBERS)

int seek_entry_pack(const struct seek_entry *entry, uint8_t **ret, size_t *ret_n)
{
	const struct split_point *point = &entry->point;
	const uint64_t numbers[NUMBERS] = {point->bit,         point->member,        point->within, point->crc,
	                                   entry->first.block, entry->first.within, entry->records};
	_cleanup_(freep) uint8_t *window = NULL, *bytes = NULL;
	size_t n;
	int r = packed_make(point->window, split_window_size(point), &window, &n);

	if (r < 0)
		return r;
	bytes = malloc(FIXED + n);
	if (!bytes)
		return -ENOMEM;
	bytes[0] = SEEK_VERSION;
	bytes[1] = point->header;
	for (size_t i = 0; i < NUMBERS; i++)
		number_put(bytes + 2 + 8 * i, numbers[i]);
	memcpy(bytes + FIXED, window, n);
	*ret = TAKE(bytes);
	*ret_n = FIXED + n;
	return 0;
}

int seek_entry_unpack(const uint8_t *p, size_t n, uint8_t window[SPLIT_WINDOW], struct seek_entry *ret)
{
	struct seek_entry entry = {.point.window = window};
	size_t got = 0;
	int r;

	if (n < FIXED || n > SEEK_ENTRY_MAX || p[0] != SEEK_VERSION || p[1] > 1)
		return -EBADMSG;
	entry.point.header = p[1];
	entry.point.bit = number_get(p + 2);
	entry.point.member = number_get(p + 10);
	entry.point.within = number_get(p + 18);
	entry.point.crc = (uint32_t)number_get(p + 26);
	entry.first.block = number_get(p + 34);
	entry.first.within = number_get(p + 42);
	entry.records = number_get(p + 50);
	if (number_get(p + 26) > UINT32_MAX || entry.point.bit > (uint64_t)INT64_MAX || entry.point.member > entry.point.bit / 8)
		return -EBADMSG;
	if (entry.point.header && (entry.point.within > 0 || entry.point.bit != 8 * entry.point.member))
		return -EBADMSG;
	r = packed_open(p + FIXED, n - FIXED, window, SPLIT_WINDOW, &got);
	if (r < 0)
		return r;
	if (got != split_window_size(&entry.point))
		return -EBADMSG;
	*ret = entry;
	return 0;
}
