/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of packed counters: see varint.h. */
#include "lib/qc/varint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARINT_MAX 10 /* bytes of a 64-bit number, 7 bits each */

static bool packer_reserve(struct packer *packer, size_t n)
{
	size_t size = packer->size;
	uint8_t *grown;

	if (packer->oom)
		return false;
	if (n <= packer->size - packer->n)
		return true;
	if (n > SIZE_MAX / 4 || packer->n > SIZE_MAX / 4) {
		packer->oom = true;
		return false;
	}
	size = 2 * (packer->n + n) + 64;
	grown = realloc(packer->bytes, size);
	if (!grown) {
		packer->oom = true;
		return false;
	}
	packer->bytes = grown;
	packer->size = size;
	return true;
}

void pack_bytes(struct packer *packer, const void *bytes, size_t n)
{
	if (n == 0 || !packer_reserve(packer, n))
		return;
	memcpy(packer->bytes + packer->n, bytes, n);
	packer->n += n;
}

void pack_byte(struct packer *packer, uint8_t byte)
{
	pack_bytes(packer, &byte, 1);
}

void pack_u64(struct packer *packer, uint64_t value)
{
	if (!packer_reserve(packer, VARINT_MAX))
		return;
	for (; value >= 0x80; value >>= 7)
		packer->bytes[packer->n++] = (uint8_t)(value | 0x80);
	packer->bytes[packer->n++] = (uint8_t)value;
}

void pack_s64(struct packer *packer, int64_t value)
{
	pack_u64(packer, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

int unpack_bad(struct error *err, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args); /* cut is as documented */
	va_end(args);
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "packed counters are not valid: %s", text);
}

int unpack_byte(struct unpacker *unpacker, uint8_t *ret, struct error *err)
{
	if (unpacker->at == unpacker->end)
		return unpack_bad(err, "they end too early");
	*ret = *unpacker->at++;
	return 0;
}

int unpack_u64(struct unpacker *unpacker, uint64_t *ret, struct error *err)
{
	uint64_t value = 0;

	if (unpacker->at != unpacker->end && *unpacker->at < 0x80) { /* most of them */
		*ret = *unpacker->at++;
		return 0;
	}
	for (unsigned int i = 0; i < VARINT_MAX; i++) {
		uint8_t byte = 0;
		int r = unpack_byte(unpacker, &byte, err);

		if (r < 0)
			return r;
		if (i == VARINT_MAX - 1 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		if (byte == 0 && i > 0)
			return unpack_bad(err, "a number is not in its shortest form");
		*ret = value;
		return 0;
	}
	return unpack_bad(err, "a number exceeds 64 bits");
}

int unpack_s64(struct unpacker *unpacker, int64_t *ret, struct error *err)
{
	uint64_t value = 0;
	int r = unpack_u64(unpacker, &value, err);

	if (r < 0)
		return r;
	*ret = (int64_t)((value >> 1) ^ (value & 1 ? UINT64_MAX : 0));
	return 0;
}

int unpack_most(struct unpacker *unpacker, uint64_t most, const char *what, uint64_t *ret,
                struct error *err)
{
	uint64_t value = 0;
	int r = unpack_u64(unpacker, &value, err);

	if (r < 0)
		return r;
	if (value > most)
		return unpack_bad(err, "%s is %" PRIu64 ", more than %" PRIu64, what, value, most);
	*ret = value;
	return 0;
}
