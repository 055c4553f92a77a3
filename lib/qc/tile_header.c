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

/* As Java's Integer.parseInt() reads ASCII. */
bool header_tile(const uint8_t *name, uint32_t n, uint32_t at, int32_t *ret, uint32_t *ret_end)
{
	bool minus = at < n && name[at] == '-';
	int64_t value = 0;
	uint32_t first;

	at += minus || (at < n && name[at] == '+');
	first = at;
	for (; at < n && name[at] != ':'; at++) {
		if (name[at] < '0' || name[at] > '9')
			return false;
		value = 10 * value + (name[at] - '0');
		if (value > (int64_t)INT32_MAX + minus)
			return false;
	}
	if (at == first)
		return false;
	*ret = (int32_t)(minus ? -value : value);
	*ret_end = at < n ? at + 1 : 0;
	return true;
}
