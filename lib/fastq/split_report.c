/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slice's report as numbers: see split_report.h. */
#include "lib/fastq/split_report.h"

#include <errno.h>
#include <string.h>

void split_report_put(const struct split_report *report, uint64_t ret[SPLIT_REPORT_NUMBERS])
{
	const uint64_t numbers[SPLIT_REPORT_NUMBERS] = {
	    report->first_bit,    report->next_bit,    report->first_header,     report->next_header,       report->reach,
	    report->text,         report->head.length, report->head.crc,         report->head_ends,         report->head_trailer.crc,
	    report->head_trailer.size, report->tail_member, report->tail.length, report->tail.crc,          report->counted,
	};

	memcpy(ret, numbers, sizeof numbers);
}

int split_report_get(const uint64_t from[SPLIT_REPORT_NUMBERS], struct split_report *ret)
{
	if (from[2] > 1 || from[3] > 1 || from[4] > SPLIT_WINDOW || from[7] > UINT32_MAX || from[8] > 1 || from[9] > UINT32_MAX ||
	    from[10] > UINT32_MAX || from[13] > UINT32_MAX || from[14] > 1 || from[15] != 0)
		return -EBADMSG;
	*ret = (struct split_report){
	    .first_bit = from[0],
	    .next_bit = from[1],
	    .first_header = from[2],
	    .next_header = from[3],
	    .reach = (uint32_t)from[4],
	    .text = from[5],
	    .head = {.length = from[6], .crc = (uint32_t)from[7]},
	    .head_ends = from[8],
	    .head_trailer = {.crc = (uint32_t)from[9], .size = (uint32_t)from[10]},
	    .tail_member = from[11],
	    .tail = {.length = from[12], .crc = (uint32_t)from[13]},
	    .counted = from[14],
	};
	return 0;
}
