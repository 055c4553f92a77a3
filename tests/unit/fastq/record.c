/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record: each rule by an example, and that a piece of text never gives another answer than the whole text. */
#include "lib/fastq/record.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	enum fault_kind kind;
	size_t at;
	bool lenient_too; /* the same fault when lenient */
} examples[] = {
    {"@x\nAC\n+\nII\n", FAULT_NONE, 0, true},
    {"@x\nAC\n+\nII", FAULT_NONE, 0, true},
    {"@x\r\nAC\r\n+\r\nII\r\n", FAULT_NONE, 0, true},
    {"@x\rAC\r+\rII\r", FAULT_NONE, 0, true},
    {"@x\nAC\n+x\nII\n", FAULT_NONE, 0, true},
    {"@x y\nAC\n+x\nII\n", FAULT_NONE, 0, true},
    {"@x y\nAC\n+x y\nII\n", FAULT_NONE, 0, true},
    {"@x\ty\nAC\n+x\nII\n", FAULT_NONE, 0, true},
    {"@\nA\n+\n+\n", FAULT_NONE, 0, true},
    {"@x\n\n+\n\n", FAULT_NONE, 0, true},
    {"@\x01\x80 \nA\n+\nI\n", FAULT_NONE, 0, true},
    {"@x\nA.\n+\nII\n", FAULT_NONE, 0, true},
    {"@x\n..\n+\nII\n", FAULT_NONE, 0, true},
    {"x\nAC\n+\nII\n", FAULT_NO_AT, 0, true},
    {"@x", FAULT_TRUNCATED, 2, true},
    {"@x\n", FAULT_TRUNCATED, 3, true},
    {"@x\nAC", FAULT_TRUNCATED, 5, true},
    {"@x\nAC\n", FAULT_TRUNCATED, 6, true},
    {"@x\nAC\n\n\n", FAULT_TRUNCATED, 8, true},
    {"@x\nAC\n+", FAULT_TRUNCATED, 7, true},
    {"@x\nAC\n+y", FAULT_TRUNCATED, 8, true},
    {"@x\nAC\n+\n", FAULT_TRUNCATED, 8, true},
    {"@x\n\n+\n", FAULT_TRUNCATED, 6, true},
    {"@x\nAC\n\nGT\n", FAULT_NO_PLUS, 6, true},
    {"@x\nAC\nGT\n+\nIIII\n", FAULT_NO_PLUS, 6, true},
    {"@x\nAC\n+y\nII\n", FAULT_PLUS_NAME, 7, false},
    {"@xy\nAC\n+x\nII\n", FAULT_PLUS_NAME, 8, false},
    {"@x\nAC\n+x y\nII\n", FAULT_PLUS_NAME, 7, false},
    {"@x\nA C\n+\nIII\n", FAULT_SEQUENCE_BYTE, 4, false},
    {"@x\nA\x80" "C\n+\nIII\n", FAULT_SEQUENCE_BYTE, 4, false},
    {"@x\nAC\n+\nI \n", FAULT_QUALITY_BYTE, 10 - 1, false},
    {"@x\nAC\n+\nI\x7f\n", FAULT_QUALITY_BYTE, 9, false},
    {"@x\nAC\n+\nI\n", FAULT_LENGTHS, 8, false},
    {"@x\nAC\n+\nIII\n", FAULT_LENGTHS, 8, false},
    {"@x\nT01.\n+\nIIII\n", FAULT_COLOURSPACE, 3, true},
    {"@x\nT01.\n+\nIII\n", FAULT_COLOURSPACE, 3, true},
    {"@x\nACGTACGTA\n+\nIIIIIIIII\n", FAULT_TOO_LONG, 3 + 8, true},
    {"@x\nACGTACG\n+\nIIIIIIIII\n", FAULT_TOO_LONG, 13 + 8, true},
};

static struct record_rules rules_of(bool lenient)
{
	return (struct record_rules){
	    .span = span_ops_best(),
	    .read_max = 8,
	    .lenient = lenient,
	};
}

