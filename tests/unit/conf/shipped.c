/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The option test: the shipped file and the man page of each program are held to its table. For each row that has a key, the
 * shipped file must have its help sentence and its line with the default, and the man page its paragraph; neither may have
 * another key. Planted copies without them prove that the test can fail.
 *
 * After a change of a table, `shipped --print fqcoordd.conf` (or .conf.5) prints what must stand there.
 */
#include <stdio.h>
#include <string.h>

#include "conf/client_settings.h"
#include "conf/coord_settings.h"
#include "conf/worker_settings.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define WIDTH 78 /* of the shipped file's comments */
#define TEXT_MAX 65536

/* ---- what a row looks like ---- */

/* The default as the file would have it, of all rows: settings after conf_init. */
static void *new_defaults(const struct option_table *table)
{
	void *settings = calloc(1, table->settings_size);
	struct conf conf;

	if (!settings || conf_init(&conf, table, settings, NULL) < 0)
		abort();
	return settings;
}

static void free_defaults(const struct option_table *table, void *settings)
{
	conf_deinit(table, settings);
	free(settings);
}

static char *value_of(const struct option_row *row, const void *settings)
{
	char *value = NULL;

	if (option_format(row, settings, &value) < 0)
		abort();
	return value;
}

/* A bound as the file would have it. */
static char *bound_of(const struct option_row *row, uint64_t bound)
{
	struct option_row free_row = *row;
	uint64_t settings = 0;

	free_row.offset = 0;
	free_row.smallest = free_row.largest = 0;
	if (option_set_number(&free_row, &settings, bound, NULL) < 0)
		abort();
	return value_of(&free_row, &settings);
}

static bool is_quantity(const struct option_row *row)
{
	return row->type == OPTION_NUMBER || row->type == OPTION_SIZE ||
	       row->type == OPTION_DURATION;
}

/* The row's paragraph in the shipped file. */
static void put_shipped(FILE *out, const struct option_row *row, const char *value)
{
	size_t column = 0;

	for (const char *s = row->help; *s;) {
		size_t n = strcspn(s, " ");

		if (column == 0 || column + 1 + n > WIDTH) {
			(void)fputs(column > 0 ? "\n#" : "#", out);
			column = 1;
		}
		(void)fprintf(out, " %.*s", (int)n, s);
		column += 1 + n;
		s += n + (s[n] == ' ');
	}
	if (row->choices)
		(void)fprintf(out, "\n# One of %s.", row->choices);
	(void)fprintf(out, "\n#%s = %s;\n", row->key, value);
}

/* Text for troff: a dash is a minus, a tilde itself. */
static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '-')
			(void)fputs("\\-", out);
		else if (*text == '~')
			(void)fputs("\\(ti", out);
		else if (*text == '\\')
			(void)fputs("\\e", out);
		else
			(void)fputc(*text, out);
}

static void put_bounds(FILE *out, const struct option_row *row)
{
	_cleanup_(freep) char *smallest = NULL, *largest = NULL;

	if (is_quantity(row)) {
		smallest = bound_of(row, row->smallest);
		largest = bound_of(row, row->largest);
		(void)fprintf(out, "Right are %s to %s%s%s.\n", smallest, largest,
		              row->unit ? " " : "", row->unit ? row->unit : "");
	}
	if (row->choices) {
		(void)fputs("Right is one of ", out);
		put_escaped(out, row->choices);
		(void)fputs(".\n", out);
	}
}

/* The row's paragraph in the man page. */
static void put_manual(FILE *out, const struct option_row *row, const char *value)
{
	(void)fprintf(out, ".TP\n.B %s\n", row->key);
	put_escaped(out, row->help);
	(void)fputc('\n', out);
	if (strcmp(value, "\"\"") != 0) {
		(void)fputs("Default: ", out);
		put_escaped(out, value);
		(void)fputs(".\n", out);
	}
	put_bounds(out, row);
	if (row->long_name) {
		(void)fputs("On the command line: ", out);
		if (row->letter)
			(void)fprintf(out, "\\-%c, ", row->letter);
		(void)fputs("\\-\\-", out);
		put_escaped(out, row->long_name);
		(void)fputs(".\n", out);
	}
	if (row->environment)
		(void)fprintf(out, "In the environment: %s.\n", row->environment);
}

