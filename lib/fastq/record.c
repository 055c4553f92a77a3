/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One FASTQ record out of a piece of text: see record.h. A ladder of the four lines. */
#include "lib/fastq/record.h"

#include <assert.h>
#include <string.h>

/* A blank third line is "truncated" where nothing but this many line ends follow to the end of the text. */
#define BLANK_TAIL_MAX 4096

struct cursor {
	const struct record_rules *rules;
	const uint8_t *p, *end;
	enum text_tail tail;
	struct record *record;
	struct record_fault *fault;
};

static enum record_outcome fail(struct cursor *c, enum fault_kind kind, const uint8_t *at,
                                uint64_t value, uint64_t value2)
{
	*c->fault = (struct record_fault){
	    .kind = kind,
	    .at = at,
	    .value = value,
	    .value2 = value2,
	};
	return RECORD_FAULT;
}

/* The text of the piece is used up within the record. */
static enum record_outcome run_out(struct cursor *c)
{
	if (c->tail == TEXT_ENDS)
		return fail(c, FAULT_TRUNCATED, c->end, 0, 0);
	return RECORD_PARTIAL;
}

/* Steps over the line end at e. A CR that is the last byte may be half of a CRLF. */
static enum record_outcome step_over(struct cursor *c, const uint8_t *e)
{
	assert(e < c->end && byte_ends_line(*e));
	if (*e == '\r' && e + 1 == c->end && c->tail == TEXT_GOES_ON)
		return RECORD_PARTIAL;
	c->p = e + 1;
	if (*e == '\r' && c->p < c->end && *c->p == '\n')
		c->p++;
	return RECORD_WHOLE;
}

/* The line of a header or of '+', whose first byte was checked. */
static enum record_outcome take_name(struct cursor *c, const uint8_t **ret_name, size_t *ret_n)
{
	const uint8_t *name = c->p + 1, *e = c->rules->span->line(name, c->end);

	if ((uint64_t)(e - name) > LINE_NAME_MAX)
		return fail(c, FAULT_TOO_LONG, name + LINE_NAME_MAX, LINE_NAME_MAX, 0);
	if (e == c->end)
		return run_out(c);
	*ret_name = name;
	*ret_n = (size_t)(e - name);
	return step_over(c, e);
}

static enum record_outcome take_header(struct cursor *c)
{
	enum record_outcome k;
	size_t n;

	if (*c->p != '@')
		return fail(c, FAULT_NO_AT, c->p, *c->p, 0);
	k = take_name(c, &c->record->name, &n);
	if (k == RECORD_WHOLE)
		c->record->name_length = (uint32_t)n;
	return k;
}

/* Where the sequence or quality line at c->p ends: at a line end, at the piece's end, or at a byte it may not hold. */
static enum record_outcome span_data(struct cursor *c, const uint8_t **ret_e)
{
	const struct span_ops *span = c->rules->span;
	const uint8_t *e = c->rules->lenient ? span->line(c->p, c->end) : span->graph(c->p, c->end);

	if ((uint64_t)(e - c->p) > c->rules->read_max)
		return fail(c, FAULT_TOO_LONG, c->p + c->rules->read_max, c->rules->read_max, 0);
	*ret_e = e;
	return RECORD_WHOLE;
}

static enum record_outcome take_sequence(struct cursor *c)
{
	enum record_outcome k;
	const uint8_t *e;

	k = span_data(c, &e);
	if (k != RECORD_WHOLE)
		return k;
	if (e == c->end)
		return run_out(c);
	if (!byte_ends_line(*e))
		return fail(c, FAULT_SEQUENCE_BYTE, e, *e, 0);
	c->record->sequence = c->p;
	c->record->length = (uint32_t)(e - c->p);
	return step_over(c, e);
}

static enum record_outcome blank_third_line(struct cursor *c)
{
	const uint8_t *p = c->p;

	while (p < c->end && p - c->p < BLANK_TAIL_MAX && byte_ends_line(*p))
		p++;
	if (p == c->end && p - c->p < BLANK_TAIL_MAX)
		return run_out(c);
	return fail(c, FAULT_NO_PLUS, c->p, *c->p, 0);
}

/* Behind '+': nothing, the header, or the header's first word. */
static bool same_name(const struct record *record, const uint8_t *name, size_t n)
{
	if (n == 0)
		return true;
	if (n > record->name_length || memcmp(name, record->name, n) != 0)
		return false;
	return n == record->name_length || record->name[n] == ' ' || record->name[n] == '\t';
}

static enum record_outcome take_plus(struct cursor *c)
{
	enum record_outcome k;
	const uint8_t *name;
	size_t n;

	if (c->p == c->end)
		return run_out(c);
	if (byte_ends_line(*c->p))
		return blank_third_line(c);
	if (*c->p != '+')
		return fail(c, FAULT_NO_PLUS, c->p, *c->p, 0);
	k = take_name(c, &name, &n);
	if (k != RECORD_WHOLE)
		return k;
	if (!c->rules->lenient && !same_name(c->record, name, n))
		return fail(c, FAULT_PLUS_NAME, name, 0, 0);
	return RECORD_WHOLE;
}

static enum record_outcome take_quality(struct cursor *c)
{
	struct record *record = c->record;
	enum record_outcome k;
	const uint8_t *e;

	k = span_data(c, &e);
	if (k != RECORD_WHOLE)
		return k;
	if (e == c->end && (c->tail != TEXT_ENDS || e == c->p))
		return run_out(c);
	if (e < c->end && !byte_ends_line(*e))
		return fail(c, FAULT_QUALITY_BYTE, e, *e, 0);
	record->quality = c->p;
	record->quality_length = (uint32_t)(e - c->p);
	if (e < c->end)
		return step_over(c, e);
	c->p = e;
	return RECORD_WHOLE;
}

/* SOLiD: the primer's last base, then colours 0 to 6 or '.', at least one of them a digit (dots alone may be bases). */
static bool is_colourspace(const struct record *record)
{
	const uint8_t *s = record->sequence;
	bool digit = false;

	if (record->length < 2 || !s[0] || !strchr("ACGTNacgtn", s[0]))
		return false;
	for (uint32_t i = 1; i < record->length; i++) {
		if (!byte_is_colour(s[i]))
			return false;
		digit |= s[i] != '.';
	}
	return digit;
}

enum record_outcome record_parse(const struct record_rules *rules, const uint8_t *p,
                                 const uint8_t *end, enum text_tail tail, struct record *ret,
                                 const uint8_t **ret_next, struct record_fault *ret_fault)
{
	static enum record_outcome (*const steps[])(struct cursor *) = {
	    take_header,
	    take_sequence,
	    take_plus,
	    take_quality,
	};
	struct cursor c = {
	    .rules = rules,
	    .p = p,
	    .end = end,
	    .tail = tail,
	    .record = ret,
	    .fault = ret_fault,
	};

	assert(p < end && !byte_ends_line(*p));
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		enum record_outcome k = steps[i](&c);

		if (k != RECORD_WHOLE)
			return k;
	}
	/* Colourspace often has a value less than colours; that it is colourspace says more. */
	if (is_colourspace(ret))
		return fail(&c, FAULT_COLOURSPACE, ret->sequence, ret->length, ret->quality_length);
	if (ret->length != ret->quality_length && !rules->lenient)
		return fail(&c, FAULT_LENGTHS, ret->quality, ret->length, ret->quality_length);
	*ret_next = c.p;
	return RECORD_WHOLE;
}
