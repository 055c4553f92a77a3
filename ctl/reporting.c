/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FastQC's options and the files that they name: see reporting.h. */
#include "ctl/reporting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/profiles.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/adapter_list.h"

#define LIST_MAX (16u << 20) /* bytes of a list of adapters, contaminants or limits */

static const struct option_row report_rows[] = {
	{.long_name = "compat", .argument = "VERSION", .type = OPTION_CHOICE, .default_text = "0.12.1",
	 .choices = "0.11.9|0.12.1", .help = "Version of FastQC to which reports are identical.",
	 OPTION_FIELD(struct report_choices, compat)},
	{.long_name = "limits", .letter = 'l', .argument = "FILE", .type = OPTION_PATH,
	 .help = "When a section warns and fails, as FastQC's limits.txt; otherwise as FastQC ships it.",
	 OPTION_FIELD(struct report_choices, limits)},
	{.long_name = "contaminants", .letter = 'c', .argument = "FILE", .type = OPTION_PATH,
	 .help = "Names and sequences that overrepresented sequences are compared with, a line each with a tab between; "
	         "otherwise FastQC's.",
	 OPTION_FIELD(struct report_choices, contaminants)},
	{.long_name = "nogroup", .type = OPTION_BOOL, .help = "Show every position of long reads alone.",
	 OPTION_FIELD(struct report_choices, nogroup)},
	{.long_name = "expgroup", .type = OPTION_BOOL, .help = "Group positions of long reads in growing steps.",
	 OPTION_FIELD(struct report_choices, expgroup)},
	{.long_name = "min-length", .argument = "BASES", .type = OPTION_NUMBER, .default_text = "0", .unit = "bases",
	 .largest = READ_MAX_DEFAULT, .help = "Group positions as if the longest read had at least so many bases.",
	 OPTION_FIELD(struct report_choices, min_length)},
	{.long_name = "java", .argument = "VERSION", .type = OPTION_CHOICE, .default_text = "17", .choices = "17|19",
	 .help = "Print numbers as FastQC does under Java up to 18 (17) or from 19 on (19).",
	 OPTION_FIELD(struct report_choices, java)},
	{.long_name = "sample", .argument = "NAME", .type = OPTION_STRING, .largest = 255,
	 .help = "Name of the file in its report; otherwise its own.", OPTION_FIELD(struct report_choices, sample)},
	{.long_name = "profile", .argument = "NAME", .type = OPTION_STRING, .largest = OPTION_TEXT_MAX,
	 .help = "Limits of a kind of library in place of FastQC's, kept with the job, see 'fqctl profile list'; with a slash the file of one.",
	 OPTION_FIELD(struct report_choices, profile)},
	{.long_name = "fail-on", .argument = "STATUS", .type = OPTION_CHOICE, .default_text = "never", .choices = "never|warn|fail",
	 .help = "Exit status 2 where a section or a demand of the profile has this status or a worse one; results are written all the same.",
	 OPTION_FIELD(struct report_choices, fail_on)},
};