typedef void (*put_row)(FILE *out, const struct option_row *row, const char *value);

static char *paragraph_of(const struct option_row *row, const void *settings, put_row put)
{
	_cleanup_(freep) char *value = value_of(row, settings);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	put(out, row, value);
	(void)fclose(out);
	return text;
}

/* ---- a group: the same, within it */

static void put_shipped_group(FILE *out, const struct option_row *row, const char *value)
{
	char *text = NULL, *line, *save = NULL;
	size_t n = 0;
	FILE *plain = open_memstream(&text, &n);

	if (!plain)
		abort();
	put_shipped(plain, row, value);
	(void)fclose(plain);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		(void)fprintf(out, "#\t%s\n", strncmp(line, "# ", 2) == 0 ? line : line + 1);
	free(text);
}

static void put_manual_group(FILE *out, const struct option_row *row, const char *value)
{
	struct option_row named = *row;
	char key[64];

	(void)snprintf(key, sizeof key, "elastic.%s", row->key);
	named.key = key;
	put_manual(out, &named, value);
}

/* ---- checks: each returns the number of faults and says them ---- */

static bool is_key(const struct option_table *table, const char *key, size_t n)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i].key && strlen(table->rows[i].key) == n &&
		    strncmp(table->rows[i].key, key, n) == 0)
			return true;
	if (table->group) {
		const char *name = table->group->name;
		size_t at = strlen(name);

		return strncmp(key, name, at) == 0 && (n == at || (key[at] == '.' && is_key(table->group, key + at + 1, n - at - 1)));
	}
	return false;
}

static size_t check_paragraphs(const struct option_table *table, const char *text, put_row put)
{
	void *settings = new_defaults(table);
	size_t faults = 0;

	for (size_t i = 0; i < table->n; i++) {
		_cleanup_(freep) char *paragraph = NULL;

		if (!table->rows[i].key)
			continue;
		paragraph = paragraph_of(&table->rows[i], settings, put);
		if (strstr(text, paragraph))
			continue;
		diag("missing for %s:\n%s", table->rows[i].key, paragraph);
		faults++;
	}
	free_defaults(table, settings);
	return faults;
}

/* The key of a line of the shipped file ("#key = ", "key = "), or of the man page (".B key" after ".TP"); 0: none. */
static size_t key_in_line(const char *line, const char *before, put_row put, const char **ret_key)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t n;

	if (put == put_manual) {
		*ret_key = line + 3;
		return strncmp(before, ".TP\n", 4) == 0 && strncmp(line, ".B ", 3) == 0
		           ? strcspn(line + 3, "\n")
		           : 0;
	}
	*ret_key = line + (*line == '#');
	n = strspn(*ret_key, letters);
	return strncmp(*ret_key + n, " = ", 3) == 0 ? n : 0;
}

static size_t check_keys(const struct option_table *table, const char *text, put_row put)
{
	const char *before = "";
	size_t faults = 0;

	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n'), *key = NULL;
		size_t n = key_in_line(line, before, put, &key);

		if (n > 0 && !is_key(table, key, n)) {
			diag("unknown key %.*s", (int)n, key);
			faults++;
		}
		before = line;
		line = *end ? end + 1 : end;
	}
	return faults;
}

static size_t check_text(const struct option_table *table, const char *text, put_row put)
{
	size_t faults = check_paragraphs(table, text, put) + check_keys(table, text, put);

	if (table->group)
		faults += check_paragraphs(table->group, text, put == put_manual ? put_manual_group : put_shipped_group);
	return faults;
}

static bool fits_field(const struct option_row *row)
{
	static const size_t sizes[OPTION_TYPE_MAX] = {
	    [OPTION_STRING] = sizeof(char *),
	    [OPTION_PATH] = sizeof(char *),
	    [OPTION_NUMBER] = sizeof(uint64_t),
	    [OPTION_SIZE] = sizeof(uint64_t),
	    [OPTION_DURATION] = sizeof(uint64_t),
	    [OPTION_BOOL] = sizeof(bool),
	    [OPTION_ADDRESS] = sizeof(struct conf_address),
	    [OPTION_LIST] = sizeof(struct conf_list),
	    [OPTION_CHOICE] = sizeof(unsigned int),
	};

	return row->type < OPTION_TYPE_MAX && row->size == sizes[row->type];
}

