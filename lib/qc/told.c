/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fastqc_data.txt read back: see told.h. */
#include "lib/qc/told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

#define NOTE "#Total Deduplicated Percentage\t"

/* Where the reader is. */
struct reading {
	struct told *told;
	struct told_section *section; /* NULL: between sections */
	const char *name;
	size_t line;
	struct error *err;
};

static int wrong(const struct reading *reading, const char *right)
{
	return error_set(reading->err, -EBADMSG, ERROR_DATA, "%s:%zu: this is no fastqc_data.txt: right is %s", TEXT(reading->name),
	                 reading->line, right);
}

static int begin_section(struct reading *reading, char *line)
{
	char *tab = strchr(line, '\t');
	size_t id = 0, status = 0;

	if (reading->section || !tab)
		return wrong(reading, "\">>NAME\", a tab and pass, warn or fail");
	*tab = '\0';
	while (id < _SECTION_MAX && strcmp(section_name((enum section_id)id), line + 2) != 0)
		id++;
	while (status <= STATUS_FAIL && strcmp(status_name((enum status)status), tab + 1) != 0)
		status++;
	if (id == _SECTION_MAX || status > STATUS_FAIL)
		return wrong(reading, "a section of FastQC's with pass, warn or fail");
	if (reading->told->there & 1u << id)
		return wrong(reading, "each section once");
	reading->told->there |= 1u << id;
	reading->section = &reading->told->sections[id];
	reading->section->id = (enum section_id)id;
	reading->section->status = (enum status)status;
	return 0;
}

static int row_add(struct reading *reading, char *line)
{
	struct told_section *section = reading->section;

	if (section->rows_n == section->rows_room) {
		size_t room = section->rows_room ? 2 * section->rows_room : 64;
		char **rows = reallocarray(section->rows, room, sizeof *rows);

		if (!rows)
			return error_oom(reading->err);
		section->rows = rows;
		section->rows_room = room;
	}
	section->rows[section->rows_n++] = line;
	return 0;
}

static int line_read(struct reading *reading, char *line)
{
	if (reading->line == 1)
		return strncmp(line, "##FastQC\t", 9) == 0 || strncmp(line, "##Falco\t", 8) == 0 ? 0 : wrong(reading, "\"##FastQC\", a tab and a version");
	if (strcmp(line, ">>END_MODULE") == 0) {
		if (!reading->section)
			return wrong(reading, "a section before its end");
		reading->section = NULL;
		return 0;
	}
	if (strncmp(line, ">>", 2) == 0)
		return begin_section(reading, line);
	if (!reading->section)
		return line[0] == '\0' ? 0 : wrong(reading, "nothing between sections");
	if (strncmp(line, NOTE, strlen(NOTE)) == 0) {
		reading->section->note = line + strlen(NOTE);
		return 0;
	}
	if (line[0] == '#') {
		reading->section->columns = line + 1;
		return 0;
	}
	return row_add(reading, line);
}

int told_read(struct told *told, char *text, size_t n, const char *name, struct error *err)
{
	struct reading reading = {.told = told, .name = name, .line = 1, .err = err};
	char *at = text, *end = text + n;
	int r = 0;

	*told = (struct told){.text = text};
	if (n == 0 || memchr(text, '\0', n))
		return wrong(&reading, "a text");
	for (; r == 0 && at < end; reading.line++) {
		char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		*stop = '\0';
		if (stop > at && stop[-1] == '\r')
			stop[-1] = '\0';
		r = line_read(&reading, at);
		at = stop + 1;
	}
	if (r == 0 && (reading.section || !(told->there & 1u << SECTION_BASIC)))
		r = wrong(&reading, "Basic Statistics, and >>END_MODULE behind each section: it is cut");
	return r;
}

void told_deinit(struct told *told)
{
	for (size_t i = 0; i < _SECTION_MAX; i++)
		free(told->sections[i].rows);
	free(told->text);
	*told = (struct told){0};
}

const char *told_field(const char *line, size_t i, size_t *ret_n)
{
	for (; i > 0; i--) {
		line = strchr(line, '\t');
		if (!line)
			return NULL;
		line++;
	}
	*ret_n = strcspn(line, "\t");
	return line;
}
