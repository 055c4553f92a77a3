/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables as people see them and as programs read them; the JSON goes through a parser of its own (Python's) as well. */
#include "ctl/table.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

static const struct table_column columns[] = {
	{.header = "NAME", .key = "name"},
	{.header = "READS", .key = "reads", .right = true},
	{.key = "uuid"},
	{.header = "REASON"},
};

static struct table *table_make(const struct table_column *of, size_t n)
{
	struct table *table = NULL;

	if (table_new(of, n, &table) < 0)
		abort();
	return table;
}

static void row(struct table *table, const char *name, const char *shown, uint64_t number, const char *reason)
{
	if (table_text(table, name) < 0 || table_number(table, shown, number) < 0 || table_text(table, "u-1") < 0 ||
	    table_text(table, reason) < 0)
		abort();
}

/* All columns; schema NULL: the aligned text. */
static struct table_shape shape_of(const struct table_column *of, size_t n, bool bare, const char *schema)
{
	struct table_shape shape;

	if (table_shape(of, n, NULL, &shape, NULL) < 0)
		abort();
	shape.bare = bare;
	shape.schema = schema;
	return shape;
}

static char *printed_as(struct table *table, const struct table_shape *shape)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	is_int(table_print(table, shape, out), 0, "printed");
	(void)fclose(out);
	return text;
}

static char *printed(struct table *table, bool bare, const char *schema)
{
	struct table_shape shape = shape_of(columns, 4, bare, schema);

	return printed_as(table, &shape);
}

#define PRINTS(table, bare, schema, want, ...)                                                                               \
	do {                                                                                                                 \
		_cleanup_(freep) char *got_ = printed(table, bare, schema);                                                  \
		is_str(got_, want, __VA_ARGS__);                                                                             \
	} while (0)

static void test_alignment(void)
{
	struct table *table = table_make(columns, 4);

	PRINTS(table, false, NULL, "NAME  READS  REASON\n", "a table without rows is its header");
	PRINTS(table, true, NULL, "", "and without a header nothing");
	row(table, "a", "12", 12, "disk swap");
	row(table, "longer-name", "1.2 M", 1234567, "");
	PRINTS(table, false, NULL,
	       "NAME         READS  REASON\n"
	       "a               12  disk swap\n"
	       "longer-name  1.2 M  \n",
	       "as wide as the widest cell; numbers to the right; a column without a header is not shown");
	PRINTS(table, true, NULL,
	       "a               12  disk swap\n"
	       "longer-name  1.2 M  \n",
	       "bare");
	table = table_free(table);
	table = table_make(columns, 4);
	row(table, "a", "1", 1, "x");
	PRINTS(table, true, NULL, "a  1  x\n", "bare columns are not as wide as the header");
	ok(table_free(table) == NULL && table_free(NULL) == NULL, "table_free() takes NULL and gives NULL back");
}

/* Two columns a character of East Asia, none a combining one: what stands behind begins in the same column. */
static void test_wide(void)
{
	struct table *table;

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		skip("no locale C.UTF-8");
		return;
	}
	table = table_make(columns, 4);
	row(table, "Zürich", "1", 1, "x");
	row(table, "東京", "2", 2, "x");
	row(table, "e\xcc\x81t\xc3\xa9", "3", 3, "x");
	row(table, "12345678", "4", 4, "x");
	PRINTS(table, true, NULL,
	       "Zürich    1  x\n"
	       "東京      2  x\n"
	       "e\xcc\x81t\xc3\xa9       3  x\n"
	       "12345678  4  x\n",
	       "UTF-8 is aligned by the columns that it takes");
	table_free(table);
	(void)setlocale(LC_CTYPE, "C");
	table = table_make(columns, 4);
	row(table, "Zürich", "1", 1, "x");
	row(table, "a", "2", 2, "x");
	PRINTS(table, true, NULL, "Zürich  1  x\na        2  x\n", "where the locale knows no UTF-8, by bytes");
	table_free(table);
}

