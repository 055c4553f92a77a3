/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl cache: results that the coordinator keeps for later jobs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/given.h"
#include "ctl/list.h"
#include "ctl/verb.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

struct cache_options {
	bool all;
};

static const struct option_row cache_rows[] = {
	{.long_name = "all", .type = OPTION_BOOL, .help = "With rm: all of them.", OPTION_FIELD(struct cache_options, all)},
};

static const struct option_table cache_table = {
	.name = "cache",
	.rows = cache_rows,
	.n = sizeof cache_rows / sizeof *cache_rows,
	.settings_size = sizeof(struct cache_options),
};

static const struct table_column columns[] = {
	{.header = "ID", .key = "id", .right = true},
	{.header = "READS", .key = "reads", .right = true},
	{.header = "SIZE", .key = "counters_bytes", .right = true},
	{.header = "INDEX", .key = "index_bytes", .right = true},
	{.header = "MADE", .key = "made_ms", .right = true, .extra = true},
	{.header = "USED", .key = "used_ms", .right = true, .extra = true},
	{.header = "IDLE", .key = "idle_ms", .right = true},
	{.header = "USES", .key = "uses", .right = true},
	{.header = "PATH", .key = "path"},
};

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct table *table = data;
	const fq_Cached *cached = message;
	uint64_t now = clock_wall_ms(), idle = now > cached->used_ms ? now - cached->used_ms : 0;
	char reads[16], size[16], index[16], time[32];
	int r;

	if (type != fq_Type_CACHED)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to CACHE", message_name(type));
	r = table_count(table, cached->id);
	r = r < 0 ? r : table_number(table, text_count(reads, cached->records), cached->records);
	r = r < 0 ? r : table_number(table, text_bytes(size, cached->bytes), cached->bytes);
	r = r < 0 ? r : table_number(table, cached->index_bytes ? text_bytes(index, cached->index_bytes) : "-", cached->index_bytes);
	r = r < 0 ? r : table_count(table, cached->made_ms);
	r = r < 0 ? r : table_count(table, cached->used_ms);
	r = r < 0 ? r : table_number(table, text_elapsed(time, idle), idle);
	r = r < 0 ? r : table_count(table, cached->uses);
	r = r < 0 ? r : table_text(table, cached->path);
	return r < 0 ? error_oom(err) : 0;
}

static int list(struct call *call, struct client *client, struct error *err)
{
	const fq_CacheRequest request = {.what = fq_CacheWhat_CACHE_LIST};
	struct table *table = NULL;
	int r = table_new(columns, sizeof columns / sizeof *columns, &table);

	if (r < 0)
		return error_oom(err);
	r = list_ask(call, client, fq_Type_CACHE, &request, row_add, table, err);
	if (r == 0)
		r = list_show(call, table, err);
	table_free(table);
	return r;
}

/* Keeps the only CACHED of an answer. */
static int take(void *data, uint16_t type, const void *message, struct error *err)
{
	if (type != fq_Type_CACHED)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to CACHE", message_name(type));
	*(fq_Cached *)data = *(const fq_Cached *)message;
	return 0;
}

static int stats(struct call *call, struct client *client, struct error *err)
{
	const fq_CacheRequest request = {.what = fq_CacheWhat_CACHE_STATS};
	fq_Cached told = {0};
	char size[16], most[16], age[32];
	int r = list_ask(call, client, fq_Type_CACHE, &request, take, &told, err);

	if (r < 0)
		return r;
	if (call->settings.json)
		(void)printf("{\"schema\":\"fqcluster.cache_stats/1\",\"entries\":%llu,\"bytes\":%llu,\"bytes_max\":%llu,"
		             "\"age_max_ms\":%llu,"
		             "\"hits\":%llu,\"misses\":%llu}\n", (unsigned long long)told.entries, (unsigned long long)told.bytes,
		             (unsigned long long)told.bytes_max, (unsigned long long)told.age_max_ms, (unsigned long long)told.hits,
		             (unsigned long long)told.misses);
	else
		(void)printf("Entries  %llu\nBytes    %s of %s\nAge      %s since the last use at most\n"
		             "Hits     %llu since the coordinator's start\nMisses   %llu\n", (unsigned long long)told.entries,
		             text_bytes(size, told.bytes), text_bytes(most, told.bytes_max), text_elapsed(age, told.age_max_ms),
		             (unsigned long long)told.hits, (unsigned long long)told.misses);
	return 0;
}

