/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all sections are made with: see derive.h. */
#include "lib/qc/derive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

#define MEMORY_PIECE (32u << 10) /* bytes asked for at once */
#define MEMORY_ALIGN _Alignof(max_align_t)

struct derive_memory {
	struct derive_memory *next;
	size_t used, size;
	max_align_t bytes[];
};

void derive_memory_free(struct derive_memory *memory)
{
	while (memory) {
		struct derive_memory *next = memory->next;

		free(memory);
		memory = next;
	}
}

void *derive_alloc(struct derive *derive, size_t n, size_t size)
{
	struct derive_memory *memory = *derive->memory;
	size_t bytes;
	char *at;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + MEMORY_ALIGN - 1) / MEMORY_ALIGN * MEMORY_ALIGN;
	if (!memory || bytes > memory->size - memory->used) {
		size_t room = bytes > MEMORY_PIECE ? bytes : MEMORY_PIECE;

		memory = calloc(1, sizeof *memory + room);
		if (!memory)
			return NULL;
		memory->size = room;
		memory->next = *derive->memory;
		*derive->memory = memory;
	}
	at = (char *)memory->bytes + memory->used;
	memory->used += bytes;
	return at;
}

int derive_partial(struct derive *derive)
{
	return error_set(derive->err, -EINVAL, ERROR_SOFTWARE, "these are not the counters of a whole file");
}

const char *derive_text(struct derive *derive, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n >= 0)
		text = derive_alloc(derive, (size_t)n + 1, 1);
	if (!text)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

const char *derive_letters(struct derive *derive, const uint8_t *bytes, size_t n)
{
	static const char nul[] = "\\x00";
	char *text = derive_alloc(derive, n + 1, sizeof nul), *at = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != '\0')
			*at++ = (char)bytes[i];
		else
			at = stpcpy(at, nul);
	return text;
}

int derive_integer(struct derive *derive, int64_t integer, struct cell *ret)
{
	if (integer >= 0)
		*ret = cell_number((uint64_t)integer);
	else
		*ret = cell_text(derive_text(derive, "%" PRId64, integer));
	return ret->kind == CELL_TEXT && !ret->text ? -ENOMEM : 0;
}

int derive_table(struct derive *derive, struct section *section, const char *const *columns, size_t columns_n, size_t rows_n)
{
	section->cells = derive_alloc(derive, rows_n, columns_n * sizeof *section->cells);
	if (!section->cells)
		return -ENOMEM;
	section->columns = columns;
	section->columns_n = columns_n;
	section->rows_n = rows_n;
	return 0;
}

struct cell *section_row(const struct section *section, size_t row)
{
	return (struct cell *)section->cells + row * section->columns_n;
}

int derive_groups_filled(struct derive *derive, uint64_t n, struct groups *ret)
{
	_cleanup_(freep) struct base_group *groups = NULL;
	const struct report_options *options = derive->options;
	enum base_grouping grouping = options->nogroup     ? GROUPING_NONE
	                              : options->expgroup ? GROUPING_GROWING
	                                                  : GROUPING_LINEAR;
	struct base_group *of;
	const char **labels;
	size_t groups_n;
	int r;

	r = base_groups_make(n > options->min_length ? n : options->min_length, grouping, &groups, &groups_n);
	if (r < 0)
		return r;
	of = derive_alloc(derive, groups_n, sizeof *of);
	labels = derive_alloc(derive, groups_n, sizeof *labels);
	if (!of || !labels)
		return -ENOMEM;
	for (size_t i = 0; i < groups_n; i++) {
		of[i] = groups[i];
		if (of[i].from == of[i].to)
			labels[i] = derive_text(derive, "%" PRIu64, of[i].from);
		else
			labels[i] = derive_text(derive, "%" PRIu64 "-%" PRIu64, of[i].from, of[i].to);
		if (!labels[i])
			return -ENOMEM;
	}
	*ret = (struct groups){groups_n, of, labels};
	return 0;
}

int derive_groups(struct derive *derive, uint64_t n, struct groups *ret)
{
	if (derive->options->min_length > n)
		return error_set(derive->err, -EINVAL, ERROR_USAGE,
		                 "the least length of %" PRIu64 " that was asked for is above that of the longest read, %" PRIu64,
		                 derive->options->min_length, n);
	return derive_groups_filled(derive, n, ret);
}