static void test_long(void)
{
	struct table *table = table_make(columns, 4);
	_cleanup_(freep) char *text = NULL;
	char name[1001], *second;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	row(table, name, "1", 1, "x");
	row(table, "a", "2", 2, "x");
	text = printed(table, true, NULL);
	second = strchr(text, '\n') + 1;
	is_u64((uint64_t)(strrchr(second, '2') - second), 1002, "a name of 1000 bytes: the next column begins behind it");
	is_u64(strlen(text), 2 * (1000 + 2 + 1 + 2 + 2), "both lines are as long");
	table_free(table);
	(void)setlocale(LC_CTYPE, "C");
}

static void test_escaping(void)
{
	struct table *table = table_make(columns, 4);
	char name[6001];

	row(table, "a\nb\x1b[31m", "1", 1, "\xff\xfe \x7f \xe2\x80\xae");
	PRINTS(table, true, NULL, "a\\x0ab\\x1b[31m  1  \\xff\\xfe \\x7f \\xe2\\x80\\xae\n",
	       "no control byte, no invalid UTF-8, no turned text reaches the terminal");
	PRINTS(table, false, "s/1",
	       "{\"schema\":\"s/1\",\"rows\":[{\"name\":\"a\\\\x0ab\\\\x1b[31m\",\"reads\":1,\"uuid\":\"u-1\"}]}\n",
	       "nor the JSON; a column without a key is not in it");
	table_free(table);
	table = table_make(columns, 4);
	for (size_t i = 0; i < 3000; i++)
		memcpy(name + 2 * i, "\xc3\xa9", 3);
	row(table, name, "1", 1, "x");
	name[4996 / 2 * 2] = '\0';
	{
		_cleanup_(freep) char *text = printed(table, true, NULL);

		ok(strlen(text) < 5010 && strncmp(text, name, 4990) == 0 && strstr(text, "\xc3\xa9...  1  x\n"),
		   "what is longer than 5000 bytes is cut between characters");
	}
	table_free(table);
}

static void test_json(void)
{
	static const struct table_column odd[] = {{.key = "a\"b"}, {.key = "n"}};
	struct table *table = table_make(odd, 2);
	_cleanup_(freep) char *text = NULL;
	FILE *python;
	struct table_shape shape = shape_of(odd, 2, false, "t/1");

	text = printed_as(table, &shape);
	is_str(text, "{\"schema\":\"t/1\",\"rows\":[]}\n", "no rows: an empty list");
	free(text);
	for (unsigned int byte = 1; byte < 256; byte++) {
		char cell[] = {'<', (char)byte, '>', '\0'};

		if (table_text(table, cell) < 0 || table_number(table, "many", UINT64_MAX - byte) < 0)
			abort();
	}
	text = printed_as(table, &shape);
	is_u64(strcspn(text, "\n") + 1, strlen(text), "one line");
	if (system("command -v python3 >/dev/null") != 0) {
		skip("no python3");
	} else {
		python = popen("python3 -c \"import json, sys\n"
		               "rows = json.load(sys.stdin)['rows']\n"
		               "assert len(rows) == 255\n"
		               "for i, row in enumerate(rows, 1):\n"
		               "    c = chr(i)\n"
		               "    want = c if c.isprintable() and i < 128 else chr(92) + 'x%02x' % i\n"
		               "    assert row['a' + chr(34) + 'b'] == '<' + want + '>', (i, row)\n"
		               "    assert row['n'] == 2**64 - 1 - i, row\n\"",
		               "w");
		ok(python && fputs(text, python) >= 0 && pclose(python) == 0,
		   "every byte in a cell, numbers of 64 bits: another parser reads what was meant");
	}
	table_free(table);
}

static void test_full(void)
{
	struct table *table = table_make(columns, 4);
	FILE *full = fopen("/dev/full", "we");
	struct table_shape shape;

	row(table, "a", "1", 1, "x");
	if (!full) {
		skip("no /dev/full");
	} else {
		(void)setvbuf(full, NULL, _IONBF, 0);
		shape = shape_of(columns, 4, false, NULL);
		ok(table_print(table, &shape, full) < 0, "a stream that takes nothing: the table says so");
		shape.schema = "t/1";
		ok(table_print(table, &shape, full) < 0, "and the JSON");
		(void)fclose(full);
	}
	table_free(table);
}

