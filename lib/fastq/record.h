/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One FASTQ record out of a piece of text: the rules of what is valid, in one place.
 *
 * Four lines, each ended by LF, CR or CRLF, the last one also by the end of the text where it has a byte:
 *
 *     @ and the header    any bytes, at most LINE_NAME_MAX
 *     the sequence        '!'..'~', perhaps empty, at most read_max
 *     +                   and nothing more, or the header, or the header's first word
 *     the quality         '!'..'~', as long as the sequence
 *
 * Lenient text may hold any byte in its lines, lengths may differ, and what is behind '+' does not matter. The fault
 * that is told is the first one in the order of the text, so it is the same however the text was cut into pieces.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/fastq/slice.h"
#include "lib/fastq/span.h"

struct record_rules {
	const struct span_ops *span;
	uint64_t read_max;
	bool lenient;
};

/* What is behind a piece of text. */
enum text_tail {
	TEXT_GOES_ON, /* more text: a record that is not complete is to be tried again with more */
	TEXT_ENDS,    /* the end of the file */
	TEXT_BREAKS,  /* what is behind cannot be read: only complete records count */
};

enum record_outcome {
	RECORD_WHOLE = 0,
	RECORD_PARTIAL = 1, /* goes on behind the piece (never where the text ends) */
	RECORD_FAULT = 2,
};

struct record_fault {
	enum fault_kind kind;
	const uint8_t *at; /* the byte at fault, or the text's end */
	uint64_t value, value2; /* as in struct slice_fault */
};

/*
 * Reads the record that begins at p, the first byte of a line that is not blank (p < end). RECORD_WHOLE fills *ret and
 * sets *ret_next to the byte behind the record's last line end. SPAN_SLACK bytes behind end must be readable.
 */
enum record_outcome record_parse(const struct record_rules *rules, const uint8_t *p,
                                 const uint8_t *end, enum text_tail tail, struct record *ret,
                                 const uint8_t **ret_next, struct record_fault *ret_fault);

/* A colour of SOLiD, as it may stand behind the first base. */
static inline bool byte_is_colour(uint8_t byte)
{
	return byte == '.' || (byte >= '0' && byte <= '6');
}
