/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of FASTQ files: see names.h. A name without its endings is taken apart from behind, word by word ('_' between them); where it is of
 * no known form all of it is the sample.
 */
#include "lib/qc/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>


/* What is left of a name: n bytes at text. */
struct stem {
	const char *text;
	size_t n;
};

static struct stem last_word(struct stem stem, char between)
{
	size_t at = stem.n;

	while (at > 0 && stem.text[at - 1] != between)
		at--;
	return (struct stem){stem.text + at, stem.n - at};
}

/* Without the word and what stands before it; nothing is left where the word was all. */
static struct stem without(struct stem stem, struct stem word)
{
	stem.n = (size_t)(word.text - stem.text);
	stem.n -= stem.n > 0;
	return stem;
}

static bool digits(struct stem word, size_t fewest, size_t most)
{
	for (size_t i = 0; i < word.n; i++)
		if (!isdigit((unsigned char)word.text[i]))
			return false;
	return word.n >= fewest && word.n <= most;
}

static bool all_of(struct stem word, const char *letters, size_t fewest)
{
	for (size_t i = 0; i < word.n; i++)
		if (!memchr(letters, word.text[i], strlen(letters)))
			return false;
	return word.n >= fewest;
}

/* A letter and a number: "L001". */
static bool lettered(struct stem word, char letter, size_t fewest, size_t most)
{
	return word.n > 1 && word.text[0] == letter && digits((struct stem){word.text + 1, word.n - 1}, fewest, most);
}

static uint32_t number(struct stem word)
{
	uint32_t value = 0;

	for (size_t i = 0; i < word.n; i++)
		value = value * 10 + (uint32_t)(word.text[i] - '0');
	return value;
}

static bool is_word(struct stem word, const char *text)
{
	return word.n == strlen(text) && memcmp(word.text, text, word.n) == 0;
}

static void ending_cut(struct stem *stem, const char *const *endings)
{
	for (; *endings; endings++) {
		size_t n = strlen(*endings);

		if (stem->n > n && memcmp(stem->text + stem->n - n, *endings, n) == 0) {
			stem->n -= n;
			return;
		}
	}
}

static struct stem stem_of(const char *path)
{
	static const char *const packed[] = {".gz", ".bgz", ".bgzf", ".bz2", ".zst", NULL};
	static const char *const kinds[] = {".fastq", ".fq", ".txt", NULL};
	const char *slash = strrchr(path, '/');
	struct stem stem = {slash ? slash + 1 : path, 0};

	stem.n = strlen(stem.text);
	ending_cut(&stem, packed);
	ending_cut(&stem, kinds);
	return stem;
}

/* ---- the forms: each cuts what it knows off the stem, or leaves it and says false */

/* bcl-convert "S1_S1_L001_R1_001", its forerunners "S1_ACGTAC_L001_R1_001", and what people write: "S1_R1", "S1.R2". */
static bool illumina(struct stem *stem, struct name_parts *parts)
{
	struct stem left = *stem, word = last_word(left, '_'), set = {0};

	if (digits(word, 3, 3)) {
		set = word;
		left = without(left, word);
		word = last_word(left, '_');
	}
	if (set.n == 0 && memchr(word.text, '.', word.n))
		word = last_word(left, '.');
	if (word.n != 2 || !((word.text[0] == 'R' && word.text[1] >= '1' && word.text[1] <= '4') ||
	                     (word.text[0] == 'I' && (word.text[1] == '1' || word.text[1] == '2'))))
		return false;
	left = without(left, word);
	if (left.n == 0)
		return false;
	parts->set = number(set);
	memcpy(parts->read, word.text, 2);
	word = last_word(left, '_');
	if (word.n < left.n && lettered(word, 'L', 3, 3)) {
		parts->lane = number((struct stem){word.text + 1, word.n - 1});
		left = without(left, word);
		word = last_word(left, '_');
	}
	if (set.n > 0 && word.n < left.n &&
	    (lettered(word, 'S', 1, 6) || (parts->lane && (all_of(word, "ACGTN+-", 6) || is_word(word, "NoIndex")))))
		left = without(left, word);
	*stem = left;
	return true;
}

