/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which word was meant: see near.h. */
#include "lib/base/near.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MAX 31 /* letters; of longer words nothing is guessed */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that make b of a: three rows of the usual table. */
static size_t distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t k = 0; k <= b_n; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= a_n; i++) {
		size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= b_n; k++) {
			row[k] = smaller(smaller(before[k], row[k - 1]) + 1, before[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = smaller(row[k], two_before[k - 2] + 1);
		}
	}
	return rows[a_n % 3][b_n];
}

bool near_word(const char *word, const char *name)
{
	size_t word_n = strlen(word), name_n = strlen(name);

	if (word_n < 2 || word_n > WORD_MAX || name_n > WORD_MAX)
		return false;
	return strncmp(word, name, word_n) == 0 || distance(word, word_n, name, name_n) <= (word_n > 5 ? 2U : 1U);
}
