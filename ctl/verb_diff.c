/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl diff: what two reports tell differently (before and after trimming, this version and the one before). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/diff.h"
#include "ctl/diff_job.h"
#include "ctl/json.h"
#include "ctl/table.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/streams.h"
#include "lib/base/text.h"
#include "lib/qc/archive.h"

enum diff_fail_on { DIFF_NEVER, DIFF_WORSE };

struct diff_options {
	enum diff_fail_on fail_on;
};

static const struct option_row diff_rows[] = {
	{.long_name = "fail-on", .argument = "WHAT", .type = OPTION_CHOICE, .default_text = "never", .choices = "never|worse",
	 .help = "Exit status 1 where a section of B has a worse status than that of A.", OPTION_FIELD(struct diff_options, fail_on)},
};

static const struct option_table diff_table = {
	.name = "diff",
	.rows = diff_rows,
	.n = sizeof diff_rows / sizeof *diff_rows,
	.settings_size = sizeof(struct diff_options),
};

static const struct table_column figure_columns[] = {{"FIGURE", "figure", false}, {"A", "a", true}, {"B", "b", true}};
static const struct table_column columns[] = {{"SECTION", "section", false}, {"A", "a", false},         {"B", "b", false},
                                              {"CHANGE", "change", false},   {"MOST", "most", true},    {"OF A", "value_a", true},
                                              {"OF B", "value_b", true},     {"WHERE", "where", false}, {"ONLY A", "only_a", true},
                                              {"ONLY B", "only_b", true}};

/* A and B, and what they come to. */
struct both {
	const char *names[2];
	struct told told[2];
	struct diff_section sections[_SECTION_MAX];
	bool worse;
};

static void both_deinit(struct both *both)
{
	told_deinit(&both->told[0]);
	told_deinit(&both->told[1]);
}

static int side_read(struct call *call, const char *path, struct told *ret, struct error *err)
{
	_cleanup_(freep) char *bytes = NULL, *text = NULL;
	uint64_t job;
	size_t n = 0;
	int r = diff_job_named(path, &job) ? diff_job_text(call, job, &bytes, &n, err) : list_text(path, &bytes, &n, err);

	if (r == 0 && n >= 4 && memcmp(bytes, "PK\003\004", 4) == 0) {
		r = report_archive_text((const uint8_t *)bytes, n, TOLD_MAX, &text, &n, err);
		if (r < 0)
			error_prefix(err, "%s: ", TEXT(path));
	} else {
		text = TAKE(bytes);
	}
	return r < 0 ? r : told_read(ret, TAKE(text), n, path, err);
}

static int both_make(struct call *call, struct both *both, struct error *err)
{
	for (size_t i = 0; i < 2; i++) {
		int r = side_read(call, both->names[i], &both->told[i], err);

		if (r < 0)
			return r;
	}
	for (size_t i = SECTION_QUALITY; i < _SECTION_MAX; i++) {
		if (diff_section(&both->told[0], &both->told[1], (enum section_id)i, &both->sections[i]) < 0)
			return error_oom(err);
		both->worse |= diff_worse(&both->sections[i]);
	}
	return 0;
}

/* "5-9, Mean" into out. */
static const char *where(const struct diff_section *diff, char *out, size_t size)
{
	size_t key = strcspn(diff->row, "\t");

	if (diff->id == SECTION_TILES)
		(void)snprintf(out, size, "tile %.*s, %.*s", (int)key, diff->row, (int)strcspn(diff->row + key + 1, "\t"), diff->row + key + 1);
	else
		(void)snprintf(out, size, "%.*s, %.*s", (int)key, diff->row, (int)strcspn(diff->column, "\t"), diff->column);
	return out;
}

static const char *status_of(int status)
{
	return status < 0 ? "-" : status_name((enum status)status);
}

static const char *change_of(const struct diff_section *diff)
{
	if (diff->a == diff->b)
		return "-";
	return diff->a < 0 ? "new" : diff->b < 0 ? "gone" : diff->b > diff->a ? "worse" : "better";
}

/* The value of a row of Basic Statistics, or of the note of duplicates; NULL: there is none. */
static const char *figure(const struct told *told, const char *name)
{
	const struct told_section *basic = &told->sections[SECTION_BASIC];
	size_t n = strlen(name);

	for (size_t i = 0; i < basic->rows_n; i++)
		if (strncmp(basic->rows[i], name, n) == 0 && basic->rows[i][n] == '\t')
			return basic->rows[i] + n + 1;
	return NULL;
}

static const struct {
	const char *key, *name;
} figures[] = {{"file", "Filename"},        {"encoding", "Encoding"}, {"reads", "Total Sequences"}, {"bases", "Total Bases"},
               {"length", "Sequence length"}, {"gc_percent", "%GC"},  {"deduplicated_percent", NULL}};

static const char *figure_of(const struct told *told, size_t i)
{
	return figures[i].name ? figure(told, figures[i].name) : told->sections[SECTION_DUPLICATION].note;
}

static void tablep(struct table **table)
{
	table_free(*table);
}

static int number_cell(struct table *table, double value, bool there)
{
	char text[32] = "-";

	if (there)
		(void)snprintf(text, sizeof text, "%.4g", value);
	return table_text(table, text);
}