static int report_finish(struct conf *conf, struct error *err)
{
	struct report_choices *choices = conf->settings;

	choices->compat_given = CONF_SOURCE(conf, struct report_choices, compat) != CONF_DEFAULT;
	if (choices->nogroup && choices->expgroup)
		return error_set(err, -EINVAL, ERROR_USAGE, "give either --nogroup or --expgroup, not both");
	if (choices->profile[0] && choices->limits[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "give either --profile or --limits, not both: a profile has limits");
	return 0;
}

const struct option_table report_table = {
	.name = "report",
	.rows = report_rows,
	.n = sizeof report_rows / sizeof *report_rows,
	.settings_size = sizeof(struct report_choices),
	.finish = report_finish,
};

static const struct option_row rules_rows[] = {
	{.long_name = "adapters", .letter = 'a', .argument = "FILE", .type = OPTION_PATH,
	 .help = "Names and sequences of the adapters to search for, a line each with a tab between; otherwise FastQC's.",
	 OPTION_FIELD(struct rules_choices, adapters)},
	{.long_name = "kmers", .letter = 'k', .argument = "BASES", .type = OPTION_NUMBER, .default_text = "7", .smallest = 2,
	 .largest = 10, .unit = "bases", .help = "Length of k-mers, where the limits ask for them.",
	 OPTION_FIELD(struct rules_choices, kmers)},
	{.long_name = "dup-length", .argument = "BASES", .type = OPTION_NUMBER, .default_text = "0",
	 .largest = DUP_LENGTH_MAX, .unit = "bases",
	 .help = "Compare so many bases of reads for duplicates; 0 is as FastQC does: 50 of long reads.",
	 OPTION_FIELD(struct rules_choices, dup_length)},
};

const struct option_table rules_table = {
	.name = "rules",
	.rows = rules_rows,
	.n = sizeof rules_rows / sizeof *rules_rows,
	.settings_size = sizeof(struct rules_choices),
};

static int read_all(int fd, char *text, size_t room, size_t *ret_n)
{
	*ret_n = 0;
	while (*ret_n < room) {
		ssize_t n = read(fd, text + *ret_n, room - *ret_n);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		*ret_n += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int list_text(const char *path, char **ret, size_t *ret_n, struct error *err)
{
	_cleanup_(freep) char *text = malloc(LIST_MAX + 1);
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (!text)
		return error_oom(err);
	r = fd < 0 ? -errno : read_all(fd, text, LIST_MAX + 1, ret_n);
	if (r < 0)
		return error_set(err, r, error_class_of_errno(-r), "%s cannot be read: %s", TEXT(path), strerror(-r));
	if (*ret_n > LIST_MAX)
		return error_set(err, -EFBIG, ERROR_NO_INPUT, "%s is too large for a list: right is up to %u MiB", TEXT(path),
		                 LIST_MAX >> 20);
	text[*ret_n] = '\0';
	*ret = TAKE(text);
	return 0;
}

static int load_adapters(const char *path, struct count_rules *rules, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	size_t n;
	int r;

	if (!path[0])
		return 0;
	r = list_text(path, &text, &n, err);
	return r < 0 ? r : adapter_list_read(rules, text, n, path, err);
}

static int load_limits(const char *path, struct limits *limits, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	size_t n;
	int r;

	limits_default(limits);
	if (!path[0])
		return 0;
	r = list_text(path, &text, &n, err);
	return r < 0 ? r : limits_read(limits, text, n, path, err);
}

static int load_contaminants(const char *path, struct contaminants **ret, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	size_t n;
	int r;

	if (!path[0])
		return contaminants_default(ret) < 0 ? error_oom(err) : 0;
	r = list_text(path, &text, &n, err);
	return r < 0 ? r : contaminants_read(text, n, path, ret, err);
}

/* A file's profile is known at once; one by name only when it is known whose names are meant. */
static int own_load(struct reporting *reporting, const char *path, struct error *err)
{
	struct profile profile;
	int r = profile_here(path, &reporting->own, err);

	if (r == 0)
		r = profile_of(&reporting->own, &profile, err);
	if (r < 0)
		return r;
	reporting->asked = reporting->own.name;
	reporting_judge(reporting, &profile);
	return 0;
}

int reporting_load(const struct report_choices *report, const struct rules_choices *rules, struct reporting *ret,
                   struct error *err)
{
	int r = 0;

	*ret = (struct reporting){.compat_given = report->compat_given, .fail_on = report->fail_on};
	rules_default(&ret->rules, report->compat);
	if (rules) {
		ret->rules.kmer_size = (uint32_t)rules->kmers;
		ret->rules.dup_length = (uint32_t)rules->dup_length;
		r = load_adapters(rules->adapters, &ret->rules, err);
	}
	if (r == 0)
		r = load_limits(report->limits, &ret->limits, err);
	if (r == 0)
		r = load_contaminants(report->contaminants, &ret->contaminants, err);
	ret->shown = (struct report_options){
		.name = report->sample[0] ? report->sample : NULL,
		.java = report->java,
		.nogroup = report->nogroup,
		.expgroup = report->expgroup,
		.min_length = report->min_length,
		.limits = &ret->limits,
		.contaminants = ret->contaminants,
	};
	ret->asked = report->profile[0] ? report->profile : "";
	ret->limits_given = report->limits[0];
	return r == 0 && strchr(report->profile, '/') ? own_load(ret, report->profile, err) : r;
}

void reporting_judge(struct reporting *reporting, const struct profile *profile)
{
	if (profile) {
		reporting->profile = *profile;
		reporting->limits = profile->limits;
	} else {
		limits_default(&reporting->limits);
	}
	reporting->shown.profile = profile ? &reporting->profile : NULL;
}

int reporting_judge_here(struct reporting *reporting, struct error *err)
{
	struct profile_entry entry _cleanup_(profile_entry_deinit) = {0};
	struct profile profile;
	int r;

	if (!reporting->asked[0] || reporting->own.text)
		return 0;
	r = profile_here(reporting->asked, &entry, err);
	if (r == 0)
		r = profile_of(&entry, &profile, err);
	if (r == 0)
		reporting_judge(reporting, &profile);
	return r;
}

void reporting_deinit(struct reporting *reporting)
{
	profile_entry_deinit(&reporting->own);
	reporting->contaminants = contaminants_free(reporting->contaminants);
}

uint32_t reporting_modules(const struct reporting *reporting)
{
	return COUNT_REPORT | (reporting->limits.of[LIMIT_KMER].ignore > 0 ? 0 : COUNT_KMERS);
}