/* What is printed where options say how. */
#define SHAPED(table, fields_, sort_, pipes_, columns_, want, ...)                                                           \
	do {                                                                                                                 \
		const struct table_options options_ = {.fields = (char *)(fields_), .sort = (char *)(sort_), .pipes = (pipes_)}; \
		struct table_shape shape_;                                                                                   \
		_cleanup_(freep) char *got_ = NULL;                                                                          \
		if (table_shape(columns, 4, &options_, &shape_, NULL) < 0)                                                   \
			abort();                                                                                             \
		shape_.width = (columns_);                                                                                   \
		got_ = printed_as(table, &shape_);                                                                           \
		is_str(got_, want, __VA_ARGS__);                                                                             \
	} while (0)

static void test_fields(void)
{
	struct table *table = table_make(columns, 4);

	row(table, "node10", "2.0 k", 2000, "b|c");
	row(table, "node9", "10", 10, "a");
	row(table, "node1", "10", 10, "b|c");
	SHAPED(table, "READS,name", "", false, 0, "READS  NAME\n2.0 k  node10\n   10  node9\n   10  node1\n",
	       "columns in the order in which they are named, by header or key");
	SHAPED(table, "NAME", "reads,-NAME", false, 0, "NAME\nnode9\nnode1\nnode10\n", "numbers by their value, then names turned round");
	SHAPED(table, "NAME", "name", false, 0, "NAME\nnode1\nnode9\nnode10\n", "numbers within names count as such");
	SHAPED(table, "NAME", "reason", false, 0, "NAME\nnode9\nnode10\nnode1\n", "what is the same stays in its order");
	SHAPED(table, "", "", true, 0, "name|reads|REASON\nnode10|2000|b\\x7cc\nnode9|10|a\nnode1|10|b\\x7cc\n",
	       "between pipes: the numbers in full, under the names of JSON");
	table_free(table);
}

static void test_no_field(void)
{
	static const char *const wrong[] = {"READS,nmae", "uuid", "NAME,,READS", "NAME,"};
	struct table_options options = {.fields = (char *)"", .sort = (char *)"reads,-x"};
	struct table_shape shape;
	struct error err;

	ok(table_shape(columns, 4, &options, &shape, &err) < 0 && strstr(err.text, "--sort: there is no field 'x'; right are NAME, READS, REASON"),
	   "an unknown field: which there are");
	options.sort = (char *)"";
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		options.fields = (char *)wrong[i];
		err = (struct error){0};
		ok(table_shape(columns, 4, &options, &shape, &err) < 0 && err.class == ERROR_USAGE, "%s: %s", wrong[i], err.text);
	}
}

static void test_width(void)
{
	static const struct table_column narrow[] = {{.header = "NAME", .shrinks = true}, {.header = "N", .right = true},
	                                             {.header = "WHY", .extra = true}};
	struct table *table = table_make(narrow, 3);
	struct table_shape shape = shape_of(narrow, 3, false, NULL);

	is_u64(shape.shown_n, 2, "an extra column is not shown unless it is named");
	if (table_text(table, "/data/run42/lane1_of_many.fastq.gz") < 0 || table_count(table, 1234567) < 0 || table_text(table, "x") < 0)
		abort();
	for (unsigned width = 1; width < 60; width++) {
		_cleanup_(freep) char *text = NULL;
		unsigned longest = 0, lines = 0;

		shape.width = width;
		text = printed_as(table, &shape);
		for (char *at = text; *at; at = strchr(at, '\n') + 1, lines++)
			longest = strcspn(at, "\n") > longest ? (unsigned)strcspn(at, "\n") : longest;
		if (longest > width || lines != 2)
			ok(false, "width %u: %u lines of up to %u", width, lines, longest);
		if (width == 30)
			is_str(text, "NAME                         N\n+ne1_of_many.fastq.gz  1234567\n",
			       "a column that shrinks makes room for the others");
	}
	ok(true, "no line is longer than the terminal is wide");
	table_free(table);
}

int main(void)
{
	test_fields();
	test_no_field();
	test_width();
	test_alignment();
	test_wide();
	test_long();
	test_escaping();
	test_json();
	test_full();
	return done_testing();
}
