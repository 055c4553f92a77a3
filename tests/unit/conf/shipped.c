/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The option test: the shipped file and the man page of each program are held to its table. For each row that has a key, the
 * shipped file must have its help sentence and its line with the default, and the man page its paragraph; neither may have
 * another key. Planted copies without them prove that the test can fail.
 *
 * After a change of a table, `shipped --print fqcoordd.conf` (or .conf.5) prints what must stand there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/client_settings.h"
#include "conf/coord_settings.h"
#include "conf/worker_settings.h"
#include "lib/base/cleanup.h"
#include "tests/unit/conf/paragraph.h"
#include "tests/unit/tap.h"

#define TEXT_MAX 65536

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

int main(int argc, char **argv)
{
	static const struct option_table *const tables[] = {&coord_table, &worker_table,
	                                                    &client_table};

	for (size_t i = 0; i < 3 && argc == 3 && strcmp(argv[1], "--print") == 0; i++) {
		size_t n = strlen(tables[i]->name);

		if (strncmp(argv[2], tables[i]->name, n) == 0) {
			print_paragraphs(tables[i], strcmp(argv[2] + n, ".conf.5") == 0 ? put_manual : put_shipped);
			return EXIT_SUCCESS;
		}
	}
	for (size_t i = 0; i < 3; i++) {
		test_program(tables[i]);
		test_loads(tables[i]);
	}
	test_options(&coord_table, "daemon/coord/fqcoordd.8");
	test_options(&worker_table, "daemon/worker/fqworkerd.8");
	return done_testing();
}
