/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows of symbols: see symbol.h. Packed, deflated: for each run of bytes and the run of references behind it the length of
 * the one, that of the other, and the first reference, as numbers of 16 bits; then all bytes. A run of references goes up by one.
 */
#include "lib/fastq/symbol.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/packed.h"

#define RUN_SIZE 6
#define PLAIN_MAX (RUN_SIZE * (SPLIT_WINDOW + 1) + SPLIT_WINDOW + 2)

static void put(uint8_t *p, size_t value)
{
	p[0] = value & 255;
	p[1] = (uint8_t)(value >> 8);
}

static uint32_t get(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static bool is_open(uint16_t symbol)
{
	return symbol & SYMBOL_OPEN;
}

/* The runs of a window: to p, behind their number. Returns the bytes. */
static size_t put_runs(const uint16_t symbols[SPLIT_WINDOW], uint8_t *p)
{
	size_t n = 2, runs = 0;

	for (size_t i = 0; i < SPLIT_WINDOW; runs++) {
		size_t bytes = i, open;

		while (i < SPLIT_WINDOW && !is_open(symbols[i]))
			i++;
		bytes = i - bytes;
		open = i;
		while (i < SPLIT_WINDOW && is_open(symbols[i]) && (i == open || symbols[i] == symbols[i - 1] + 1))
			i++;
		put(p + n, bytes);
		put(p + n + 2, i - open);
		put(p + n + 4, open < SPLIT_WINDOW ? symbols[open] & (SYMBOL_OPEN - 1) : 0);
		n += RUN_SIZE;
	}
	put(p, runs);
	return n;
}

int symbols_pack(const uint16_t symbols[SPLIT_WINDOW], uint8_t **ret, size_t *ret_n)
{
	_cleanup_(freep) uint8_t *plain = malloc(PLAIN_MAX);
	size_t n;

	if (!plain)
		return -ENOMEM;
	n = put_runs(symbols, plain);
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		if (!is_open(symbols[i]))
			plain[n++] = (uint8_t)symbols[i];
	return packed_make(plain, n, ret, ret_n);
}

/* One run at p to the symbols from *at on, its bytes from *bytes on, which end at end. */
static bool get_run(const uint8_t *p, const uint8_t **bytes, const uint8_t *end, uint16_t *symbols, size_t *at)
{
	size_t n = get(p), open = get(p + 2), from = get(p + 4);

	if (n > SPLIT_WINDOW - *at || n > (size_t)(end - *bytes))
		return false;
	for (size_t i = 0; i < n; i++)
		symbols[(*at)++] = *(*bytes)++;
	if (open > SPLIT_WINDOW - *at || from + open > SPLIT_WINDOW)
		return false;
	for (size_t i = 0; i < open; i++)
		symbols[(*at)++] = (uint16_t)(SYMBOL_OPEN + from + i);
	return true;
}

int symbols_unpack(const uint8_t *p, size_t n, uint16_t ret[SPLIT_WINDOW])
{
	_cleanup_(freep) uint8_t *plain = malloc(PLAIN_MAX);
	size_t plain_n, runs, at = 0;
	const uint8_t *bytes, *end;
	int r;

	if (!plain)
		return -ENOMEM;
	r = packed_open(p, n, plain, PLAIN_MAX, &plain_n);
	if (r < 0)
		return r;
	if (plain_n < 2)
		return -EBADMSG;
	runs = get(plain);
	if (plain_n < 2 + RUN_SIZE * runs)
		return -EBADMSG;
	bytes = plain + 2 + RUN_SIZE * runs;
	end = plain + plain_n;
	for (size_t i = 0; i < runs; i++)
		if (!get_run(plain + 2 + RUN_SIZE * i, &bytes, end, ret, &at))
			return -EBADMSG;
	return at == SPLIT_WINDOW && bytes == end ? 0 : -EBADMSG;
}

bool symbols_resolve(const uint16_t symbols[SPLIT_WINDOW], size_t skip, const uint8_t before[SPLIT_WINDOW], size_t known,
                     uint8_t ret[SPLIT_WINDOW])
{
	assert(skip <= SPLIT_WINDOW && known <= SPLIT_WINDOW);
	memset(ret, 0, skip);
	for (size_t i = skip; i < SPLIT_WINDOW; i++) {
		size_t from = symbols[i] & (SYMBOL_OPEN - 1);

		if (!is_open(symbols[i]))
			ret[i] = (uint8_t)symbols[i];
		else if (from >= SPLIT_WINDOW - known)
			ret[i] = before[from];
		else
			return false;
	}
	return true;
}

int window_pack(const uint8_t *window, size_t n, uint8_t **ret, size_t *ret_n)
{
	return packed_make(window, n, ret, ret_n);
}

int window_unpack(const uint8_t *p, size_t packed_n, uint8_t *ret, size_t n)
{
	size_t got = 0;
	int r = packed_open(p, packed_n, ret, n, &got);

	if (r < 0)
		return r;
	return got == n ? 0 : -EBADMSG;
}
