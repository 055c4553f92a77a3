/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the first record begins in a text that was entered in the middle: see guess.h. */
#include "lib/fastq/guess.h"

#include <assert.h>

enum line {
	LINE_HEADER = 0,
	LINE_SEQUENCE,
	LINE_PLUS,
	LINE_QUALITY,
	_LINE_MAX,
};

/* What became of one assumption about the first line. */
enum verdict {
	VERDICT_DEAD = 0,
	VERDICT_OPEN,   /* nothing against it, nothing for it either */
	VERDICT_PROVEN, /* a whole record, or the end of the text where it may be */
};

struct trial {
	const struct record_rules *rules;
	const uint8_t *p, *end;
	enum text_tail tail;
};

/* Skips one line of a record whose '@' lies before the text; `whole` where its first byte is in the text. */
static enum verdict skip_line(struct trial *t, enum line line, bool whole)
{
	const struct span_ops *span = t->rules->span;
	bool graph = !t->rules->lenient && (line == LINE_SEQUENCE || line == LINE_QUALITY);
	const uint8_t *e;

	if (whole && line == LINE_PLUS && t->p < t->end && *t->p != '+')
		return VERDICT_DEAD;
	e = graph ? span->graph(t->p, t->end) : span->line(t->p, t->end);
	if (e == t->end) {
		bool last = line == LINE_QUALITY && e > t->p;

		t->p = e;
		if (t->tail != TEXT_ENDS)
			return VERDICT_OPEN;
		return last ? VERDICT_PROVEN : VERDICT_DEAD;
	}
	if (!byte_ends_line(*e))
		return VERDICT_DEAD;
	t->p = e + 1;
	if (*e == '\r' && t->p < t->end && *t->p == '\n')
		t->p++;
	return VERDICT_PROVEN;
}

/* Records from t->p to the end of the text; *ret_start is where the first one begins. */
static enum verdict try_records(struct trial *t, const uint8_t **ret_start)
{
	enum verdict verdict = VERDICT_OPEN;

	*ret_start = NULL;
	for (;;) {
		struct record_fault fault;
		struct record record;

		while (t->p < t->end && byte_ends_line(*t->p))
			t->p++;
		if (!*ret_start)
			*ret_start = t->p;
		if (t->p == t->end)
			return t->tail == TEXT_ENDS ? VERDICT_PROVEN : verdict;
		switch (record_parse(t->rules, t->p, t->end, t->tail, &record, &t->p, &fault)) {
		case RECORD_WHOLE:
			verdict = VERDICT_PROVEN;
			break;
		case RECORD_PARTIAL:
			return verdict;
		case RECORD_FAULT:
			return VERDICT_DEAD;
		}
	}
}

static enum verdict try_line(struct trial *t, enum line first, enum guess_edge edge,
                             const uint8_t **ret_start)
{
	/* A record begins here only with a header line that is whole. */
	bool here = first == LINE_HEADER &&
	            (edge == EDGE_LINE || (edge == EDGE_UNKNOWN && t->p < t->end && *t->p == '@'));

	*ret_start = t->end;
	if (here)
		return try_records(t, ret_start);
	for (enum line line = first; line < _LINE_MAX; line++) {
		enum verdict verdict = skip_line(t, line, line != first || edge == EDGE_LINE);

		if (verdict != VERDICT_PROVEN)
			return verdict;
	}
	return try_records(t, ret_start);
}

enum guess_outcome guess_start(const struct record_rules *rules, const uint8_t *text, size_t n,
                               enum text_tail tail, enum guess_edge edge, size_t *ret_start)
{
	unsigned int alive = 0, proven = 0;
	size_t found = 0;

	if (n == 0 && tail == TEXT_ENDS) {
		*ret_start = 0;
		return GUESS_MADE;
	}
	for (enum line first = LINE_HEADER; first < _LINE_MAX; first++) {
		struct trial t = {.rules = rules, .p = text, .end = text + n, .tail = tail};
		const uint8_t *start;
		enum verdict verdict = try_line(&t, first, edge, &start);

		if (verdict == VERDICT_DEAD)
			continue;
		alive++;
		proven += verdict == VERDICT_PROVEN;
		found = (size_t)(start - text);
	}
	if (alive == 1 && proven == 1) {
		*ret_start = found;
		return GUESS_MADE;
	}
	return alive > 0 && tail == TEXT_GOES_ON ? GUESS_MORE : GUESS_UNSURE;
}
