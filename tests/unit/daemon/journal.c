/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/journal.h: the fields of an entry, and that nothing that is put into one makes another. */
#include "daemon/journal.h"

#include <stdio.h>
#include <string.h>

#include "daemon/events.h"
#include "tests/unit/tap.h"

static struct journal_entry entry;

/* Its value, or "(none)". */
static const char *field(const char *name)
{
	static char value[4096];
	const size_t n = strlen(name);

	for (int i = 0; i < entry.fields_n; i++) {
		const struct iovec *at = &entry.fields[i];

		if (at->iov_len <= n || memcmp(at->iov_base, name, n) != 0 || ((const char *)at->iov_base)[n] != '=')
			continue;
		(void)snprintf(value, sizeof value, "%.*s", (int)(at->iov_len - n - 1), (const char *)at->iov_base + n + 1);
		return value;
	}
	return "(none)";
}

static bool all_printable(void)
{
	for (size_t i = 0; i < entry.bytes_n; i++)
		if ((unsigned char)entry.bytes[i] < ' ' || (unsigned char)entry.bytes[i] > '~')
			return false;
	return true;
}

static void plain(void)
{
	const struct log_about about = {.event = TOLD_SLICE_LOST,
	                                .job = LOG_ID(7),
	                                .file = LOG_ID(0),
	                                .slice = LOG_ID(0),
	                                .lease = LOG_ID(12),
	                                .path = "/data/a b.fq",
	                                .node = "w1"};

	journal_fill(&entry, "fqcoordd", LOG_NOTICE, "job 7: it was lost", &about);
	is_str(field("MESSAGE"), "job 7: it was lost", "the sentence");
	is_str(field("PRIORITY"), "5", "its level");
	is_str(field("SYSLOG_IDENTIFIER"), "fqcoordd", "who says so");
	is_str(field("MESSAGE_ID"), told_row(TOLD_SLICE_LOST)->id, "which event it is");
	is_str(field("FQ_EVENT"), "slice-lost", "and its word");
	is_str(field("FQ_JOB"), "7", "the job");
	is_str(field("FQ_FILE"), "0", "file 0 is one");
	is_str(field("FQ_SLICE"), "0", "so is slice 0");
	is_str(field("FQ_LEASE"), "12", "the lease");
	is_str(field("FQ_PATH"), "/data/a b.fq", "the path");
	is_str(field("FQ_NODE"), "w1", "the node");
	is_str(field("FQ_OWNER"), "(none)", "what is not known is not told");
	is_str(field("FQ_GENERATION"), "(none)", "nor is a number");
	is_u64((uint64_t)entry.fields_n, 11, "and nothing else");

	journal_fill(&entry, "fqworkerd", LOG_INFO, "up", NULL);
	is_u64((uint64_t)entry.fields_n, 3, "a line about nothing has three fields");
	journal_fill(&entry, "fqworkerd", LOG_INFO, "up", &(struct log_about){.event = _TOLD_MAX, .node = ""});
	is_u64((uint64_t)entry.fields_n, 3, "so has one of an event that is none, and of a node without a name");
	journal_fill(&entry, "fqworkerd", LOG_INFO, "up", &(struct log_about){.event = -1, .slice = LOG_ID(UINT64_MAX)});
	is_u64((uint64_t)entry.fields_n, 3, "or of no slice");
}

static void foreign(void)
{
	struct log_about about = {.path = "/a\nPRIORITY=0\nb", .node = "\x1b[2J\x9b\xc2\x9b\xc3\xa9", .owner = "a\\x0ab"};

	journal_fill(&entry, "fqcoordd", LOG_ERR, "no", &about);
	is_str(field("FQ_PATH"), "/a\\x0aPRIORITY=0\\x0ab", "a newline ends no field");
	is_str(field("FQ_NODE"), "\\x1b[2J\\x9b\\xc2\\x9b\\xc3\\xa9", "nothing speaks to a terminal");
	is_str(field("FQ_OWNER"), "a\\x5cx0ab", "what looks as if it was changed is told from what was");
	ok(all_printable(), "all of it is printable ASCII");
}

static void bounded(void)
{
	static char longest[8192];
	struct log_about about = {.event = TOLD_JOB_SUBMITTED, .owner = longest, .path = longest, .node = longest, .peer = longest,
	                          .address = longest};

	about.job = about.file = about.slice = about.lease = about.generation = UINT64_MAX;
	about.files = about.slices = about.records = about.elapsed_ms = UINT64_MAX;
	for (int of = 0; of < 2; of++) {
		memset(longest, of ? '\x1b' : 'x', sizeof longest - 1);
		journal_fill(&entry, "fqcoordd", LOG_ERR, longest, &about);
		ok(strlen(field("MESSAGE")) == 2048, "a long line is cut");
		ok(strlen(field("FQ_PATH")) > 200 && strlen(field("FQ_PATH")) <= JOURNAL_VALUE_MAX, "so is a value");
		is_u64((uint64_t)entry.fields_n, 19, "no field is left out for want of room");
		is_str(field("FQ_ELAPSED_MS"), "18446744073709551614", "the largest number is one");
	}
}

int main(void)
{
	plain();
	foreign();
	bounded();
	return done_testing();
}
