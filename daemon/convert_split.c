/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between messages and structs, of slices of one gzip stream: see convert.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/split.h"
#include "lib/fastq/symbol.h"

static int wrong(struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "the other side sent %s", what);
}

int point_to_message(const struct split_point *point, fq_SplitPoint *ret)
{
	_cleanup_(freep) uint8_t *packed = NULL;
	size_t window = split_window_size(point), n = 0;

	_Static_assert(sizeof ret->window.bytes == WINDOW_PACKED_MAX, "as fqcluster.options has it");
	*ret = (fq_SplitPoint){
	    .bit = point->bit,
	    .header = point->header,
	    .member = point->member,
	    .within = point->within,
	    .crc = point->crc,
	};
	if (window == 0)
		return 0;
	if (window_pack(point->window, window, &packed, &n) < 0)
		return -ENOMEM;
	memcpy(ret->window.bytes, packed, n);
	ret->window.size = (pb_size_t)n;
	return 0;
}

int point_from_message(const fq_SplitPoint *message, uint64_t file_size, uint8_t *window, struct split_point *ret, struct error *err)
{
	struct split_point point = {
	    .bit = message->bit,
	    .header = message->header,
	    .member = message->member,
	    .within = message->within,
	    .crc = message->crc,
	};
	size_t n = split_window_size(&point);
	int r;

	if (point.bit / 8 > file_size || point.bit > 8 * file_size || point.member > point.bit / 8)
		return wrong(err, "a point that is not within the file");
	if (point.header && (point.bit % 8 != 0 || point.member != point.bit / 8 || point.within > 0 || message->window.size > 0))
		return wrong(err, "a point at a member's header that is none");
	if (!point.header && point.within > 0 && message->window.size == 0)
		return wrong(err, "a point without its window");
	if (n > 0) {
		r = window_unpack(message->window.bytes, message->window.size, window, n);
		if (r == -ENOMEM)
			return error_oom(err);
		if (r < 0)
			return wrong(err, "a point with a damaged window");
		point.window = window;
	}
	*ret = point;
	return 0;
}

static fq_SplitPart part_to_message(const struct split_part *part)
{
	return (fq_SplitPart){.length = part->length, .crc = part->crc};
}

static struct split_part part_from_message(const fq_SplitPart *message)
{
	return (struct split_part){.length = message->length, .crc = message->crc};
}

void report_to_message(const struct split_report *report, fq_SplitReport *ret)
{
	*ret = (fq_SplitReport){
	    .first_bit = report->first_bit,
	    .next_bit = report->next_bit,
	    .first_header = report->first_header,
	    .next_header = report->next_header,
	    .reach = report->reach,
	    .text = report->text,
	    .has_head = true,
	    .head = part_to_message(&report->head),
	    .head_ends = report->head_ends,
	    .head_crc = report->head_trailer.crc,
	    .head_size = report->head_trailer.size,
	    .tail_member = report->tail_member,
	    .has_tail = true,
	    .tail = part_to_message(&report->tail),
	    .counted = report->counted,
	};
}

int report_from_message(const fq_SplitReport *message, uint64_t file_size, struct split_report *ret, struct error *err)
{
	if (message->first_bit / 8 > file_size || message->next_bit / 8 > file_size || message->first_bit > message->next_bit ||
	    message->tail_member > file_size)
		return wrong(err, "a report of bits that are not within the file");
	*ret = (struct split_report){
	    .first_bit = message->first_bit,
	    .next_bit = message->next_bit,
	    .first_header = message->first_header,
	    .next_header = message->next_header,
	    .reach = message->reach,
	    .text = message->text,
	    .head = part_from_message(&message->head),
	    .head_ends = message->head_ends,
	    .head_trailer = {.crc = message->head_crc, .size = message->head_size},
	    .tail_member = message->tail_member,
	    .tail = part_from_message(&message->tail),
	    .counted = message->counted,
	};
	return 0;
}
