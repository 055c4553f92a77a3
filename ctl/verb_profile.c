/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl profile: the profiles of limits that --profile takes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/list.h"
#include "ctl/profiles.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

static const struct table_column columns[] = {{"NAME", "name", false}, {"SOURCE", "source", false}, {"ABOUT", "about", false}};

static void tablep(struct table **table)
{
	table_free(*table);
}

/* The first line, where it is a comment. */
static char *about_of(const char *text, size_t n)
{
	size_t at = n > 0 && text[0] == '#' ? 1 + strspn(text + 1, "# \t") : 0;

	return at > 0 && at <= n ? strndup(text + at, strcspn(text + at, "\r\n")) : strdup("-");
}

static int row_add(struct table *table, const char *name, struct error *err)
{
	_cleanup_(freep) char *text = NULL, *source = NULL, *about = NULL;
	struct profile profile;
	size_t n = 0;
	int r = profiles_text(name, &text, &n, &source, err);

	if (r == 0)
		r = profile_read(&profile, name, text, n, source, err);
	if (r < 0)
		return r;
	about = about_of(text, strnlen(text, n));
	if (!about || table_text(table, name) < 0 || table_text(table, source) < 0 || table_text(table, about) < 0)
		return error_oom(err);
	return 0;
}

static int list(const struct call *call, struct error *err)
{
	_cleanup_(tablep) struct table *table = NULL;
	char **names = NULL;
	size_t n = 0;
	int r = profiles_list(&names, &n) < 0 || table_new(columns, sizeof columns / sizeof *columns, &table) < 0 ? error_oom(err) : 0;

	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = row_add(table, names[i], err);
		free(names[i]);
	}
	free(names);
	if (r == 0)
		r = list_show(call, table, err);
	return r;
}

/* As it is, so that it can be kept in a file and changed. */
static int show(const char *name, struct error *err)
{
	_cleanup_(freep) char *text = NULL, *source = NULL;
	struct profile profile;
	size_t n = 0;
	int r = profiles_text(name, &text, &n, &source, err);

	if (r == 0)
		r = profile_read(&profile, name, text, n, source, err);
	if (r == 0)
		(void)fwrite(text, 1, n, stdout);
	return r;
}

static int run(struct call *call, struct error *err)
{
	const char *word = call->arguments[0];

	if (strcmp(word, "list") == 0 && call->arguments_n == 1)
		return list(call, err);
	if (strcmp(word, "show") == 0 && call->arguments_n == 2 && !call->settings.json)
		return show(call->arguments[1], err);
	return error_set(err, -EINVAL, ERROR_USAGE, "right is 'fqctl profile list', with or without --json, or 'fqctl profile show NAME'");
}

const struct verb verb_profile = {
	.name = "profile",
	.arguments = "list|show [NAME]",
	.arguments_min = 1,
	.arguments_max = 2,
	.help = "List the profiles of limits that --profile takes, or print one.",
	.detail = "A site keeps its own in profiles/NAME.txt in the folder of fqctl.conf, in the format of FastQC's limits.txt with "
	          "demands such as min_q30 among the lines. All are of this machine; the coordinator has none.",
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.profiles/1",
	.run = run,
};
