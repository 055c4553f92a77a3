/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text files of one fact a line: see lines.h. */
#include "lib/wire/lines.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"

#define BLANKS " \t\r"

int line_wrong(const char *name, const struct line *line, struct error *err, const char *format,
               ...)
{
	char words[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args); /* cut as any sentence */
	va_end(args);
	return error_set(err, -EINVAL, ERROR_CONFIG, "%s:%u: %s", TEXT(name), line->number, words);
}

static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline : end;
}

static bool has_controls(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)text[i] < ' ' && !strchr(BLANKS, text[i])) || text[i] == 0x7f ||
		    !text[i])
			return true;
	return false;
}

/* Cuts the line's text into words. */
static void split(struct line *line)
{
	char *rest = NULL;

	line->words = 0;
	for (char *word = strtok_r(line->text, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		if (line->words == 0 && word[0] == '#')
			return;
		if (line->words < sizeof line->word / sizeof line->word[0])
			line->word[line->words] = word;
		line->words++;
	}
}

int line_next(const char *name, const char **at, const char *end, struct line *ret,
              struct error *err)
{
	while (*at < end) {
		const char *stop = line_end(*at, end), *begin = *at;
		size_t n = (size_t)(stop - begin);
		bool comment = n > 0 && begin[0] == '#';

		*at = stop < end ? stop + 1 : end;
		ret->number++;
		if (!comment && n >= sizeof ret->text)
			return line_wrong(name, ret, err, "the line has more than %zu characters",
			                  sizeof ret->text - 1);
		if (!comment && has_controls(begin, n))
			return line_wrong(name, ret, err, "the line has bytes that are no text");
		ret->words = 0;
		if (comment)
			continue;
		memcpy(ret->text, begin, n);
		ret->text[n] = '\0';
		split(ret);
		if (ret->words > 0)
			return 1;
	}
	return 0;
}

static void put(FILE *out, const char *begin, const char *end)
{
	/* To memory: a failure shows at its end. */
	(void)fwrite(begin, 1, (size_t)(end - begin), out);
	if (begin < end && end[-1] != '\n')
		(void)fputc('\n', out);
}

/* The old text with the new line in its place, or without it where text is NULL. */
static int change(const char *path, const char *old, size_t n, const char *text,
                  bool (*is_same)(const struct line *line, const void *data), const void *data,
                  FILE *out, struct error *err)
{
	const char *at = old, *end = old + n, *kept = old;
	struct line line = {0};
	bool put_new = false;
	int r;

	while ((r = line_next(path, &at, end, &line, err)) > 0) {
		const char *begin = at;

		if (!is_same(&line, data))
			continue;
		if (begin > old && begin[-1] == '\n')
			begin--;
		while (begin > kept && begin[-1] != '\n')
			begin--;
		put(out, kept, begin);
		kept = at;
		if (text && !put_new)
			(void)fprintf(out, "%s\n", text);
		put_new = true;
	}
	if (r < 0)
		return r;
	put(out, kept, end);
	if (text && !put_new)
		(void)fprintf(out, "%s\n", text);
	return 0;
}

int lines_change(const char *path, const char *text,
                 bool (*is_same)(const struct line *line, const void *data), const void *data,
                 struct error *err)
{
	_cleanup_(freep) char *old = NULL, *new = NULL;
	size_t old_n = 0, new_n = 0;
	FILE *out;
	int r;

	r = durable_read(path, LINES_FILE_MAX, &old, &old_n, err);
	if (r < 0)
		return r;
	out = open_memstream(&new, &new_n);
	if (!out)
		return error_oom(err);
	r = change(path, old ? old : "", old_n, text, is_same, data, out, err);
	if (fclose(out) != 0 && r == 0)
		r = error_oom(err);
	return r < 0 ? r : durable_write(path, new, new_n, 0600, true, err);
}
