/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FastQC's configuration files, line by line: see list_file.h. */
#include "lib/qc/list_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int list_file_line(struct list_file *file, struct span *ret)
{
	while (file->at < file->end) {
		const char *begin = file->at, *first = begin, *stop = begin;

		while (stop < file->end && *stop != '\n' && *stop != '\r')
			stop++;
		file->at = stop + (stop < file->end);
		if (file->end - stop > 1 && stop[0] == '\r' && stop[1] == '\n')
			file->at++;
		file->line++;
		while (first < stop && is_blank(*first))
			first++;
		if (first == stop || *begin == '#')
			continue;
		*ret = (struct span){begin, (size_t)(stop - begin)};
		return 1;
	}
	return 0;
}

struct span list_file_word(struct span *line, const char *blanks)
{
	const char *at = line->text, *end = at + line->n;
	struct span word;

	while (at < end && *at && strchr(blanks, *at))
		at++;
	word.text = at;
	while (at < end && !(*at && strchr(blanks, *at)))
		at++;
	word.n = (size_t)(at - word.text);
	*line = (struct span){at, (size_t)(end - at)};
	return word;
}

int list_file_entry(struct list_file *file, struct span *ret_name, struct span *ret_sequence, struct error *err)
{
	struct span line, name, sequence;
	bool tab_first;

	if (list_file_line(file, &line) == 0)
		return 0;
	tab_first = *line.text == '\t'; /* the name is empty */
	name = list_file_word(&line, "\t");
	sequence = list_file_word(&line, "\t");
	if (tab_first || name.n == 0 || sequence.n == 0 || list_file_word(&line, "\t").n > 0)
		return list_file_wrong(file, err, "right is a name, one or more tabs, and a sequence");
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.text[i] < ' ' || name.text[i] == '\x7f')
			return list_file_wrong(file, err, "the name has a control character");
	if (is_blank(sequence.text[sequence.n - 1]))
		return list_file_wrong(file, err, "behind the sequence of \"%s\" is a blank, which FastQC would search for, too",
		                       text_escape_bytes((char[256]){0}, 256, name.text, name.n));
	for (size_t i = 0; i < sequence.n; i++)
		if (!is_letter(sequence.text[i]))
			return list_file_wrong(file, err, "the sequence of \"%s\" has a byte that is no letter",
			                       text_escape_bytes((char[256]){0}, 256, name.text, name.n));
	*ret_name = name;
	*ret_sequence = sequence;
	return 1;
}

int list_file_wrong(const struct list_file *file, struct error *err, const char *format, ...)
{
	char words[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	return error_set(err, -EBADMSG, ERROR_CONFIG, "%s:%u: %s", TEXT(file->name), file->line, words);
}
