/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon/events.h and systemd/fqcluster.catalog: each event has a row with a number of its own, each row an entry under its meaning,
 * each entry a row; the entries name fields that there are. FQ_TOP_SRCDIR is where the tree is.
 */
#include "daemon/events.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/journal.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define ID_DIGITS 32
#define LINE_COLUMNS 110

static bool is_id(const char *id)
{
	return strlen(id) == ID_DIGITS && strspn(id, "0123456789abcdef") == ID_DIGITS;
}

static bool is_word(const char *word)
{
	return word[0] && strspn(word, "abcdefghijklmnopqrstuvwxyz-") == strlen(word);
}

static int event_of(const char *id)
{
	for (int event = TOLD_NOTHING + 1; event < _TOLD_MAX; event++)
		if (told_row(event)->id && strcmp(told_row(event)->id, id) == 0)
			return event;
	return TOLD_NOTHING;
}

static bool is_twice(int event)
{
	for (int other = TOLD_NOTHING + 1; other < event; other++)
		if (strcmp(told_row(other)->id, told_row(event)->id) == 0 || strcmp(told_row(other)->word, told_row(event)->word) == 0 ||
		    strcmp(told_row(other)->meaning, told_row(event)->meaning) == 0)
			return true;
	return false;
}

static void table(void)
{
	for (int event = TOLD_NOTHING + 1; event < _TOLD_MAX; event++) {
		const struct told_row *row = told_row(event);

		if (!ok(row->word && row->id && row->meaning, "event %d has a row", event))
			exit(done_testing());
		ok(is_word(row->word) && is_id(row->id), "%s has a word and a number", row->word);
		ok(!is_twice(event), "%s has them alone", row->word);
	}
	ok(!told_row(TOLD_NOTHING) && !told_row(_TOLD_MAX) && !told_row(-1), "what is no event has no row");
}

/* ---- the catalog */

struct entry {
	int event;
	char subject[128];
	size_t text_lines;
	bool support;
};

static struct entry entries[_TOLD_MAX + 8];
static size_t entries_n;
static struct journal_entry known; /* with all fields that there are */

static bool is_field(const char *name, size_t n)
{
	for (int i = 0; i < known.fields_n; i++)
		if (known.fields[i].iov_len > n && memcmp(known.fields[i].iov_base, name, n) == 0 &&
		    ((const char *)known.fields[i].iov_base)[n] == '=')
			return true;
	return false;
}

/* The first @NAME@ of a line that is no field, or NULL. */
static const char *wrong_field(const char *line)
{
	const char *begin = strchr(line, '@'), *end;

	for (; begin; begin = strchr(end + 1, '@')) {
		end = strchr(begin + 1, '@');
		if (!end || !is_field(begin + 1, (size_t)(end - begin - 1)))
			return begin;
	}
	return NULL;
}

static void take_line(const char *line, size_t number)
{
	struct entry *entry = entries_n > 0 ? &entries[entries_n - 1] : NULL;

	if (strncmp(line, "-- ", 3) == 0 && entries_n < sizeof entries / sizeof *entries) {
		entries[entries_n++].event = event_of(line + 3);
		ok(is_id(line + 3) && event_of(line + 3) != TOLD_NOTHING, "line %zu of the catalog: %s is an event", number, line + 3);
	} else if (!entry || line[0] == '#' || line[0] == '\0') {
		return;
	} else if (strncmp(line, "Subject: ", 9) == 0) {
		(void)snprintf(entry->subject, sizeof entry->subject, "%.99s", line + 9);
	} else if (strncmp(line, "Support: ", 9) == 0) {
		entry->support = true;
	} else if (strncmp(line, "Defined-By: ", 12) != 0) {
		entry->text_lines++;
		if (wrong_field(line) || strlen(line) > LINE_COLUMNS)
			ok(false, "line %zu of the catalog: fields that there are, and at most %d columns: %s", number, LINE_COLUMNS, line);
	}
}

static void read_catalog(void)
{
	const char *top = getenv("FQ_TOP_SRCDIR");
	char path[4096], line[512];
	_cleanup_(fclosep) FILE *file = NULL;
	size_t number = 0;

	(void)snprintf(path, sizeof path, "%s/systemd/fqcluster.catalog", top ? top : ".");
	file = fopen(path, "re");
	if (!ok(file != NULL, "%s is there", path))
		return;
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		take_line(line, ++number);
	}
}

static void every_field(void)
{
	struct log_about about = {
		.event = TOLD_JOB_SUBMITTED, .owner = "x", .path = "x", .node = "x", .peer = "x", .address = "x"};

	about.job = about.file = about.slice = about.lease = about.generation = 1;
	about.files = about.slices = about.records = about.elapsed_ms = 1;
	journal_fill(&known, "fqcoordd", LOG_INFO, "x", &about);
	ok(is_field("FQ_JOB", 6) && !is_field("FQ_JO", 5) && wrong_field("see @FQ_JOB@ and @FQ_NOTHING@"), "fields are told from others");
}

static void catalog(void)
{
	every_field();
	read_catalog();
	for (int event = TOLD_NOTHING + 1; event < _TOLD_MAX; event++) {
		const struct told_row *row = told_row(event);
		const struct entry *entry = NULL;
		size_t n = 0;
		char subject[128];

		for (size_t i = 0; i < entries_n; i++)
			if (entries[i].event == event) {
				entry = &entries[i];
				n++;
			}
		if (!ok(n == 1, "%s has one entry in the catalog", row->word))
			continue;
		(void)snprintf(subject, sizeof subject, "%c%s", toupper(row->meaning[0]), row->meaning + 1);
		is_str(entry->subject, subject, "%s: under its meaning", row->word);
		ok(entry->text_lines > 0 && entry->support, "%s: with a text, and where to read on", row->word);
	}
}

int main(void)
{
	table();
	catalog();
	return done_testing();
}
