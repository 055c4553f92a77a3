/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: what a reader must find in a made text: see made.h. First all lines of the text, then the records of the lines;
 * one byte after the other, and nothing that lib/fastq has.
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"

struct line {
	size_t start, n;
	bool ended;
};

struct lines {
	struct line *list;
	size_t n;
};

struct parser {
	const struct made *made;
	uint64_t read_max;
	bool lenient;
	struct lines lines;
	size_t next;
	struct wanted *wanted;
};

static struct lines split(const struct bytes *text)
{
	struct lines lines = {.list = calloc(text->n + 1, sizeof *lines.list)};
	size_t start = 0, i = 0;

	assert(lines.list);
	while (i < text->n) {
		size_t n = i - start;
		bool cr = text->p[i] == 13, lf = text->p[i] == 10;

		i++;
		if (!cr && !lf)
			continue;
		if (cr && i < text->n && text->p[i] == 10)
			i++;
		lines.list[lines.n++] = (struct line){start, n, true};
		start = i;
	}
	if (start < text->n)
		lines.list[lines.n++] = (struct line){start, text->n - start, false};
	return lines;
}

static bool say(struct parser *p, enum fault_kind kind, size_t at, uint64_t value, uint64_t value2)
{
	struct slice_fault *fault = &p->wanted->fault;

	fault->kind = kind;
	fault->value = value;
	fault->value2 = value2;
	if (at < p->made->text.n)
		fault->at = p->made->places[at];
	else
		fault->at = (struct text_place){p->made->file.n, 0};
	return false;
}

/* The text is over and the record is not. */
static bool over(struct parser *p)
{
	if (!p->made->breaks)
		return say(p, FAULT_TRUNCATED, p->made->text.n, 0, 0);
	p->wanted->fault = p->made->fault;
	return false;
}

static bool is_last(const struct parser *p, const struct line *line)
{
	return line->start + line->n == p->made->text.n;
}

static bool check_data(struct parser *p, const struct line *line, enum fault_kind kind)
{
	for (size_t i = 0; i < line->n; i++) {
		uint8_t byte = p->made->text.p[line->start + i];

		if (!p->lenient && (byte < 33 || byte > 126))
			return say(p, kind, line->start + i, byte, 0);
		if (i == p->read_max)
			return say(p, FAULT_TOO_LONG, line->start + i, p->read_max, 0);
	}
	return true;
}

static bool check_plus(struct parser *p, const struct line *header, const struct line *plus)
{
	const uint8_t *text = p->made->text.p;
	const uint8_t *name = text + header->start + 1, *again = text + plus->start + 1;
	size_t word = 0;

	if (plus->n == 0) {
		size_t i = p->next;

		while (i < p->lines.n && p->lines.list[i].n == 0)
			i++;
		if (i == p->lines.n)
			return over(p);
		return say(p, FAULT_NO_PLUS, plus->start, text[plus->start], 0);
	}
	if (text[plus->start] != '+')
		return say(p, FAULT_NO_PLUS, plus->start, text[plus->start], 0);
	if (!plus->ended)
		return over(p);
	while (word < header->n - 1 && name[word] != ' ' && name[word] != '\t')
		word++;
	if (p->lenient || plus->n == 1 ||
	    (plus->n == header->n && memcmp(name, again, header->n - 1) == 0) ||
	    (plus->n - 1 == word && memcmp(name, again, word) == 0))
		return true;
	/* Not only the first word: the header up to any white space will do. */
	if (plus->n < header->n && memcmp(name, again, plus->n - 1) == 0 &&
	    (name[plus->n - 1] == ' ' || name[plus->n - 1] == '\t'))
		return true;
	return say(p, FAULT_PLUS_NAME, plus->start + 1, 0, 0);
}

static bool colours(const struct parser *p, const struct line *sequence)
{
	const uint8_t *s = p->made->text.p + sequence->start;
	size_t digits = 0;

	if (sequence->n < 2 || !strchr("ACGTN", toupper(s[0])) || !s[0])
		return false;
	for (size_t i = 1; i < sequence->n; i++) {
		if (s[i] != '.' && (s[i] < '0' || s[i] > '6'))
			return false;
		digits += s[i] != '.';
	}
	return digits > 0;
}

static const struct line *next_line(struct parser *p)
{
	return p->next < p->lines.n ? &p->lines.list[p->next++] : NULL;
}

static bool take_record(struct parser *p)
{
	const uint8_t *text = p->made->text.p;
	const struct line *header, *sequence, *plus, *quality;
	struct record record;

	header = next_line(p);
	if (text[header->start] != '@')
		return say(p, FAULT_NO_AT, header->start, text[header->start], 0);
	if (!header->ended || !(sequence = next_line(p)))
		return over(p);
	if (!check_data(p, sequence, FAULT_SEQUENCE_BYTE))
		return false;
	if (!sequence->ended || !(plus = next_line(p)))
		return over(p);
	if (!check_plus(p, header, plus))
		return false;
	if (!(quality = next_line(p)))
		return over(p);
	if (!check_data(p, quality, FAULT_QUALITY_BYTE))
		return false;
	if (!quality->ended && (p->made->breaks || !is_last(p, quality)))
		return over(p);
	if (colours(p, sequence))
		return say(p, FAULT_COLOURSPACE, sequence->start, sequence->n, quality->n);
	if (!p->lenient && sequence->n != quality->n)
		return say(p, FAULT_LENGTHS, quality->start, sequence->n, quality->n);
	record = (struct record){
	    .name = text + header->start + 1,
	    .name_length = (uint32_t)header->n - 1,
	    .sequence = text + sequence->start,
	    .length = (uint32_t)sequence->n,
	    .quality = text + quality->start,
	    .quality_length = (uint32_t)quality->n,
	};
	p->wanted->digest = digest_join(p->wanted->digest, digest_record(DIGEST_START, &record));
	p->wanted->records++;
	return true;
}

void want(const struct made *made, uint64_t read_max, bool lenient, struct wanted *ret)
{
	struct parser p = {
	    .made = made,
	    .read_max = read_max,
	    .lenient = lenient,
	    .lines = split(&made->text),
	    .wanted = ret,
	};

	*ret = (struct wanted){.digest = DIGEST_START};
	for (;;) {
		while (p.next < p.lines.n && p.lines.list[p.next].n == 0)
			p.next++;
		if (p.next == p.lines.n) {
			if (made->breaks)
				ret->fault = made->fault;
			break;
		}
		if (!take_record(&p))
			break;
	}
	free(p.lines.list);
}
