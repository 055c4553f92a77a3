/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The CRC32 of gzip: see crc.h. ISA-L's is the fastest where a processor multiplies 64 bytes at once (measured: 60 GB/s, libdeflate
 * 1.14 17 GB/s), and inflating waits for it.
 */
#include "lib/fastq/crc.h"

#include <zlib.h>

uint32_t crc32_join(uint32_t crc, uint32_t next, uint64_t n)
{
	return (uint32_t)crc32_combine(crc, next, (z_off_t)n);
}

#if defined(HAVE_ISAL)

#include <isa-l/crc.h>

uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t n)
{
	return crc32_gzip_refl(crc, p, n);
}

#elif defined(HAVE_LIBDEFLATE)

#include <libdeflate.h>

uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t n)
{
	return libdeflate_crc32(crc, p, n);
}

#else

uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t n)
{
	return (uint32_t)crc32_z(crc, p, n);
}

#endif
