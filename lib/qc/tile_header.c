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

/* Java's Integer.parseInt() for ASCII. */
static bool java_int(const uint8_t *text, size_t n, int32_t *ret)
{
	bool minus = n > 0 && text[0] == '-';
	int64_t value = 0;

	if (minus || (n > 0 && text[0] == '+')) {
		text++;
		n--;
	}
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = 10 * value + (text[i] - '0');
		if (value > (int64_t)INT32_MAX + minus)
			return false;
	}
	*ret = (int32_t)(minus ? -value : value);
	return true;
}

bool header_tile(const uint8_t *name, uint32_t n, int field, int32_t *ret, uint32_t *ret_end)
{
	const uint8_t *at = name, *end = name + n, *colon;

	for (int i = 0; i < field; i++) {
		colon = memchr(at, ':', (size_t)(end - at));
		if (!colon)
			return false;
		at = colon + 1;
	}
	colon = memchr(at, ':', (size_t)(end - at));
	*ret_end = colon ? (uint32_t)(colon + 1 - name) : 0;
	return java_int(at, (size_t)((colon ? colon : end) - at), ret);
}
