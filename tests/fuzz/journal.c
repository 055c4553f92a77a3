/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entries of the journal about hostile things: the input is six texts that end in zero bytes (the line, owner, path, node, peer, address)
 * and bytes that are numbers. Each field is "NAME=value" of printable ASCII within its bounds and each name is there once, so that no value
 * is taken for a field of its own; the line is always told, and short values are told whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/journal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXTS 6
#define LINE_SHOWN_MAX 2048

static size_t name_length(const struct iovec *field)
{
	const char *equals = memchr(field->iov_base, '=', field->iov_len);
	size_t n = equals ? (size_t)(equals - (const char *)field->iov_base) : 0;

	must(n > 0);
	for (size_t i = 0; i < n; i++)
		must(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", ((const char *)field->iov_base)[i]) != NULL);
	return n;
}

static const struct iovec *find(const struct journal_entry *entry, const char *name)
{
	for (int i = 0; i < entry->fields_n; i++)
		if (name_length(&entry->fields[i]) == strlen(name) && memcmp(entry->fields[i].iov_base, name, strlen(name)) == 0)
			return &entry->fields[i];
	return NULL;
}

static void check_field(const struct journal_entry *entry, int at)
{
	const struct iovec *field = &entry->fields[at];
	size_t n = name_length(field);
	bool line = n == strlen("MESSAGE") && memcmp(field->iov_base, "MESSAGE", n) == 0;

	must((const char *)field->iov_base >= entry->bytes && (const char *)field->iov_base + field->iov_len <= entry->bytes + entry->bytes_n);
	must(field->iov_len - n - 1 <= (line ? LINE_SHOWN_MAX : JOURNAL_VALUE_MAX));
	for (size_t i = n; i < field->iov_len; i++)
		must(((const char *)field->iov_base)[i] >= ' ' && ((const char *)field->iov_base)[i] < 0x7f);
	for (int i = 0; i < at; i++)
		must(name_length(&entry->fields[i]) != n || memcmp(entry->fields[i].iov_base, field->iov_base, n) != 0);
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text >= 0x7f || *text == '\\')
			return false;
	return true;
}

/* What needs no escapes and is short is as it was. */
static void check_value(const struct journal_entry *entry, const char *name, const char *text)
{
	const struct iovec *field = find(entry, name);
	size_t n = strlen(name) + 1;

	if (!text || !text[0] || !is_plain(text) || strlen(text) >= JOURNAL_VALUE_MAX)
		return;
	must(field && field->iov_len - n == strlen(text) && memcmp((const char *)field->iov_base + n, text, strlen(text)) == 0);
}

static void check(const char *const *texts, uint64_t number)
{
	static struct journal_entry entry;
	struct log_about about = {
		.event = TOLD_COORDINATOR_STARTED,
		.job = number, .file = number, .slice = number, .lease = number, .generation = number,
		.files = number, .slices = number, .records = number, .elapsed_ms = number,
		.owner = texts[1], .path = texts[2], .node = texts[3], .peer = texts[4], .address = texts[5],
	};
	const struct iovec *line;
	char shown[LINE_SHOWN_MAX + 1];

	shown[log_escape(texts[0], strlen(texts[0]), shown, sizeof shown - 1)] = '\0'; /* as log_line() gives it */
	journal_fill(&entry, "fqcoordd", 4, shown, number % 4 == 3 ? NULL : &about);
	must(entry.fields_n > 0 && entry.fields_n <= JOURNAL_FIELDS_MAX && entry.bytes_n <= sizeof entry.bytes);
	for (int i = 0; i < entry.fields_n; i++)
		check_field(&entry, i);
	line = find(&entry, "MESSAGE");
	must(line && find(&entry, "PRIORITY") && find(&entry, "SYSLOG_IDENTIFIER"));
	if (strlen(texts[0]) <= LINE_SHOWN_MAX && is_plain(texts[0]))
		must(line->iov_len - 8 == strlen(texts[0]) && memcmp((const char *)line->iov_base + 8, texts[0], line->iov_len - 8) == 0);
	if (number % 4 == 3)
		return;
	check_value(&entry, "FQ_PATH", texts[2]);
	check_value(&entry, "FQ_NODE", texts[3]);
	check_value(&entry, "FQ_PEER", texts[4]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	const char *texts[TEXTS];
	uint64_t number = 0;
	size_t at = 0;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < TEXTS; i++) {
		texts[i] = text + at;
		at += strlen(text + at);
		at += at < size;
	}
	memcpy(&number, data + at, size - at < sizeof number ? size - at : sizeof number);
	check(texts, number);
	return 0;
}