static void try_example(size_t i, bool lenient)
{
	struct record_rules rules = rules_of(lenient);
	enum fault_kind wanted = examples[i].kind;
	uint8_t text[256] = {0};
	size_t n = strlen(examples[i].text);
	struct record_fault fault = {0};
	struct record record;
	const uint8_t *next = NULL;

	if (lenient && !examples[i].lenient_too)
		wanted = FAULT_NONE;
	memcpy(text, examples[i].text, n);
	(void)record_parse(&rules, text, text + n, TEXT_ENDS, &record, &next, &fault);
	if (wanted == FAULT_NONE)
		ok(fault.kind == FAULT_NONE && next == text + n, "example %zu%s is good", i,
		   lenient ? ", lenient," : "");
	else
		ok(fault.kind == wanted && fault.at == text + examples[i].at,
		   "example %zu%s is fault %d", i, lenient ? ", lenient," : "", wanted);
}

static bool same_record(const struct record *a, const struct record *b)
{
	return a->name == b->name && a->name_length == b->name_length &&
	       a->sequence == b->sequence && a->length == b->length && a->quality == b->quality &&
	       a->quality_length == b->quality_length;
}

/* Whether each piece of the text says "partial" or the same as the whole text. */
static bool pieces_agree(const struct record_rules *rules, const uint8_t *p, const uint8_t *end)
{
	struct record whole = {0}, part = {0};
	struct record_fault whole_fault = {0}, part_fault = {0};
	const uint8_t *whole_next = NULL, *next = NULL;
	enum record_outcome k = record_parse(rules, p, end, TEXT_ENDS, &whole, &whole_next,
	                                     &whole_fault);

	for (const uint8_t *cut = p + 1; cut <= end; cut++) {
		enum record_outcome piece =
		    record_parse(rules, p, cut, TEXT_GOES_ON, &part, &next, &part_fault);

		if (piece == RECORD_PARTIAL)
			continue;
		if (piece != k)
			return false;
		if (piece == RECORD_FAULT &&
		    (part_fault.kind != whole_fault.kind || part_fault.at != whole_fault.at))
			return false;
		if (piece == RECORD_WHOLE && (next != whole_next || !same_record(&part, &whole)))
			return false;
	}
	return true;
}

/* Whether the quick way, where it gives an answer, gives that of the slow way. */
static bool quick_agrees(const struct record_rules *rules, const uint8_t *p, const uint8_t *end)
{
	for (uint32_t guess = 0; guess < 18; guess++) {
		struct record slow = {0}, quick = {0};
		struct record_fault fault = {0};
		const uint8_t *next = NULL, *quick_next;

		quick_next = record_parse_quick(rules, p, end, guess, &quick);
		if (!quick_next)
			continue;
		if (record_parse(rules, p, end, TEXT_ENDS, &slow, &next, &fault) != RECORD_WHOLE ||
		    next != quick_next || !same_record(&slow, &quick))
			return false;
	}
	return true;
}

static void try_made(unsigned int texts)
{
	static const uint8_t slack[SPAN_SLACK];
	uint64_t random = 11, pieces_wrong = 0, quick_wrong = 0;

	for (unsigned int i = 0; i < texts; i++) {
		struct record_rules rules = rules_of(i % 4 == 0);
		struct made made = {0};
		const uint8_t *p, *end;

		make_text(&made, &random);
		bytes_add(&made.text, slack, sizeof slack);
		p = made.text.p;
		end = p + made.text.n - sizeof slack;
		while (p < end && byte_ends_line(*p))
			p++;
		if (p < end) {
			pieces_wrong += !pieces_agree(&rules, p, end);
			rules.lenient = false;
			quick_wrong += !quick_agrees(&rules, p, end);
		}
		made_deinit(&made);
	}
	is_u64(pieces_wrong, 0, "pieces of %u texts say what the texts say", texts);
	is_u64(quick_wrong, 0, "the quick way says what the slow way says");
}

int main(void)
{
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		try_example(i, false);
		try_example(i, true);
	}
	try_made(5000);
	return done_testing();
}
