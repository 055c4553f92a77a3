/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles: see profile.h; fqcluster.report(5), PROFILES, has their format. */
#include "lib/qc/profile.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/list_file.h"

#define BLANKS " \t\f\v"

static const struct {
	const char *name;
	bool most; /* a value above is wrong, not one below */
} demand_rows[_DEMAND_MAX] = {
	[DEMAND_READS] = {"min_reads", false},
	[DEMAND_LENGTH] = {"min_mean_length", false},
	[DEMAND_QUALITY] = {"min_mean_quality", false},
	[DEMAND_Q30] = {"min_q30", false},
	[DEMAND_GC_LEAST] = {"min_gc", false},
	[DEMAND_GC_MOST] = {"max_gc", true},
};

/* What each kind of library has by its nature is not held against it. */
static const struct {
	const char *name, *text;
} built_in[] = {
	{"default", "# FastQC's limits as they are shipped.\n"},
	{"wgs", "# Whole genomes: FastQC's limits, and Q30 of most bases.\n"
	        "min_q30\twarn\t80\nmin_q30\terror\t70\n"},
	{"rna-seq", "# RNA: the first bases are those of the primers, and common transcripts are duplicates.\n"
	            "sequence\twarn\t25\nsequence\terror\t50\nduplication\twarn\t40\nduplication\terror\t15\n"
	            "overrepresented\twarn\t1\noverrepresented\terror\t5\nmin_q30\twarn\t80\nmin_q30\terror\t70\n"},
	{"amplicon", "# Amplicons: few sequences, each many times, so composition and duplicates say nothing.\n"
	             "sequence\tignore\t1\ngc_sequence\tignore\t1\nduplication\tignore\t1\noverrepresented\tignore\t1\n"
	             "min_q30\twarn\t70\nmin_q30\terror\t50\n"},
	{"small-rna", "# Small RNA before trimming: the adapter is in most reads, and few sequences are common.\n"
	              "sequence\tignore\t1\ngc_sequence\tignore\t1\nduplication\tignore\t1\noverrepresented\tignore\t1\nadapter\tignore\t1\n"
	              "sequence_length\tignore\t1\n"},
	{"bisulfite", "# Bisulfite: hardly any C is left, so composition and GC are off by design.\n"
	              "sequence\tignore\t1\ngc_sequence\tignore\t1\nmin_q30\twarn\t75\nmin_q30\terror\t60\n"},
	{"long-reads", "# Nanopores and PacBio: lengths differ, and positions far behind have few reads.\n"
	               "sequence_length\tignore\t1\nsequence\twarn\t20\nsequence\terror\t40\nquality_sequence\twarn\t12\n"
	               "quality_sequence\terror\t8\nquality_base_lower\twarn\t6\nquality_base_lower\terror\t3\n"
	               "quality_base_median\twarn\t12\nquality_base_median\terror\t8\n"},
};

bool profile_name_valid(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return n > 0 && n < PROFILE_NAME_MAX && name[0] != '.';
}

bool profile_is_own(const char *shown)
{
	return strncmp(shown, "./", 2) == 0 && profile_name_valid(shown + 2);
}

const char *profile_about(char *out, size_t size, const char *text, size_t n)
{
	size_t from = n > 0 && text[0] == '#' ? 1 : n, end;

	while (from < n && (text[from] == '#' || text[from] == ' ' || text[from] == '\t'))
		from++;
	for (end = from; end < n && text[end] != '\r' && text[end] != '\n'; end++)
		;
	return end > from ? text_escape_bytes(out, size, text + from, end - from) : "-";
}

const char *profile_built_in(const char *name)
{
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
		if (strcmp(built_in[i].name, name) == 0)
			return built_in[i].text;
	return NULL;
}

const char *profile_built_in_name(size_t i)
{
	return i < sizeof built_in / sizeof *built_in ? built_in[i].name : NULL;
}

static bool is_word(struct span word, const char *text)
{
	return word.n == strlen(text) && memcmp(word.text, text, word.n) == 0;
}

static int demand_read(struct profile *profile, enum demand_id id, const struct list_file *file, struct span line, struct error *err)
{
	struct span kind = list_file_word(&line, BLANKS), number = list_file_word(&line, BLANKS);
	struct demand *demand = &profile->of[id];
	double *field = is_word(kind, "warn") ? &demand->warn : is_word(kind, "error") ? &demand->error : NULL;

	if (!field || number.n == 0 || list_file_word(&line, BLANKS).n > 0)
		return list_file_wrong(file, err, "right is %s, warn or error, and a number", demand_rows[id].name);
	if (limits_number(&number, field) < 0)
		return list_file_wrong(file, err, "\"%s\" is no number", text_escape_bytes((char[128]){0}, 128, number.text, number.n));
	return 0;
}

int profile_read(struct profile *profile, const char *name, const char *text, size_t n, const char *file_name, struct error *err)
{
	struct list_file file = list_file_open(text, n, file_name);
	struct profile read = {0};
	struct span line;

	(void)snprintf(read.name, sizeof read.name, "%s", name);
	limits_default(&read.limits);
	for (size_t i = 0; i < _DEMAND_MAX; i++)
		read.of[i] = (struct demand){(double)NAN, (double)NAN};
	while (list_file_line(&file, &line) > 0) {
		struct span rest = line, word = list_file_word(&rest, BLANKS);
		size_t i = 0;
		int r;

		while (i < _DEMAND_MAX && !is_word(word, demand_rows[i].name))
			i++;
		r = i < _DEMAND_MAX ? demand_read(&read, (enum demand_id)i, &file, rest, err)
		                    : limits_line(&read.limits, &file, line, err);
		if (r < 0)
			return r;
	}
	*profile = read;
	return 0;
}

static double value_of(enum demand_id id, const struct figures *figures)
{
	switch (id) {
	case DEMAND_READS:
		return (double)figures->reads;
	case DEMAND_LENGTH:
		return figures->reads > 0 ? (double)figures->bases / (double)figures->reads : (double)NAN;
	case DEMAND_QUALITY:
		return figures->quality_mean;
	case DEMAND_Q30:
		return figures->q30;
	default:
		return figures->gc;
	}
}

static bool holds(double value, double limit, bool most)
{
	return isnan(limit) || (most ? value <= limit : value >= limit);
}

size_t profile_judge(const struct profile *profile, const struct figures *figures, struct demanded ret[_DEMAND_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < _DEMAND_MAX; i++) {
		const struct demand *demand = &profile->of[i];
		double value = value_of((enum demand_id)i, figures);

		if (isnan(demand->warn) && isnan(demand->error))
			continue;
		ret[n++] = (struct demanded){
			.name = demand_rows[i].name,
			.value = value,
			.demand = *demand,
			.status = !holds(value, demand->error, demand_rows[i].most)  ? STATUS_FAIL
			          : !holds(value, demand->warn, demand_rows[i].most) ? STATUS_WARN
			                                                             : STATUS_PASS,
		};
	}
	return n;
}

enum status profile_verdict(const struct report *report)
{
	const struct profile *profile = report_options(report)->profile;
	struct demanded demanded[_DEMAND_MAX];
	enum status worst = STATUS_PASS;
	size_t n;
	const struct section *sections = report_sections(report, &n);

	for (size_t i = 0; i < n; i++)
		if (sections[i].id != SECTION_BASIC && sections[i].status > worst)
			worst = sections[i].status;
	n = profile ? profile_judge(profile, report_figures(report), demanded) : 0;
	for (size_t i = 0; i < n; i++)
		if (demanded[i].status > worst)
			worst = demanded[i].status;
	return worst;
}
