/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows for people and for programs: see table.h. */
#include "ctl/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/json.h"
#include "lib/base/text.h"

struct cell {
	char *text;
	uint64_t number;
	bool is_number;
};

struct table {
	const struct table_column *columns;
	size_t columns_n;
	struct cell *cells;
	size_t n, room;
};

#define SHRINKS_TO 8 /* columns of the terminal that a column keeps */

int table_new(const struct table_column *columns, size_t n, struct table **ret)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table)
		return -ENOMEM;
	table->columns = columns;
	table->columns_n = n;
	*ret = table;
	return 0;
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->n; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
	return NULL;
}

static int cell_add(struct table *table, const char *text, uint64_t number, bool is_number)
{
	if (table->n == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		struct cell *cells = reallocarray(table->cells, room, sizeof *cells);

		if (!cells)
			return -ENOMEM;
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->n] = (struct cell){.text = strdup(text), .number = number, .is_number = is_number};
	if (!table->cells[table->n].text)
		return -ENOMEM;
	table->n++;
	return 0;
}

int table_text(struct table *table, const char *text)
{
	char safe[5000];

	return cell_add(table, text_sentence(safe, sizeof safe, text), 0, false);
}

int table_number(struct table *table, const char *shown, uint64_t number)
{
	return cell_add(table, shown, number, true);
}

int table_count(struct table *table, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	return table_number(table, text, number);
}

/* ---- the order of rows */

struct order {
	const struct table *table;
	const struct table_shape *shape;
};

static int rows_compare(const void *a, const void *b, void *data)
{
	const struct order *order = data;
	size_t first = *(const size_t *)a, second = *(const size_t *)b;

	for (size_t i = 0; i < order->shape->sort_n; i++) {
		const struct cell *x = &order->table->cells[first + order->shape->sort[i].column];
		const struct cell *y = &order->table->cells[second + order->shape->sort[i].column];
		int way = x->is_number && y->is_number ? (x->number > y->number) - (x->number < y->number)
		                                       : strverscmp(x->text, y->text);

		if (way != 0)
			return order->shape->sort[i].down ? -way : way;
	}
	return (first > second) - (first < second);
}

/* Where each row begins, in the order in which they are shown. NULL: no memory. */
static size_t *rows_order(const struct table *table, const struct table_shape *shape, size_t *ret_n)
{
	size_t n = table->columns_n ? table->n / table->columns_n : 0;
	struct order order = {.table = table, .shape = shape};
	size_t *rows = calloc(n + 1, sizeof *rows);

	for (size_t i = 0; rows && i < n; i++)
		rows[i] = i * table->columns_n;
	if (rows && shape->sort_n > 0)
		qsort_r(rows, n, sizeof *rows, rows_compare, &order);
	*ret_n = n;
	return rows;
}

/* ---- aligned */

/* A line of a table: its columns are cut to their room and the line to the terminal. */
struct line {
	FILE *out;
	unsigned width, used; /* of the terminal; 0: any */
};

static void line_put(struct line *line, const char *text, size_t n, unsigned columns)
{
	if (line->width && line->used + columns > line->width) {
		n = text_fit(text, line->width - line->used) < n ? text_fit(text, line->width - line->used) : n;
		columns = line->width - line->used;
	}
	(void)fwrite(text, 1, n, line->out);
	line->used += columns;
}

/* A text that is too wide: its beginning, or of a path its end, and a + for the rest. */
static void cell_cut(char *out, size_t size, const char *text, unsigned room)
{
	if (text[0] != '/') {
		(void)snprintf(out, size, "%.*s+", (int)text_fit(text, room - 1), text);
		return;
	}
	for (unsigned columns = text_columns(text); *text && columns > room - 1; columns = text_columns(text)) {
		size_t n = text_fit(text, 1) ? text_fit(text, 1) : text_fit(text, 2);

		text += n ? n : 1;
	}
	(void)snprintf(out, size, "+%s", text);
}

static void line_cell(struct line *line, const char *text, unsigned room, bool right, bool last)
{
	unsigned takes = text_columns(text);
	char cut[512];

	if (takes > room) {
		cell_cut(cut, sizeof cut, text, room);
		text = cut;
		takes = text_columns(cut);
	}
	for (unsigned i = takes; right && i < room; i++)
		line_put(line, " ", 1, 1);
	line_put(line, text, strlen(text), takes);
	for (unsigned i = takes; !right && !last && i < room; i++)
		line_put(line, " ", 1, 1);
	if (!last)
		line_put(line, "  ", 2, 2);
}

