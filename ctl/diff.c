/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two reports side by side: see diff.h. The rows of both are sorted by their keys and merged, so that a section costs no more than its
 * sorting. Columns are matched by their names: versions of FastQC differ in those of duplicates, and in the adapters.
 */
#include "ctl/diff.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

/* What of a section is compared. */
static const struct section_way {
	size_t keys;            /* fields of a row that say which it is */
	size_t first, last;     /* columns of values; last 0: to the end */
	bool share;             /* of the sum of the column, in per cent */
	bool zero;              /* a row that is missing has 0 */
} ways[_SECTION_MAX] = {
	[SECTION_QUALITY] = {.keys = 1, .first = 1},
	[SECTION_TILES] = {.keys = 2, .first = 2},
	[SECTION_SCORES] = {.keys = 1, .first = 1, .share = true, .zero = true},
	[SECTION_CONTENT] = {.keys = 1, .first = 1},
	[SECTION_GC] = {.keys = 1, .first = 1, .share = true, .zero = true},
	[SECTION_N] = {.keys = 1, .first = 1},
	[SECTION_LENGTHS] = {.keys = 1, .first = 1, .share = true, .zero = true},
	[SECTION_DUPLICATION] = {.keys = 1, .first = 1},
	[SECTION_OVERREPRESENTED] = {.keys = 1, .first = 2, .last = 2, .zero = true},
	[SECTION_ADAPTERS] = {.keys = 1, .first = 1},
	[SECTION_KMERS] = {.keys = 1, .first = 3, .last = 3, .zero = true},
};

struct side {
	const struct told_section *section;
	struct keyed *rows; /* sorted */
	double total;       /* of the first column of values */
};

struct keyed {
	const char *row;
	size_t n; /* bytes of its key */
};

static void side_deinit(struct side *side)
{
	free(side->rows);
}

static int key_order(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = memcmp(x->row, y->row, x->n < y->n ? x->n : y->n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static double value(const struct keyed *row, size_t column)
{
	size_t n = 0;
	const char *field = told_field(row->row, column, &n);
	char *end;
	double number;

	if (!field || n == 0)
		return (double)NAN;
	number = strtod(field, &end);
	return end == field + n ? number : (double)NAN;
}

static int side_init(struct side *side, const struct told *told, enum section_id id)
{
	const struct section_way *way = &ways[id];

	*side = (struct side){.section = &told->sections[id]};
	side->rows = calloc(side->section->rows_n + 1, sizeof *side->rows);
	if (!side->rows)
		return -ENOMEM;
	for (size_t i = 0; i < side->section->rows_n; i++) {
		struct keyed *row = &side->rows[i];
		size_t n = 0;
		const char *last = told_field(side->section->rows[i], way->keys - 1, &n);

		row->row = side->section->rows[i];
		row->n = last ? (size_t)(last - row->row) + n : strlen(row->row);
		if (way->share)
			side->total += value(row, way->first);
	}
	if (side->section->rows_n > 1)
		qsort(side->rows, side->section->rows_n, sizeof *side->rows, key_order);
	return 0;
}

static double value_of(const struct side *side, const struct keyed *row, size_t column, const struct section_way *way)
{
	double number = row ? value(row, column) : 0;

	return way->share && side->total > 0 ? 100 * number / side->total : number;
}

/* Whether the i-th of the names is the n bytes of name; blanks at the end are none of a name. -ENOENT: there is none. */
static int column_is(const char *names, size_t i, const char *name, size_t n)
{
	size_t k = 0;
	const char *found = told_field(names, i, &k);

	if (!found)
		return -ENOENT;
	while (n > 0 && name[n - 1] == ' ')
		n--;
	while (k > 0 && found[k - 1] == ' ')
		k--;
	return k == n && memcmp(found, name, n) == 0;
}

/* Which column has this name: that at *ret, where it has (adapters may share a name), else the first. false: none. */
static bool column_find(const char *names, const char *name, size_t n, size_t *ret)
{
	int is = column_is(names, *ret, name, n);

	for (size_t i = 0; is != 1; i++) {
		is = column_is(names, i, name, n);
		if (is < 0)
			return false;
		*ret = i;
	}
	return true;
}

/* Either may be NULL: the row is not there. */
static void rows_compare(const struct side *a, const struct keyed *x, const struct side *b, const struct keyed *y,
                         const struct section_way *way, struct diff_section *ret)
{
	const char *columns = (x ? a : b)->section->columns, *others = (x ? b : a)->section->columns;
	size_t n = 0;

	for (size_t i = way->first; columns && i < TOLD_FIELDS_MAX && (!way->last || i <= way->last); i++) {
		const char *column = told_field(columns, i, &n);
		size_t other = i;
		double p, q;

		if (!column)
			break;
		if (others && !column_find(others, column, n, &other))
			continue;
		p = value_of(a, x, x ? i : other, way);
		q = value_of(b, y, x ? other : i, way);
		if (!isfinite(p) || !isfinite(q) || (ret->compared && fabs(p - q) <= ret->most)) /* NaN is what FastQC does not know */
			continue;
		ret->compared = true;
		ret->most = fabs(p - q);
		ret->value_a = p;
		ret->value_b = q;
		ret->row = (x ? x : y)->row;
		ret->column = column;
	}
}

int diff_section(const struct told *a, const struct told *b, enum section_id id, struct diff_section *ret)
{
	const struct section_way *way = &ways[id];
	struct side x _cleanup_(side_deinit) = {0}, y _cleanup_(side_deinit) = {0};
	size_t i = 0, k = 0;

	*ret = (struct diff_section){
		.id = id,
		.a = a->there & 1u << id ? (int)a->sections[id].status : -1,
		.b = b->there & 1u << id ? (int)b->sections[id].status : -1,
	};
	if (ret->a < 0 || ret->b < 0 || way->keys == 0)
		return 0;
	if (side_init(&x, a, id) < 0 || side_init(&y, b, id) < 0)
		return -ENOMEM;
	while (i < x.section->rows_n || k < y.section->rows_n) {
		const struct keyed *p = i < x.section->rows_n ? &x.rows[i] : NULL, *q = k < y.section->rows_n ? &y.rows[k] : NULL;
		int order = !p ? 1 : !q ? -1 : key_order(p, q);

		ret->only_a += order < 0;
		ret->only_b += order > 0;
		if (order == 0 || way->zero)
			rows_compare(&x, order <= 0 ? p : NULL, &y, order >= 0 ? q : NULL, way, ret);
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

bool diff_worse(const struct diff_section *diff)
{
	return diff->a >= 0 && diff->b >= 0 && diff->b > diff->a;
}