/* Archives: "SRR123_1". MGI's machines: "V350_L01_17_1", where the barcode stays with the sample. */
static bool numbered(struct stem *stem, struct name_parts *parts)
{
	struct stem read = last_word(*stem, '_'), left = without(*stem, read), barcode = last_word(left, '_'), lane;

	if (read.n != 1 || (read.text[0] != '1' && read.text[0] != '2'))
		return false;
	if (left.n > 3 && memchr("SED", left.text[0], 3) && memcmp(left.text + 1, "RR", 2) == 0 &&
	    digits((struct stem){left.text + 3, left.n - 3}, 1, 20)) {
		*stem = left;
	} else {
		lane = last_word(without(left, barcode), '_');
		if (!digits(barcode, 1, 4) || lane.text == left.text || !lettered(lane, 'L', 2, 2))
			return false;
		parts->lane = number((struct stem){lane.text + 1, lane.n - 1});
		(void)snprintf(parts->sample, sizeof parts->sample, "%.*s_%.*s", (int)(lane.text - left.text - 1), left.text,
		               (int)barcode.n, barcode.text);
	}
	parts->read[0] = 'R';
	parts->read[1] = read.text[0];
	return true;
}

/* Nanopores: "FAO12345_pass_barcode01_0a1b2c3d_12": the run's marks go, what was passed and the barcode stay. */
static bool nanopore(struct stem *stem, struct name_parts *parts)
{
	struct stem set = last_word(*stem, '_'), left = without(*stem, set), word = last_word(left, '_');
	struct stem before;
	size_t marks = 0;

	if (!digits(set, 1, 9))
		return false;
	for (; marks < 2 && word.n < left.n && all_of(word, "0123456789abcdef", 8) && word.n <= 40; marks++) {
		left = without(left, word);
		word = last_word(left, '_');
	}
	before = last_word(without(left, word), '_');
	if (marks == 0 || !(is_word(word, "pass") || is_word(word, "fail") || is_word(word, "skip") || is_word(before, "pass") ||
	                    is_word(before, "fail") || is_word(before, "skip")))
		return false;
	parts->set = number(set);
	*stem = left;
	return true;
}

void name_parse(const char *path, struct name_parts *ret)
{
	struct stem stem = stem_of(path);

	*ret = (struct name_parts){0};
	if (!illumina(&stem, ret) && !numbered(&stem, ret))
		(void)nanopore(&stem, ret);
	if (!ret->sample[0]) /* of bytes, not of letters: what is cut is cut anywhere */
		(void)snprintf(ret->sample, sizeof ret->sample, "%.*s",
		               stem.n < sizeof ret->sample ? (int)stem.n : (int)sizeof ret->sample - 1, stem.text);
}

/* "s2" before "s10". */
static int text_order(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			size_t n, m;

			a += strspn(a, "0");
			b += strspn(b, "0");
			n = strspn(a, "0123456789");
			m = strspn(b, "0123456789");
			if (n != m || memcmp(a, b, n) != 0)
				return n != m ? (n > m) - (n < m) : memcmp(a, b, n);
			a += n;
			b += n;
			continue;
		}
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		a++;
		b++;
	}
	return (*a != '\0') - (*b != '\0');
}

int name_order(const struct name_parts *a, const struct name_parts *b)
{
	int order = text_order(a->sample, b->sample);

	if (order == 0)
		order = strcmp(a->sample, b->sample); /* "s01" and "s1" */
	if (order == 0)
		order = (a->lane > b->lane) - (a->lane < b->lane);
	if (order == 0)
		order = strcmp(a->read, b->read);
	return order ? order : (a->set > b->set) - (a->set < b->set);
}