/* As wide as the widest cell; where that is too wide for the terminal, some give up room. */
static void rooms_find(const struct table *table, const struct table_shape *shape, unsigned *room)
{
	unsigned all = 0;

	for (size_t i = 0; i < shape->shown_n; i++) {
		size_t column = shape->shown[i];

		room[i] = shape->bare ? 0 : text_columns(table->columns[column].header);
		for (size_t j = column; j < table->n; j += table->columns_n) {
			unsigned takes = text_columns(table->cells[j].text);

			room[i] = takes > room[i] ? takes : room[i];
		}
		all += room[i] + (i > 0 ? 2 : 0);
	}
	for (size_t i = 0; shape->width && all > shape->width && i < shape->shown_n; i++) {
		unsigned over = all - shape->width;

		if (!table->columns[shape->shown[i]].shrinks || room[i] <= SHRINKS_TO)
			continue;
		over = over < room[i] - SHRINKS_TO ? over : room[i] - SHRINKS_TO;
		room[i] -= over;
		all -= over;
	}
}

static void print_aligned(const struct table *table, const struct table_shape *shape, const size_t *rows, size_t n, FILE *out)
{
	unsigned room[TABLE_COLUMNS_MAX];
	size_t first = shape->bare ? 1 : 0;

	rooms_find(table, shape, room);
	for (size_t row = first; row <= n; row++) {
		struct line line = {.out = out, .width = shape->width};

		for (size_t i = 0; i < shape->shown_n; i++) {
			const struct table_column *column = &table->columns[shape->shown[i]];
			const char *text = row == 0 ? column->header : table->cells[rows[row - 1] + shape->shown[i]].text;

			line_cell(&line, text, room[i], column->right, i + 1 == shape->shown_n);
		}
		(void)fputc('\n', out);
	}
}

/* ---- between pipes */

static void put_piped(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '|')
			(void)fputs("\\x7c", out);
		else
			(void)fputc(*text, out);
}

static void print_piped(const struct table *table, const struct table_shape *shape, const size_t *rows, size_t n, FILE *out)
{
	char name[32];

	for (size_t row = shape->bare ? 1 : 0; row <= n; row++)
		for (size_t i = 0; i < shape->shown_n; i++) {
			const struct table_column *column = &table->columns[shape->shown[i]];
			const struct cell *cell = row == 0 ? NULL : &table->cells[rows[row - 1] + shape->shown[i]];

			if (!cell)
				(void)fputs(column->key ? column->key : table_field(column, name), out);
			else if (cell->is_number)
				(void)fprintf(out, "%llu", (unsigned long long)cell->number);
			else
				put_piped(out, cell->text);
			(void)fputc(i + 1 == shape->shown_n ? '\n' : '|', out);
		}
}

/* ---- JSON */

static void print_json(const struct table *table, const char *schema, const size_t *rows, size_t n, FILE *out)
{
	(void)fputs("{\"schema\":", out);
	json_text(out, schema);
	(void)fputs(",\"rows\":[", out);
	for (size_t row = 0; row < n; row++) {
		bool first = true;

		(void)fputs(row ? ",{" : "{", out);
		for (size_t i = 0; i < table->columns_n; i++) {
			const struct cell *cell = &table->cells[rows[row] + i];

			if (!table->columns[i].key)
				continue;
			(void)fputs(first ? "" : ",", out);
			first = false;
			json_text(out, table->columns[i].key);
			(void)fputc(':', out);
			if (cell->is_number)
				(void)fprintf(out, "%llu", (unsigned long long)cell->number);
			else
				json_text(out, cell->text);
		}
		(void)fputc('}', out);
	}
	(void)fputs("]}\n", out);
}

int table_print(struct table *table, const struct table_shape *shape, FILE *out)
{
	size_t n;
	size_t *rows = rows_order(table, shape, &n);

	if (!rows)
		return -ENOMEM;
	if (shape->schema)
		print_json(table, shape->schema, rows, n, out);
	else if (shape->pipes)
		print_piped(table, shape, rows, n, out);
	else
		print_aligned(table, shape, rows, n, out);
	free(rows);
	return ferror(out) ? -EIO : 0;
}
