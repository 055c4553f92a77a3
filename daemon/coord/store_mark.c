/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mark: how far the database had come, told outside of it, in STATE/fqcluster.db-mark. A log of SQLite's that was deleted
 * or cut looks to SQLite like one that never was; here the number of the last commit says that something is missing.
 *
 * Three records of 512 bytes, each a line "UUID GENERATION COMMITS SUM" and blanks. The first is written durably at each start,
 * behind the commit of its generation. The other two take turns behind each commit and are not synced: they outlive the process,
 * and after a power cut they may tell of less than what was committed, never of more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"

#define RECORD 512
#define RECORDS 3
#define SUM_TEXT_MAX 17 /* 8 bytes in hex */
#define UUID_TEXT_MAX 33

static void sum_text(const char *line, char ret[SUM_TEXT_MAX])
{
	uint8_t digest[DIGEST_SIZE] = {0};

	(void)digest_sha256(line, strlen(line), NULL, 0, digest); /* without a digest it is one of zeros, then as now */
	(void)text_hex(ret, digest, (SUM_TEXT_MAX - 1) / 2);
}

static void record_write(const struct mark *mark, char out[RECORD])
{
	char uuid[UUID_TEXT_MAX], line[96], sum[SUM_TEXT_MAX];
	int n;

	(void)snprintf(line, sizeof line, "%s %llu %llu", text_hex(uuid, mark->uuid, sizeof mark->uuid),
	               (unsigned long long)mark->generation, (unsigned long long)mark->commits);
	sum_text(line, sum);
	memset(out, ' ', RECORD);
	n = snprintf(out, RECORD, "%s %s", line, sum);
	out[n] = ' ';
	out[RECORD - 1] = '\n';
}

static bool record_read(const char in[RECORD], struct mark *ret)
{
	char uuid[UUID_TEXT_MAX], line[RECORD + 1], sum[SUM_TEXT_MAX], want[SUM_TEXT_MAX];
	unsigned long long generation, commits;
	int n = 0;

	memcpy(line, in, RECORD);
	line[RECORD] = '\0';
	if (sscanf(line, "%32s %20llu %20llu%n %16s", uuid, &generation, &commits, &n, sum) != 4 ||
	    text_unhex(uuid, ret->uuid, sizeof ret->uuid) < 0)
		return false;
	line[n] = '\0';
	sum_text(line, want);
	ret->generation = generation;
	ret->commits = commits;
	return strcmp(sum, want) == 0;
}

static int path_of(const char *folder, char **ret, struct error *err)
{
	return asprintf(ret, "%s/fqcluster.db-mark", folder) < 0 ? error_oom(err) : 0;
}

int mark_load(const char *folder, struct mark *ret, struct error *err)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	struct mark mark;
	size_t n = 0;
	int r = path_of(folder, &path, err);

	if (r == 0)
		r = durable_read(path, RECORDS * RECORD, &text, &n, err);
	if (r != 0)
		return r < 0 ? r : STORE_NONE;
	if (n != RECORDS * RECORD || !record_read(text, ret))
		return error_set(err, -EBADMSG, ERROR_CONFIG,
		                 "%s is damaged, so that nobody can say whether the database beside it is whole; put back a backup by "
		                 "fqcoordd --restore, or start fqcoordd once with --accept-rollback to go on from what is there", TEXT(path));
	for (size_t i = 1; i < RECORDS; i++) /* these are written without care: one that is torn tells nothing */
		if (record_read(text + i * RECORD, &mark) && memcmp(mark.uuid, ret->uuid, sizeof mark.uuid) == 0 &&
		    mark.commits > ret->commits)
			*ret = mark;
	return 0;
}

int mark_write(const char *folder, const struct mark *mark, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	char text[RECORDS * RECORD];
	int r = path_of(folder, &path, err);

	for (size_t i = 0; i < RECORDS; i++)
		record_write(mark, text + i * RECORD);
	return r < 0 ? r : durable_write(path, text, sizeof text, 0600, true, err);
}

static struct mark mark_now(const struct store *store)
{
	struct mark mark = {.generation = store->generation, .commits = store->commits};

	memcpy(mark.uuid, store->uuid, sizeof mark.uuid);
	return mark;
}

int mark_begin(struct store *store, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	const struct mark mark = mark_now(store);
	int r = path_of(store->folder, &path, err);

	if (r == 0)
		r = mark_write(store->folder, &mark, err);
	if (r < 0)
		return r;
	closep(&store->mark);
	store->mark = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	return store->mark < 0 ? error_set(err, -errno, ERROR_IO, "%s cannot be opened: %s", TEXT(path), strerror(errno)) : 0;
}

void mark_commit(struct store *store)
{
	const struct mark mark = mark_now(store);
	char record[RECORD];

	if (store->mark < 0)
		return;
	record_write(&mark, record);
	/* One that cannot be written tells of less: nothing was promised of it. */
	if (pwrite(store->mark, record, sizeof record, (off_t)(1 + mark.commits % 2) * RECORD) < 0)
		return;
}