static int section_add(struct table *table, const struct diff_section *diff)
{
	char place[512] = "-", only_a[32], only_b[32];
	int r = table_text(table, section_name(diff->id));

	(void)snprintf(only_a, sizeof only_a, "%zu", diff->only_a);
	(void)snprintf(only_b, sizeof only_b, "%zu", diff->only_b);
	r = r < 0 ? r : table_text(table, status_of(diff->a));
	r = r < 0 ? r : table_text(table, status_of(diff->b));
	r = r < 0 ? r : table_text(table, change_of(diff));
	r = r < 0 ? r : number_cell(table, diff->most, diff->compared);
	r = r < 0 ? r : number_cell(table, diff->value_a, diff->compared);
	r = r < 0 ? r : number_cell(table, diff->value_b, diff->compared);
	r = r < 0 ? r : table_text(table, diff->compared && diff->most > 0 ? where(diff, place, sizeof place) : "-");
	r = r < 0 ? r : table_text(table, only_a);
	return r < 0 ? r : table_text(table, only_b);
}

static int show(struct table *table, const struct table_shape *shape, struct error *err)
{
	int r = table_print(table, shape, stdout);

	if (r == -ENOMEM)
		return error_oom(err);
	return r < 0 ? stdout_finish(err) : 0;
}

static int print(const struct both *both, bool bare, struct error *err)
{
	_cleanup_(tablep) struct table *table = NULL, *head = NULL;
	struct table_shape shape;
	int r = table_new(columns, sizeof columns / sizeof *columns, &table);

	r = r < 0 ? r : table_new(figure_columns, sizeof figure_columns / sizeof *figure_columns, &head);
	for (size_t i = 0; r == 0 && i < sizeof figures / sizeof *figures; i++) {
		const char *a = figure_of(&both->told[0], i), *b = figure_of(&both->told[1], i);

		r = table_text(head, figures[i].name ? figures[i].name : "Deduplicated %");
		r = r < 0 ? r : table_text(head, a ? a : "-");
		r = r < 0 ? r : table_text(head, b ? b : "-");
	}
	for (size_t i = SECTION_QUALITY; r == 0 && i < _SECTION_MAX; i++)
		if (both->sections[i].a >= 0 || both->sections[i].b >= 0)
			r = section_add(table, &both->sections[i]);
	if (r < 0)
		return error_oom(err);
	r = table_shape(figure_columns, sizeof figure_columns / sizeof *figure_columns, NULL, &shape, err);
	shape.bare = bare;
	r = r < 0 ? r : show(head, &shape, err);
	(void)fputc('\n', stdout);
	r = r < 0 ? r : table_shape(columns, sizeof columns / sizeof *columns, NULL, &shape, err);
	shape.bare = bare;
	return r < 0 ? r : show(table, &shape, err);
}

static void text_member(const char *name, const char *text)
{
	(void)printf(", \"%s\": ", name);
	if (text)
		json_text(stdout, text);
	else
		(void)fputs("null", stdout);
}

static void section_json(const struct diff_section *diff)
{
	char place[512];

	(void)printf("{\"section\": \"%s\"", section_key(diff->id));
	text_member("a", diff->a < 0 ? NULL : status_of(diff->a));
	text_member("b", diff->b < 0 ? NULL : status_of(diff->b));
	text_member("change", diff->a == diff->b ? NULL : change_of(diff));
	if (diff->compared)
		(void)printf(", \"most\": %.15g, \"value_a\": %.15g, \"value_b\": %.15g", diff->most, diff->value_a, diff->value_b);
	else
		(void)fputs(", \"most\": null, \"value_a\": null, \"value_b\": null", stdout);
	text_member("where", diff->compared && diff->most > 0 ? where(diff, place, sizeof place) : NULL);
	(void)printf(", \"only_a\": %zu, \"only_b\": %zu}", diff->only_a, diff->only_b);
}

static void print_json(const struct both *both)
{
	const char *between = "";

	(void)fputs("{\"schema\": \"fqcluster.diff/1\"", stdout);
	text_member("a", both->names[0]);
	text_member("b", both->names[1]);
	(void)printf(", \"worse\": %s, \"figures\": {", both->worse ? "true" : "false");
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		const char *a = figure_of(&both->told[0], i), *b = figure_of(&both->told[1], i);

		(void)printf("%s\"%s\": {\"a\": ", i > 0 ? ", " : "", figures[i].key);
		json_text(stdout, a ? a : "");
		text_member("b", b ? b : "");
		(void)fputc('}', stdout);
	}
	(void)fputs("}, \"rows\": [", stdout);
	for (size_t i = SECTION_QUALITY; i < _SECTION_MAX; i++)
		if (both->sections[i].a >= 0 || both->sections[i].b >= 0) {
			(void)fputs(between, stdout);
			section_json(&both->sections[i]);
			between = ", ";
		}
	(void)fputs("]}\n", stdout);
}

static int run(struct call *call, struct error *err)
{
	const struct diff_options *options = call->options;
	struct both both _cleanup_(both_deinit) = {.names = {call->arguments[0], call->arguments[1]}};
	int r = both_make(call, &both, err);

	if (r == 0 && call->settings.json)
		print_json(&both);
	else if (r == 0)
		r = print(&both, call->settings.no_header, err);
	if (r < 0)
		return r;
	return options->fail_on == DIFF_WORSE && both.worse ? ERROR_JOB : 0;
}

const struct verb verb_diff = {
	.name = "diff",
	.arguments = "A B",
	.arguments_min = 2,
	.arguments_max = 2,
	.help = "Compare two reports: before and after trimming, say.",
	.detail = "A and B are NAME_fastqc.zip or fastqc_data.txt, of fqcluster or of FastQC, or the number of a job of one file. "
	          "MOST is the greatest difference of two values of a section. Of reads by score, GC and length these are per cent of all reads.",
	.example = "fqctl diff before.txt after.txt\n"
	           "fqctl diff -h coord 17 after.txt",
	.json = true,
	.table = &diff_table,
	.run = run,
};
