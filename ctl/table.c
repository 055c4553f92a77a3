/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows for people and for programs: see table.h. */
#include "ctl/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

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

/* Columns of the terminal that a text takes; where the locale cannot read it, its bytes. */
static int width(const char *text)
{
	size_t left = strlen(text);
	mbstate_t state = {0};
	int columns = 0;

	for (const char *p = text; left > 0;) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, p, left, &state);
		int w = n > left ? -1 : wcwidth(wide);

		if (w < 0)
			return (int)strlen(text);
		columns += w;
		p += n;
		left -= n;
	}
	return columns;
}

static void print_cell(FILE *out, const char *text, int room, bool right, bool last)
{
	int pad = room - width(text);

	for (int i = 0; right && i < pad; i++)
		(void)fputc(' ', out);
	(void)fputs(text, out);
	for (int i = 0; !right && !last && i < pad; i++)
		(void)fputc(' ', out);
	(void)fputs(last ? "\n" : "  ", out);
}

int table_print(const struct table *table, FILE *out, bool bare)
{
	int *room = calloc(table->columns_n + 1, sizeof *room);
	size_t last = 0;

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < table->columns_n; i++) {
		if (!table->columns[i].header)
			continue;
		last = i;
		room[i] = bare ? 0 : width(table->columns[i].header);
		for (size_t j = i; j < table->n; j += table->columns_n)
			if (width(table->cells[j].text) > room[i])
				room[i] = width(table->cells[j].text);
	}
	for (size_t i = 0; !bare && i < table->columns_n; i++)
		if (table->columns[i].header)
			print_cell(out, table->columns[i].header, room[i], table->columns[i].right, i == last);
	for (size_t j = 0; j < table->n; j++) {
		size_t i = j % table->columns_n;

		if (table->columns[i].header)
			print_cell(out, table->cells[j].text, room[i], table->columns[i].right, i == last);
	}
	free(room);
	return ferror(out) ? -EIO : 0;
}

int table_json(const struct table *table, FILE *out, const char *schema)
{
	(void)fputs("{\"schema\":", out);
	json_text(out, schema);
	(void)fputs(",\"rows\":[", out);
	for (size_t row = 0; row + table->columns_n <= table->n; row += table->columns_n) {
		bool first = true;

		(void)fputs(row ? ",{" : "{", out);
		for (size_t i = 0; i < table->columns_n; i++) {
			const struct cell *cell = &table->cells[row + i];

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
	return ferror(out) ? -EIO : 0;
}