/* The long name is the key with dashes. */
static bool is_same_name(const struct option_row *row)
{
	const char *key = row->key, *name = row->long_name;

	if (!key || !name)
		return key || name;
	for (; *key && *name; key++, name++)
		if (*key != *name && !(*key == '_' && *name == '-'))
			return false;
	return *key == *name;
}

static size_t check_row(const struct option_row *row)
{
	const char *name = row->long_name ? row->long_name : row->key;
	size_t n = row->help ? strlen(row->help) : 0, faults = 0;

	if (n < 5 || row->help[n - 1] != '.' || (row->help[0] >= 'a' && row->help[0] <= 'z')) {
		diag("%s has no help sentence that ends in a full stop", name);
		faults++;
	}
	if (!fits_field(row)) {
		diag("%s does not fit its field", name);
		faults++;
	}
	if (!is_same_name(row)) {
		diag("%s has another name in the file", name);
		faults++;
	}
	if (row->key && is_quantity(row) && (row->largest == 0 || row->largest > INT64_MAX)) {
		diag("%s has no largest value", name);
		faults++;
	}
	if ((row->type == OPTION_CHOICE) != (row->choices != NULL) ||
	    (row->type != OPTION_BOOL && row->long_name && !row->argument)) {
		diag("%s lacks its choices or the name of its argument", name);
		faults++;
	}
	return faults;
}

/* ---- the programs ---- */

static char *read_text(const char *name)
{
	const char *top = getenv("FQ_TOP_SRCDIR");
	char path[4096];
	_cleanup_(fclosep) FILE *f = NULL;
	char *text = calloc(1, TEXT_MAX);

	(void)snprintf(path, sizeof path, "%s/%s", top ? top : ".", name);
	f = fopen(path, "re");
	if (!f || !text || fread(text, 1, TEXT_MAX - 1, f) == 0) {
		diag("%s cannot be read", path);
		free(text);
		return NULL;
	}
	return text;
}

/* The text without its first occurrence of a part. */
static char *without(const char *text, const char *part)
{
	const char *at = strstr(text, part);
	char *copy = NULL;

	if (!at || asprintf(&copy, "%.*s%s", (int)(at - text), text, at + strlen(part)) < 0)
		abort();
	return copy;
}

/* Takes each row's paragraph, and each line of it, out of a copy, which must be found; then plants a key. */
static void test_can_fail(const struct option_table *table, const char *text, put_row put)
{
	_cleanup_(freep) char *planted = NULL;
	void *settings = new_defaults(table);
	size_t copies = 0, found = 0;

	for (size_t i = 0; i < table->n; i++) {
		_cleanup_(freep) char *paragraph = NULL;
		char *save = NULL;

		if (!table->rows[i].key)
			continue;
		paragraph = paragraph_of(&table->rows[i], settings, put);
		for (char *line = strtok_r(paragraph, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			_cleanup_(freep) char *copy = without(text, line);

			copies++;
			found += check_keys(table, copy, put) > 0 ||
			         check_paragraphs(table, copy, put) > 0;
		}
	}
	free_defaults(table, settings);
	ok(copies > 0 && found == copies, "%s: each of %zu copies that lack a line is found",
	   table->name, copies);
	if (asprintf(&planted, "%s%s", text,
	             put == put_manual ? ".TP\n.B nosuch\n" : "#nosuch = 1;\n") < 0)
		abort();
	is_u64(check_text(table, planted, put), 1, "%s: a planted key is found", table->name);
}

/* Every option that no configuration file has stands in the program's own page, and the page names no other. */
static size_t check_options(const struct option_table *table, const char *text)
{
	const struct option_table *tables[] = {table, &conf_common_table};
	size_t faults = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < tables[k]->n; i++) {
			char *name = NULL;
			size_t n = 0;
			FILE *out = open_memstream(&name, &n);

			if (!out)
				abort();
			(void)fputs("\\-\\-", out);
			put_escaped(out, tables[k]->rows[i].long_name);
			(void)fclose(out);
			if (!tables[k]->rows[i].key && !strstr(text, name)) {
				diag("no option %s", name);
				faults++;
			}
			free(name);
		}
	return faults;
}

