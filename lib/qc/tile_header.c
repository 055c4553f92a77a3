/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tile in a read's header: see tile_header.h. */
#include "lib/qc/tile_header.h"

#include <stddef.h>
#include <string.h>

#include "lib/qc/prior.h"

#define FIELDS_LONG 7  /* fields of CASAVA 1.8 and later; the tile is the fifth */
#define FIELDS_SHORT 5 /* of earlier ones; the tile is the third */

int header_field(const uint8_t *name, uint32_t n)
{
	unsigned int fields = 1; /* the first one has at least the '@' */

	while (n > 0 && name[n - 1] == ':')
		n--;
	for (uint32_t i = 0; i < n && fields < FIELDS_LONG; i++)
		fields += name[i] == ':';
	return fields >= FIELDS_LONG ? 4 : fields >= FIELDS_SHORT ? 2 : TILE_FIELD_NONE;
}

bool header_field_at(const uint8_t *name, uint32_t n, int field, uint32_t *ret)
{
	const uint8_t *at = name, *end = name + n;

	for (int i = 0; i < field; i++) {
		at = memchr(at, ':', (size_t)(end - at));
		if (!at)
			return false;
		at++;
	}
	*ret = (uint32_t)(at - name);
	return true;
}

/* The zeros of scripts beyond ASCII whose digits Java's Integer.parseInt() takes, each with its 1 to 9 behind it. */
static const uint16_t zeros[] = {
	0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
	0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
	0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
};

static bool continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The digit that n (at least one) bytes of UTF-8 begin with, or -1; *ret_bytes is of how many. */
static int foreign_digit(const uint8_t *at, uint32_t n, uint32_t *ret_bytes)
{
	unsigned int code;

	if (n >= 2 && (at[0] & 0xe0) == 0xc0 && continues(at[1])) {
		code = (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
		*ret_bytes = 2;
	} else if (n >= 3 && (at[0] & 0xf0) == 0xe0 && continues(at[1]) && continues(at[2])) {
		code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
		*ret_bytes = 3;
		if (code < 0x800) /* written in more bytes than it needs: no UTF-8 */
			return -1;
	} else {
		return -1;
	}
	for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
		if (code >= zeros[i] && code - zeros[i] <= 9)
			return (int)(code - zeros[i]);
	return -1;
}

/* As Java's Integer.parseInt() reads it. */
bool header_tile(const uint8_t *name, uint32_t n, uint32_t at, int32_t *ret, uint32_t *ret_end)
{
	bool minus = at < n && name[at] == '-';
	int64_t value = 0;
	uint32_t first;

	at += minus || (at < n && name[at] == '+');
	first = at;
	while (at < n && name[at] != ':') {
		uint32_t bytes = 1;
		int digit = name[at] - '0';

		if (digit < 0 || digit > 9)
			digit = foreign_digit(name + at, n - at, &bytes);
		if (digit < 0)
			return false;
		at += bytes;
		value = 10 * value + digit;
		if (value > (int64_t)INT32_MAX + minus)
			return false;
	}
	if (at == first)
		return false;
	*ret = (int32_t)(minus ? -value : value);
	*ret_end = at < n ? at + 1 : 0;
	return true;
}
