/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with the input, as a sentence: see fault_sentence() in slice.h. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/fastq/slice.h"

#define WHAT_MAX 384
#define WHERE_MAX 128

/* "0x0a" says nothing to most people: the byte as it looks, or by its name. */
static const char *byte_name(uint64_t byte, char out[32])
{
	static const struct {
		uint8_t byte;
		const char *name;
	} names[] = {
	    {'\0', "a zero byte"},  {'\t', "a tab"},      {'\n', "the end of a line"},
	    {'\v', "a vertical tab"}, {'\r', "the end of a line"}, {'\x1b', "an escape byte"},
	    {' ', "a space"},       {'\x7f', "a delete byte"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (byte == names[i].byte)
			return names[i].name;
	if (byte > ' ' && byte < 0x7f)
		(void)snprintf(out, 32, "'%c'", (int)byte);
	else
		(void)snprintf(out, 32, "byte 0x%02x", (unsigned int)(byte & 0xff));
	return out;
}

/* Faults of one record. */
static void say_record(const struct slice_fault *fault, char what[WHAT_MAX])
{
	char byte[32];

	switch (fault->kind) {
	case FAULT_NO_AT:
		(void)snprintf(what, WHAT_MAX, "begins with %s, not with '@'",
		               byte_name(fault->value, byte));
		break;
	case FAULT_NO_PLUS:
		(void)snprintf(what, WHAT_MAX,
		               "third line begins with %s, not with '+'; sequence and quality must "
		               "each be on one line",
		               byte_name(fault->value, byte));
		break;
	case FAULT_PLUS_NAME:
		(void)snprintf(what, WHAT_MAX,
		               "the name behind '+' is another one than behind '@'; it must be "
		               "the same, or be left out");
		break;
	case FAULT_LENGTHS:
		(void)snprintf(what, WHAT_MAX,
		               "sequence has %" PRIu64 " bases but quality has %" PRIu64
		               " values; both must have the same length",
		               fault->value, fault->value2);
		break;
	case FAULT_QUALITY_BYTE:
		(void)snprintf(what, WHAT_MAX, "%s in the quality, which must be of '!' to '~'",
		               byte_name(fault->value, byte));
		break;
	case FAULT_SEQUENCE_BYTE:
		(void)snprintf(what, WHAT_MAX,
		               "%s in the sequence, which must not hold white space, control "
		               "bytes or non-ASCII",
		               byte_name(fault->value, byte));
		break;
	case FAULT_COLOURSPACE:
		(void)snprintf(what, WHAT_MAX,
		               "is in colourspace (SOLiD), which cannot be counted: %" PRIu64
		               " characters of sequence, %" PRIu64
		               " quality values; convert it to bases first",
		               fault->value, fault->value2);
		break;
	case FAULT_TRUNCATED:
		(void)snprintf(what, WHAT_MAX,
		               "the file ends within the record, which needs four lines; the copy "
		               "may be incomplete");
		break;
	default:
		(void)snprintf(what, WHAT_MAX, "has a line that is longer than %" PRIu64 " bytes",
		               fault->value);
		break;
	}
}

/* Faults of the file around the records; `records` complete ones were read before. */
static void say_file(const struct slice_fault *fault, uint64_t records, char what[WHAT_MAX])
{
	uint64_t at = fault->value;

	switch (fault->kind) {
	case FAULT_GZIP_TRUNCATED:
		(void)snprintf(what, WHAT_MAX,
		               "gzip stream ends early at byte %" PRIu64 " (%" PRIu64
		               " complete records read); the copy may be incomplete",
		               at, records);
		break;
	case FAULT_GZIP_DATA:
		(void)snprintf(what, WHAT_MAX,
		               "gzip data cannot be decoded at byte %" PRIu64 " (%" PRIu64
		               " complete records read); the file is damaged",
		               at, records);
		break;
	case FAULT_GZIP_CRC:
		(void)snprintf(what, WHAT_MAX,
		               "CRC or length of the gzip member at byte %" PRIu64
		               " is wrong (%" PRIu64 " complete records read); the file is damaged",
		               fault->at.block, records);
		break;
	case FAULT_GZIP_GARBAGE:
		(void)snprintf(what, WHAT_MAX,
		               "bytes that are no gzip follow the gzip member before byte %" PRIu64
		               " (%" PRIu64 " complete records read); the file is damaged, or "
		               "something was added to it",
		               at, records);
		break;
	case FAULT_CHANGED:
		(void)snprintf(what, WHAT_MAX,
		               "changed while it was read (at byte %" PRIu64
		               "); it must stay as it is until the job has ended",
		               at);
		break;
	default:
		(void)snprintf(what, WHAT_MAX, "cannot be read at byte %" PRIu64 ": %s", at,
		               strerror(fault->error_number));
		break;
	}
}

static void say_where(struct text_place at, enum file_kind kind, char where[WHERE_MAX])
{
	if (kind == FILE_PLAIN)
		(void)snprintf(where, WHERE_MAX, "at byte %" PRIu64, at.block);
	else
		(void)snprintf(where, WHERE_MAX,
		               "in the text of the gzip member at byte %" PRIu64 ", offset %" PRIu64,
		               at.block, at.within);
}

int fault_sentence(const struct slice_fault *fault, enum file_kind kind, const char *path,
                   uint64_t records_before, struct error *err)
{
	uint64_t records = records_before + fault->record;
	char what[WHAT_MAX], where[WHERE_MAX];

	assert(fault->kind > FAULT_NONE && fault->kind < _FAULT_MAX && path);
	if (fault->kind >= FAULT_GZIP_TRUNCATED) {
		say_file(fault, records, what);
		return error_set(err, -EIO, ERROR_IO, "%s: %s", TEXT(path), what);
	}
	say_record(fault, what);
	say_where(fault->at, kind, where);
	return error_set(err, -EBADMSG, ERROR_DATA, "%s: record %" PRIu64 " %s: %s", TEXT(path),
	                 records + 1, where, what);
}
