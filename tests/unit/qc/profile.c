/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles: their texts, the built-in ones, and what figures come to by them. */
#include "lib/qc/profile.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/tap.h"

static int read_text(struct profile *profile, const char *text, struct error *err)
{
	return profile_read(profile, "p", text, strlen(text), "p.txt", err);
}

static void test_read(void)
{
	static const struct {
		const char *text, *says; /* says NULL: right */
	} rows[] = {
		{"", NULL},
		{"# only words\n\n", NULL},
		{"min_q30 warn 80\nmin_q30\terror\t70\nadapter ignore 1\n", NULL},
		{"max_gc error 65.5\r\n", NULL},
		{"min_q30 ignore 1\n", "p.txt:1: right is min_q30, warn or error, and a number"},
		{"\nmin_q30 warn\n", "p.txt:2: right is min_q30"},
		{"min_q30 warn 80 90\n", "p.txt:1: right is min_q30"},
		{"min_q30 warn x\n", "p.txt:1: \"x\" is no number"},
		{"min_q30 warn nan\n", "is no number"},
		{"min_q31 warn 1\n", "p.txt:1: there is no module \"min_q31\""},
		{"adapter warn 1\nq30\n", "p.txt:2: right is a module"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct profile profile = {.name = "before"};
		struct error err = {0};
		int r = read_text(&profile, rows[i].text, &err);

		if (!rows[i].says) {
			is_int(r, 0, "row %zu: %s", i, err.text);
			is_str(profile.name, "p", "has its name");
		} else {
			is_int(r, -EBADMSG, "row %zu is wrong", i);
			ok(strstr(err.text, rows[i].says) != NULL, "it says: %s", err.text);
			is_str(profile.name, "before", "nothing was changed");
		}
	}
}

static void test_built_in(void)
{
	size_t n = 0;

	for (const char *name; (name = profile_built_in_name(n)); n++) {
		const char *text = profile_built_in(name);
		struct profile profile;
		struct limits usual;
		struct error err = {0};

		ok(profile_name_valid(name) && text && text[0] == '#', "%s has a text and says what it is", name);
		is_int(read_text(&profile, text, &err), 0, "which can be read: %s", err.text);
		limits_default(&usual);
		ok((memcmp(&profile.limits, &usual, sizeof usual) == 0) == (strcmp(name, "default") == 0 || strcmp(name, "wgs") == 0),
		   "only default and wgs have FastQC's limits");
	}
	ok(n >= 6, "there are %zu", n);
	ok(profile_built_in("none") == NULL, "no other");
	ok(!profile_name_valid("") && !profile_name_valid(".x") && !profile_name_valid("a/b") && !profile_name_valid("a b"), "no names");
}

static void test_judge(void)
{
	static const struct {
		const char *text;
		struct figures figures;
		int status[2]; /* -1: not demanded */
	} rows[] = {
		{"", {.reads = 1}, {-1, -1}},
		{"min_reads error 10", {.reads = 10}, {STATUS_PASS, -1}},
		{"min_reads error 10", {.reads = 9}, {STATUS_FAIL, -1}},
		{"min_reads warn 10", {.reads = 9}, {STATUS_WARN, -1}},
		{"min_reads warn 10\nmin_reads error 5", {.reads = 7}, {STATUS_WARN, -1}},
		{"min_reads warn 10\nmin_reads error 5", {.reads = 4}, {STATUS_FAIL, -1}},
		{"min_mean_length error 50", {.reads = 2, .bases = 99}, {STATUS_FAIL, -1}},
		{"min_mean_length error 50", {.reads = 2, .bases = 100}, {STATUS_PASS, -1}},
		{"min_mean_length error 50", {0}, {STATUS_FAIL, -1}},
		{"min_mean_quality warn 30", {.quality_mean = 29.9}, {STATUS_WARN, -1}},
		{"min_q30 error 80\nmax_gc warn 60", {.q30 = 80, .gc = 60.1}, {STATUS_PASS, STATUS_WARN}},
		{"min_gc error 40\nmax_gc error 60", {.gc = 50}, {STATUS_PASS, STATUS_PASS}},
		{"min_gc error 40\nmax_gc error 60", {.gc = 39}, {STATUS_FAIL, STATUS_PASS}},
		{"min_q30 error 0", {.q30 = (double)NAN}, {STATUS_FAIL, -1}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct demanded demanded[_DEMAND_MAX];
		struct profile profile;
		struct error err = {0};
		size_t n;

		if (!ok(read_text(&profile, rows[i].text, &err) == 0, "row %zu", i))
			continue;
		n = profile_judge(&profile, &rows[i].figures, demanded);
		is_u64(n, (uint64_t)((rows[i].status[0] >= 0) + (rows[i].status[1] >= 0)), "demands");
		for (size_t k = 0; k < n; k++)
			is_int(demanded[k].status, rows[i].status[k], "%s %g", demanded[k].name, demanded[k].value);
	}
}

int main(void)
{
	test_read();
	test_built_in();
	test_judge();
	return done_testing();
}
