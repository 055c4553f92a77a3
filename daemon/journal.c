/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the log as entries of the journal: see journal.h. The only file that speaks to it. */
#include "daemon/journal.h"

#include <inttypes.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A line is told by its MESSAGE_ID: no place in the source needs to be said. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define LINE_MAX_BYTES 2048
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define LAST_TRIES 100 /* of LAST_MS each */
#define LAST_MS 10

static const struct {
	const char *name;
	size_t offset; /* of a number as LOG_ID() makes it, or of a text */
} numbers[] = {
	{"FQ_JOB", offsetof(struct log_about, job)},
	{"FQ_FILE", offsetof(struct log_about, file)},
	{"FQ_SLICE", offsetof(struct log_about, slice)},
	{"FQ_LEASE", offsetof(struct log_about, lease)},
	{"FQ_GENERATION", offsetof(struct log_about, generation)},
	{"FQ_FILES", offsetof(struct log_about, files)},
	{"FQ_SLICES", offsetof(struct log_about, slices)},
	{"FQ_READS", offsetof(struct log_about, records)},
	{"FQ_ELAPSED_MS", offsetof(struct log_about, elapsed_ms)},
}, texts[] = {
	{"FQ_OWNER", offsetof(struct log_about, owner)},
	{"FQ_PATH", offsetof(struct log_about, path)},
	{"FQ_NODE", offsetof(struct log_about, node)},
	{"FQ_PEER", offsetof(struct log_about, peer)},
	{"FQ_ADDRESS", offsetof(struct log_about, address)},
};

static const char *own_program;

static void add(struct journal_entry *entry, const char *name, const char *value, size_t most)
{
	const size_t name_n = strlen(name), value_n = strnlen(value, most), n = name_n + 1 + value_n;
	char *at = entry->bytes + entry->bytes_n;

	if (entry->fields_n == JOURNAL_FIELDS_MAX || n > sizeof entry->bytes - entry->bytes_n)
		return;
	memcpy(at, name, name_n);
	at[name_n] = '=';
	memcpy(at + name_n + 1, value, value_n);
	entry->fields[entry->fields_n++] = (struct iovec){.iov_base = at, .iov_len = n};
	entry->bytes_n += n;
}

static void add_number(struct journal_entry *entry, const char *name, uint64_t number)
{
	char value[24];

	(void)snprintf(value, sizeof value, "%" PRIu64, number);
	add(entry, name, value, sizeof value);
}

/* text_escape() lets UTF-8 be, and is what makes a backslash of its own plain. */
static void add_foreign(struct journal_entry *entry, const char *name, const char *value)
{
	char escaped[JOURNAL_VALUE_MAX], ascii[JOURNAL_VALUE_MAX];
	size_t n;

	(void)text_escape(escaped, sizeof escaped, value);
	n = log_escape(escaped, strlen(escaped), ascii, sizeof ascii);
	add(entry, name, ascii, n);
}

static void add_about(struct journal_entry *entry, const struct log_about *about)
{
	const struct told_row *row = told_row(about->event);

	if (row) {
		add(entry, "MESSAGE_ID", row->id, JOURNAL_VALUE_MAX);
		add(entry, "FQ_EVENT", row->word, JOURNAL_VALUE_MAX);
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const uint64_t *number = (const void *)((const char *)about + numbers[i].offset);

		if (*number > 0)
			add_number(entry, numbers[i].name, *number - 1);
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *const *text = (const void *)((const char *)about + texts[i].offset);

		if (*text && **text)
			add_foreign(entry, texts[i].name, *text);
	}
}

void journal_fill(struct journal_entry *entry, const char *program, int level, const char *line, const struct log_about *about)
{
	entry->fields_n = 0;
	entry->bytes_n = 0;
	add(entry, "MESSAGE", line, LINE_MAX_BYTES);
	add_number(entry, "PRIORITY", (uint64_t)LOG_PRI(level));
	add(entry, "SYSLOG_IDENTIFIER", program, JOURNAL_VALUE_MAX);
	if (about)
		add_about(entry, about);
}

static bool send_entry(int level, const char *line, const struct log_about *about)
{
	struct journal_entry entry;

	journal_fill(&entry, own_program, level, line, about);
	return sd_journal_sendv(entry.fields, entry.fields_n) >= 0;
}

void journal_open(const char *program)
{
	own_program = program;
	if (access(JOURNAL_SOCKET, W_OK) == 0) /* libsystemd would say nothing of one that is not there */
		log_set_sink(send_entry);
}

/*
 * The last words of a process. The journal looks up the unit of who sends when it takes an entry, and finds none of a process that
 * has ended meanwhile: journalctl -u would not show them. So this waits, for a second at most, until the entry was taken.
 */
static bool send_last(int level, const char *line, const struct log_about *about)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char bytes[JOURNAL_BYTES_MAX + JOURNAL_FIELDS_MAX];
	struct journal_entry entry;
	size_t n = 0;
	int left = 1;

	journal_fill(&entry, own_program, level, line, about);
	for (int i = 0; i < entry.fields_n; i++) {
		const struct iovec *field = &entry.fields[i];

		if (memchr(field->iov_base, '\n', field->iov_len))
			return send_entry(level, line, about);
		memcpy(bytes + n, field->iov_base, field->iov_len);
		n += field->iov_len;
		bytes[n++] = '\n';
	}
	if (fd < 0 || sendto(fd, bytes, n, MSG_NOSIGNAL, (const struct sockaddr *)&address, sizeof address) < 0)
		return send_entry(level, line, about);
	for (int i = 0; i < LAST_TRIES && left > 0; i++) {
		(void)poll(NULL, 0, LAST_MS);
		if (ioctl(fd, SIOCOUTQ, &left) < 0)
			break;
	}
	(void)poll(NULL, 0, LAST_MS); /* from there to the look at this process */
	return true;
}

void journal_failed(const char *program, const struct error *error)
{
	if (!error->text[0]) /* nobody reads standard output any more */
		return;
	journal_open(program);
	if (access(JOURNAL_SOCKET, W_OK) == 0)
		log_set_sink(send_last);
	if (log_is_journal())
		log_event(LOG_ERR, &(struct log_about){.event = TOLD_DAEMON_FAILED}, "%s", error->text);
	else
		(void)fprintf(stderr, "%s: %s\n", program, error->text);
}