static void test_options(const struct option_table *table, const char *manual)
{
	_cleanup_(freep) char *text = read_text(manual), *copy = NULL;

	if (!ok(text && check_options(table, text) == 0, "%s has the options that are no keys", manual))
		return;
	copy = without(text, "\\-\\-version");
	ok(check_options(table, copy) == 1, "one that is missing is found");
}

static void test_program(const struct option_table *table)
{
	char shipped_name[64], manual_name[64];
	_cleanup_(freep) char *shipped = NULL, *manual = NULL;

	(void)snprintf(shipped_name, sizeof shipped_name, "conf/%s.conf", table->name);
	(void)snprintf(manual_name, sizeof manual_name, "conf/%s.conf.5", table->name);
	shipped = read_text(shipped_name);
	manual = read_text(manual_name);
	for (size_t i = 0; i < table->n; i++)
		is_u64(check_row(&table->rows[i]), 0, "%s: row %zu", table->name, i);
	if (ok(shipped && check_text(table, shipped, put_shipped) == 0,
	       "%s says what the table says", shipped_name))
		test_can_fail(table, shipped, put_shipped);
	if (ok(manual && check_text(table, manual, put_manual) == 0, "%s says what the table says",
	       manual_name))
		test_can_fail(table, manual, put_manual);
}

/* The shipped file loads as it is, and so it does with every default in force. */
static void test_loads(const struct option_table *table)
{
	void *settings = new_defaults(table);
	char name[64], *text;
	struct conf conf = {.table = table, .settings = settings};
	struct error err = {0};

	(void)snprintf(name, sizeof name, "conf/%s.conf", table->name);
	text = read_text(name);
	if (!ok(text && conf_load_text(&conf, name, text, strlen(text), &err) == 0, "%s loads (%s)",
	        name, err.text))
		goto end;
	for (char *s = text; (s = strstr(s, "\n#")); s++)
		if ((s[2] >= 'a' && s[2] <= 'z') || s[2] == '}' || (s[2] == '\t' && s[3] >= 'a' && s[3] <= 'z'))
			s[1] = ' ';
	is_int(conf_load_text(&conf, name, text, strlen(text), &err), 0,
	       "%s loads without the # (%s)", name, err.text);
end:
	free(text);
	free_defaults(table, settings);
}

static void test_wrong_rows(void)
{
	struct option_row row = client_table.rows[0];

	row.help = NULL;
	is_u64(check_row(&row), 1, "a row without a help sentence is found");
	row = client_table.rows[0];
	row.help = "No full stop";
	is_u64(check_row(&row), 1, "a help sentence without a full stop is found");
	row = client_table.rows[0];
	row.size = 4;
	is_u64(check_row(&row), 1, "a field of another type is found");
	row = client_table.rows[0];
	row.key = "hast";
	is_u64(check_row(&row), 1, "a key that is not the long name is found");
}

static int print_paragraphs(const struct option_table *table, put_row put)
{
	void *settings = new_defaults(table);

	for (size_t i = 0; i < table->n; i++) {
		_cleanup_(freep) char *paragraph = NULL;

		if (!table->rows[i].key)
			continue;
		paragraph = paragraph_of(&table->rows[i], settings, put);
		(void)printf("%s%s", put == put_shipped ? "\n" : "", paragraph);
	}
	if (table->group) {
		if (put == put_shipped)
			(void)printf("\n#%s = {\n", table->group->name);
		(void)print_paragraphs(table->group, put == put_manual ? put_manual_group : put_shipped_group);
		if (put == put_shipped)
			(void)puts("#};");
	}
	free_defaults(table, settings);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option_table *const tables[] = {&coord_table, &worker_table,
	                                                    &client_table};

	for (size_t i = 0; i < 3 && argc == 3 && strcmp(argv[1], "--print") == 0; i++) {
		size_t n = strlen(tables[i]->name);

		if (strncmp(argv[2], tables[i]->name, n) == 0)
			return print_paragraphs(tables[i], strcmp(argv[2] + n, ".conf.5") == 0
			                                       ? put_manual
			                                       : put_shipped);
	}
	for (size_t i = 0; i < 3; i++) {
		test_program(tables[i]);
		test_loads(tables[i]);
	}
	test_options(&coord_table, "daemon/coord/fqcoordd.8");
	test_options(&worker_table, "daemon/worker/fqworkerd.8");
	test_wrong_rows();
	return done_testing();
}
