/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small texts deflated: see packed.h. As a zlib stream, whose checksum tells damage. They are made by ISA-L (packed_isal.c), or where it is
 * not there by zlib's quickest level; what others sent is opened by zlib in any case: ISA-L would save a fifth of that.
 */
#include "lib/fastq/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "lib/base/cleanup.h"

#ifndef HAVE_ISAL
int packed_make(const uint8_t *p, size_t n, uint8_t **ret, size_t *ret_n)
{
	uLongf size = compressBound((uLong)n);
	_cleanup_(freep) uint8_t *to = malloc(size);

	if (!to || compress2(to, &size, p, (uLong)n, Z_BEST_SPEED) != Z_OK)
		return -ENOMEM;
	*ret = TAKE(to);
	*ret_n = size;
	return 0;
}
#endif

int packed_open(const uint8_t *p, size_t n, uint8_t *to, size_t room, size_t *ret_n)
{
	uLongf size = (uLongf)room;
	uLong used = (uLong)n;

	switch (uncompress2(to, &size, p, &used)) {
	case Z_OK:
		break;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
	if (used != n)
		return -EBADMSG;
	*ret_n = size;
	return 0;
}
