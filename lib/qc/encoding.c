/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How quality bytes stand for Phred scores: see encoding.h. */
#include "lib/qc/encoding.h"

#include <errno.h>

#define SANGER_OFFSET 33
#define ILLUMINA_OFFSET 64

int encoding_tell(uint8_t lowest, enum phred phred, struct encoding *ret, struct error *err)
{
	if (lowest < SANGER_OFFSET || lowest > '~')
		return error_set(err, -EBADMSG, ERROR_DATA,
		                 "the lowest quality byte is %u, but a quality is written with the bytes 33 to 126 ('!' to '~')",
		                 lowest);
	if (phred == PHRED_33 || (phred == PHRED_AUTO && lowest < ILLUMINA_OFFSET))
		*ret = (struct encoding){"Sanger / Illumina 1.9", SANGER_OFFSET};
	else
		*ret = (struct encoding){lowest == ILLUMINA_OFFSET + 1 ? "Illumina 1.3" : "Illumina 1.5", ILLUMINA_OFFSET};
	return 0;
}
