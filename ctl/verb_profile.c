/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl profile: the profiles of limits that --profile takes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/given.h"
#include "ctl/list.h"
#include "ctl/profiles.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

struct profile_options {
	uint64_t job;
};

static const struct option_row profile_rows[] = {
	{.long_name = "job", .argument = "ID", .type = OPTION_NUMBER, .default_text = "0", .largest = INT64_MAX,
	 .help = "With show: the profile that this job was submitted with, as it was then.", OPTION_FIELD(struct profile_options, job)},
};

static const struct option_table profile_table = {
	.name = "profile",
	.rows = profile_rows,
	.n = sizeof profile_rows / sizeof *profile_rows,
	.settings_size = sizeof(struct profile_options),
};

static const struct table_column columns[] = {
	{"NAME", "name", false}, {"WHERE", "where", false}, {"SOURCE", "source", false}, {"ABOUT", "about", false}};

static void tablep(struct table **table)
{
	table_free(*table);
}

static bool has_coordinator(const struct call *call)
{
	return call->settings.host.host[0] || call->settings.socket[0];
}

/* One that is too old has none. */
static int open_coordinator(const struct call *call, struct client *client, struct error *err)
{
	int r = client_open(client, &call->settings, err);

	if (r == 0 && client->welcome.proto < PROTO_PROFILES)
		r = error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator (version %s) is too old to have profiles", client->welcome.version);
	return r;
}

static int row_add(struct table *table, const struct profile_entry *entry, const char *where, struct error *err)
{
	char about[256];

	return table_text(table, entry->name) < 0 || table_text(table, where) < 0 || table_text(table, entry->source) < 0 ||
	               table_text(table, profile_about(about, sizeof about, entry->text, entry->n)) < 0
	           ? error_oom(err)
	           : 0;
}

static bool is_in(const struct profiles *profiles, const struct profile_entry *entry)
{
	const struct profile_entry *other = profiles_find(profiles, entry->name);

	return other && other->n == entry->n && memcmp(other->text, entry->text, entry->n) == 0;
}

/* Those of both, in order of name; one that is the same in both stands once. */
static int rows_add(struct table *table, const struct profiles *there, const struct profiles *here, struct error *err)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < there->n || k < here->n)) {
		if (k == here->n || (i < there->n && strcmp(there->items[i].name, here->items[k].name) <= 0)) {
			r = row_add(table, &there->items[i], is_in(here, &there->items[i]) ? "both" : "coordinator", err);
			i++;
		} else {
			if (!is_in(there, &here->items[k]))
				r = row_add(table, &here->items[k], "here", err);
			k++;
		}
	}
	return r;
}

static int list(const struct call *call, struct error *err)
{
	struct profiles there _cleanup_(profiles_deinit) = {0}, here _cleanup_(profiles_deinit) = {0};
	_cleanup_(tablep) struct table *table = NULL;
	struct client client = {0};
	int r = profiles_here(&here, err);

	if (r == 0 && has_coordinator(call)) {
		r = open_coordinator(call, &client, err);
		if (r == 0)
			r = profiles_ask(&client, &there, err);
		client_close(&client);
	}
	if (r == 0 && table_new(columns, sizeof columns / sizeof *columns, &table) < 0)
		r = error_oom(err);
	if (r == 0)
		r = rows_add(table, &there, &here, err);
	return r < 0 ? r : list_show(call, table, err);
}

/* What a job was submitted with, or what the coordinator knows by the name, or this machine. */
static int find(const struct call *call, uint64_t job, const char *name, struct profile_entry *ret, struct error *err)
{
	struct client client = {0};
	int r;

	if (job == 0 && (strchr(name, '/') || !has_coordinator(call)))
		return profile_here(name, ret, err);
	r = open_coordinator(call, &client, err);
	if (r == 0)
		r = profile_ask(&client, job, name, ret, err);
	client_close(&client);
	if (r == -EREMOTEIO && job == 0 && err->class == ERROR_USAGE) {
		struct error error;

		if (profile_here(name, ret, &error) == 0)
			return 0;
	}
	return r;
}

/* As it is, so that it can be kept in a file and changed. */
static int show(const struct call *call, uint64_t job, const char *name, struct error *err)
{
	struct profile_entry entry _cleanup_(profile_entry_deinit) = {0};
	int r = find(call, job, name, &entry, err);

	if (r == 0)
		(void)fwrite(entry.text, 1, entry.n, stdout);
	return r;
}

static int run(struct call *call, struct error *err)
{
	const uint64_t job = ((const struct profile_options *)call->options)->job;
	const char *word = call->arguments[0];

	if (strcmp(word, "list") == 0 && call->arguments_n == 1 && job == 0)
		return list(call, err);
	if (strcmp(word, "show") == 0 && call->arguments_n == 1 + (job == 0) && !call->settings.json)
		return given_no_table(call, "profile show", err) < 0 ? -EINVAL : show(call, job, job == 0 ? call->arguments[1] : "", err);
	if (strcmp(word, "list") != 0 && strcmp(word, "show") != 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "profile: '%s' is neither list nor show", TEXT(word));
	if (word[0] == 'l')
		return error_set(err, -EINVAL, ERROR_USAGE, "profile list takes neither a name nor --job: 'fqctl profile show NAME' prints one");
	if (call->settings.json)
		return error_set(err, -EINVAL, ERROR_USAGE, "profile show has no --json: what it prints is a profile's own format");
	return error_set(err, -EINVAL, ERROR_USAGE, "profile show takes a NAME or --job ID; 'fqctl profile list' lists the names");
}

const struct verb verb_profile = {
	.name = "profile",
	.arguments = "list|show [NAME]",
	.arguments_min = 1,
	.arguments_max = 2,
	.help = "List the profiles of limits that --profile takes, or print one.",
	.detail = "Those of the coordinator, where there is one (-h HOST, FQ_HOST, fqctl.conf), which jobs name, and those of this machine, for "
	          "qc --local. A site keeps its own in profiles/NAME.txt in the folder of fqcoordd.conf, or of fqctl.conf, in the format of "
	          "FastQC's limits.txt with demands such as min_q30 among the lines.",
	.example = "fqctl profile list -h coord\n"
	           "fqctl profile show amplicon >ours.txt",
	.table = &profile_table,
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.profiles/1",
	.run = run,
};