static int remove_one(struct call *call, struct client *client, const char *what, struct error *err)
{
	fq_CacheRequest request = {.what = what ? fq_CacheWhat_CACHE_REMOVE : fq_CacheWhat_CACHE_REMOVE_ALL};
	fq_Cached told = {0};
	char size[16];
	int r;

	if (what && what[0] == '/') {
		if ((size_t)snprintf(request.path, sizeof request.path, "%s", what) >= sizeof request.path)
			return error_set(err, -ENAMETOOLONG, ERROR_USAGE, "%s is too long for a path", TEXT(what));
	} else if (what) {
		(void)text_to_number(what, &request.id); /* is one: remove_check() */
	}
	r = client_list(client, fq_Type_CACHE, &request, take, &told, err);
	if (r == 0)
		say(call, "%llu kept result%s taken away (%s)", (unsigned long long)told.entries, told.entries == 1 ? "" : "s",
		    text_bytes(size, told.bytes));
	return r;
}

static int remove_check(const struct call *call, struct error *err)
{
	const struct cache_options *options = call->options;
	uint64_t id;

	if (options->all == (call->arguments_n > 1))
		return error_set(err, -EINVAL, ERROR_USAGE, "cache rm takes ids or absolute paths, as 'fqctl cache list' "
		                 "shows them, or --all");
	for (size_t i = 1; i < call->arguments_n; i++) {
		const char *what = call->arguments[i];

		if (what[0] != '/' && (text_to_number(what, &id) < 0 || id == 0))
			return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is neither the id of a kept result nor an absolute path; 'fqctl cache list' "
			                 "shows both", TEXT(what));
	}
	return 0;
}

static int run(struct call *call, struct error *err)
{
	const struct cache_options *options = call->options;
	const char *what = call->arguments[0];
	bool rm = strcmp(what, "rm") == 0, sums = strcmp(what, "stats") == 0;
	struct failures failures = {0};
	struct client client = {0};
	int r = 0;

	if (!rm && !sums && strcmp(what, "list") != 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "cache: '%s' is none of list, stats, rm", TEXT(what));
	if (!rm && (options->all || call->arguments_n > 1))
		return error_set(err, -EINVAL, ERROR_USAGE, "cache %s takes nothing more", what);
	r = rm ? remove_check(call, err) : 0;
	if (r == 0 && (rm || sums))
		r = given_no_table(call, rm ? "cache rm" : "cache stats", err);
	r = r < 0 ? r : client_open(&client, &call->settings, err);
	if (r == 0 && client.welcome.proto < 3)
		r = error_set(err, -EPROTO, ERROR_UNAVAILABLE, "this coordinator (version %s) keeps no results",
		              TEXT(client.welcome.version));
	if (r == 0 && rm && options->all)
		r = remove_one(call, &client, NULL, err);
	for (size_t i = 1; r == 0 && rm && i < call->arguments_n; i++)
		r = failures_pass(&failures, remove_one(call, &client, call->arguments[i], err), err);
	if (r == 0 && !rm)
		r = sums ? stats(call, &client, err) : list(call, &client, err);
	client_close(&client);
	return r < 0 ? r : (int)failures.class;
}

const struct verb verb_cache = {
	.name = "cache",
	.arguments = "list|stats|rm [ID|PATH...]",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "List results that are kept for later jobs, or take them away.",
	.detail = "A file that has not changed since a job has counted it in the same way is not counted again. list shows those of your "
	          "jobs, to an administrator all; INDEX is how much of SIZE tells where slices of a gzip stream begin, so that it is cut "
	          "quickly however it is counted next; IDLE is the time since the last use. stats tells how many there are, and how often "
	          "one was of use. rm is for an administrator; jobs that have such a result keep it.",
	.example = "fqctl cache list\n"
	           "fqctl cache rm --all",
	.table = &cache_table,
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.cache/1",
	.run = run,
};
