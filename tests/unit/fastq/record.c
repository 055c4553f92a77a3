/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record: each rule by an example, and that a piece of text never gives another answer than the whole text. */
#include "lib/fastq/record_quick.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

#define QUICK_MOST 5 /* records taken the quick way at once */

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

/* Whether the records that the quick way takes are those of the slow way, which would have gone on there. */
static bool quick_agrees(const struct record_rules *rules, record_quick_fn quick, const uint8_t *p,
                         const uint8_t *end, uint32_t length)
{
	struct record records[QUICK_MOST];
	struct quick_take take = {
	    .p = p,
	    .stop = end,
	    .end = end,
	    .read_max = rules->read_max,
	    .length = length,
	    .most = QUICK_MOST,
	    .records = records,
	};

	quick(&take);
	for (uint32_t i = 0; i < take.n; i++) {
		struct record slow = {0};
		struct record_fault fault = {0};

		if (record_parse(rules, p, end, TEXT_ENDS, &slow, &p, &fault) != RECORD_WHOLE ||
		    !same_record(&slow, &records[i]))
			return false;
	}
	return p == take.p;
}

/* By each instruction set, for each length that may be expected. */
static bool all_quick_agree(const struct record_rules *rules, const uint8_t *p, const uint8_t *end)
{
	record_quick_fn quick;
	bool agree = true;

	for (size_t i = 0; (quick = record_quick_get(i)); i++)
		for (uint32_t length = 0; length < 18; length++)
			agree &= quick_agrees(rules, quick, p, end, length);
	return agree;
}

static size_t add_bytes(uint8_t *to, uint8_t byte, size_t n)
{
	memset(to, byte, n);
	return n;
}

/*
 * Four ordinary records, one of them of another length, with a byte at each place in turn changed to each value: what the quick way
 * takes is right, and with no change it takes them all.
 */
static void try_each_byte(size_t i, uint32_t length)
{
	const struct record_rules rules = {.span = span_ops_best(), .read_max = 1000};
	const record_quick_fn quick = record_quick_get(i);
	struct record records[QUICK_MOST];
	uint8_t text[4 * 700 + SPAN_SLACK] = {0};
	struct quick_take take = {.p = text, .read_max = 1000, .most = QUICK_MOST, .records = records};
	uint64_t wrong = 0;
	size_t n = 0;

	for (uint32_t k = 0; k < 4; k++) {
		uint32_t bases = k == 2 ? length / 2 : length;

		n += add_bytes(text + n, '@', 1) + add_bytes(text + n + 1, 'n', 60 + k);
		n += add_bytes(text + n, '\n', 1) + add_bytes(text + n + 1, 'A', bases);
		n += add_bytes(text + n, '\n', 1) + add_bytes(text + n + 1, '+', 1);
		n += add_bytes(text + n, '\n', 1) + add_bytes(text + n + 1, 'I', bases);
		n += add_bytes(text + n, '\n', 1);
	}
	take.stop = take.end = text + n;
	quick(&take);
	ok(take.n == 4 && take.p == take.end, "%s: takes all that is ordinary, with %u bases",
	   span_ops_get(i)->name, length);
	for (size_t at = 0; at < n; at++)
		for (unsigned int byte = 0; byte < 256; byte += at % 7 == 0 ? 1 : 13) {
			uint8_t was = text[at];

			text[at] = (uint8_t)byte;
			wrong += !quick_agrees(&rules, quick, text, text + n, length);
			text[at] = was;
		}
	is_u64(wrong, 0, "%s: takes nothing else, with %u bases", span_ops_get(i)->name, length);
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
			quick_wrong += !all_quick_agree(&rules, p, end);
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
	for (size_t i = 0; span_ops_get(i); i++) {
		try_each_byte(i, 20);
		try_each_byte(i, 150);
		try_each_byte(i, 256);
	}
	return done_testing();
}
