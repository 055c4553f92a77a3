/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records the quick way: see record_quick.h.
 *
 * Most reads are as long as the one before. So the line ends are looked for where they would be then, and one pass over sequence
 * and quality says whether any byte is outside '!'..'~', of which line ends are some. Only where the header ends is searched for.
 * A read of another length costs a search for its end.
 */
#include "lib/fastq/record_quick.h"

#include <string.h>

#include "lib/fastq/span_x86.h"

#define INLINE static inline __attribute__((always_inline))

/* What the loop needs of an instruction set. */
struct steps {
	const uint8_t *(*line)(const uint8_t *p, const uint8_t *end);
	const uint8_t *(*graph)(const uint8_t *p, const uint8_t *end);
	bool (*both_graph)(const uint8_t *a, const uint8_t *b, uint32_t n);
	/* take_any() of these steps as a function to call, to keep the loop small */
	const uint8_t *(*any)(const struct quick_take *take, const uint8_t *p,
	                      struct record *record);
};

/* Behind the '+' line at p, which has to be a bare '+' or '+' and the whole header; NULL otherwise. */
INLINE const uint8_t *behind_plus(const struct record *record, const uint8_t *p, const uint8_t *end)
{
	if (end - p < 2 || *p != '+')
		return NULL;
	if (p[1] == '\n')
		return p + 2;
	if (end - p < (ptrdiff_t)record->name_length + 2 || p[1 + record->name_length] != '\n' ||
	    memcmp(p + 1, record->name, record->name_length) != 0)
		return NULL;
	return p + 2 + record->name_length;
}

/* Whether the text from sequence to the record's end is laid out as with a bare '+' and a read of this length. */
INLINE bool laid_out(const uint8_t *sequence, const uint8_t *end, uint32_t length)
{
	return (uint64_t)(end - sequence) >= 2 * (uint64_t)length + 4 && sequence[length] == '\n' &&
	       sequence[length + 1] == '+' && sequence[length + 2] == '\n' &&
	       sequence[2 * (size_t)length + 3] == '\n';
}

/* The record whose sequence is at p and has any length: the byte behind it, or NULL. */
INLINE const uint8_t *take_any(const struct steps *steps, const struct quick_take *take,
                               const uint8_t *p, struct record *record)
{
	const uint8_t *e = steps->graph(p, take->end), *quality;

	if (e == take->end || *e != '\n' || (uint64_t)(e - p) > take->read_max)
		return NULL;
	record->length = (uint32_t)(e - p);
	quality = behind_plus(record, e + 1, take->end);
	if (!quality || take->end - quality <= record->length || quality[record->length] != '\n' ||
	    !steps->both_graph(quality, quality, record->length))
		return NULL;
	record->quality = quality;
	return quality + record->length + 1;
}

/* The record at p: the byte behind it, or NULL. */
INLINE const uint8_t *take_one(const struct steps *steps, const struct quick_take *take,
                               uint32_t length, const uint8_t *p, struct record *record)
{
	const uint8_t *e = steps->line(p, take->end), *next;

	if (*p != '@' || e == take->end || *e != '\n' || e - p > (ptrdiff_t)LINE_NAME_MAX)
		return NULL;
	record->name = p + 1;
	record->name_length = (uint32_t)(e - p - 1);
	p = e + 1;
	record->sequence = p;
	if (laid_out(p, take->end, length) && steps->both_graph(p, p + length + 3, length)) {
		record->length = length;
		record->quality = p + length + 3;
		next = p + 2 * (size_t)length + 4;
	} else {
		next = steps->any(take, p, record);
		if (!next)
			return NULL;
	}
	record->quality_length = record->length;
	return record->length > 1 && byte_is_colour(p[1]) ? NULL : next;
}

INLINE void take_all(const struct steps *steps, struct quick_take *take)
{
	const uint8_t *p = take->p, *stop = take->stop;
	uint32_t length = take->length <= take->read_max ? take->length : 0, before = length;
	struct record *record = take->records + take->n, *last = take->records + take->most;

	while (record < last && p < stop) {
		const uint8_t *next = take_one(steps, take, length, p, record);

		if (!next)
			break;
		/* Trimmed reads are shorter than those that were not trimmed. */
		if (record->length > length || record->length == before)
			length = record->length;
		before = record->length;
		record++;
		p = next;
	}
	take->p = p;
	take->length = length;
	take->n = (uint32_t)(record - take->records);
}

/* ---- portable: what the others are compared with */

static const uint8_t *portable_line(const uint8_t *p, const uint8_t *end)
{
	return span_ops_get(0)->line(p, end);
}

static const uint8_t *portable_graph(const uint8_t *p, const uint8_t *end)
{
	return span_ops_get(0)->graph(p, end);
}

static bool portable_both_graph(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	unsigned int outside = 0;

	for (uint32_t i = 0; i < n; i++)
		outside |= (unsigned int)!byte_is_graph(a[i]) | (unsigned int)!byte_is_graph(b[i]);
	return !outside;
}

#define QUICK(name, target, line, graph, both_graph)                                               \
	target __attribute__((noinline)) static const uint8_t *name##_any(                         \
	    const struct quick_take *take, const uint8_t *p, struct record *record)                \
	{                                                                                          \
		static const struct steps steps = {line, graph, both_graph, NULL};                 \
                                                                                                   \
		return take_any(&steps, take, p, record);                                          \
	}                                                                                          \
	target static void name##_quick(struct quick_take *take)                                   \
	{                                                                                          \
		static const struct steps steps = {line, graph, both_graph, name##_any};           \
                                                                                                   \
		take_all(&steps, take);                                                            \
	}

QUICK(portable, , portable_line, portable_graph, portable_both_graph)
#ifdef SPAN_X86
QUICK(sse2, TARGET_SSE2, sse2_span_line, sse2_span_graph, sse2_both_graph)
QUICK(avx2, TARGET_AVX2, avx2_span_line, avx2_span_graph, avx2_both_graph)
QUICK(avx512, TARGET_AVX512, avx512_span_line, avx512_span_graph, avx512_both_graph)
#endif

record_quick_fn record_quick_get(size_t i)
{
	static const record_quick_fn quick[] = {
	    portable_quick,
#ifdef SPAN_X86
	    sse2_quick,
	    avx2_quick,
	    avx512_quick,
#endif
	};

	return span_ops_get(i) ? quick[i] : NULL;
}

record_quick_fn record_quick_best(void)
{
	record_quick_fn best = NULL, quick;

	for (size_t i = 0; (quick = record_quick_get(i)); i++)
		best = quick;
	return best;
}
