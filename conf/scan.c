/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A look at a file's text before libconfig has it: see scan.h. It follows libconfig's own rules for comments, texts, names and
 * numbers; whatever else is wrong is left to libconfig.
 */
#include "conf/scan.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*"
#define DIGITS "0123456789"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static int refuse(const char *name, const char *text, const char *place, const char *what,
                  struct error *err)
{
	unsigned int line = 1;

	for (; text < place; text++)
		line += *text == '\n';
	return error_set(err, -EINVAL, ERROR_CONFIG, "%s:%u: %s", TEXT(name), line, what);
}

/* Behind the comment at s. */
static const char *skip_comment(const char *s)
{
	const char *end;

	if (s[0] == '#' || s[1] == '/')
		return s + strcspn(s, "\n");
	end = strstr(s + 2, "*/");
	return end ? end + 2 : s + strlen(s);
}

/* Behind the text in quotes at s. */
static const char *skip_text(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return *s ? s + 1 : s;
}

/* Behind the digits at s; a fraction, an exponent and hexadecimal are refused later, for their type. */
static const char *skip_number(const char *s, bool *ret_too_large)
{
	const char *start = s;
	bool is_long;
	long long number;

	s += strspn(s, DIGITS);
	if (*s != '\0' && strchr(".eExX", *s)) {
		*ret_too_large = false;
		return s + strspn(s, DIGITS LETTERS ".+-");
	}
	is_long = *s == 'L';
	errno = 0;
	number = strtoll(start, NULL, 10);
	*ret_too_large = errno == ERANGE || (!is_long && number > INT32_MAX);
	return s + strspn(s, "L");
}

int conf_scan(const char *name, const char *text, size_t n, struct error *err)
{
	const char *s = memchr(text, '\0', n);

	if (s)
		return refuse(name, text, s, "a zero byte: right is plain text", err);
	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		return refuse(name, text, text, "a byte order mark, which no editor shows: right is plain text without one", err);
	for (s = text; *s;) {
		bool too_large = false;
		const char *start = s;

		if (*s == '#' || (*s == '/' && (s[1] == '/' || s[1] == '*')))
			s = skip_comment(s);
		else if (*s == '"')
			s = skip_text(s);
		else if (strchr(LETTERS, *s))
			s += strspn(s, LETTERS DIGITS "-_");
		else if (strchr(DIGITS, *s))
			s = skip_number(s, &too_large);
		else
			s++;
		if (too_large)
			return refuse(
			    name, text, start,
			    "a large number: right is an L behind it (5000000000L), or, of a "
			    "size or duration, a text as \"5G\"",
			    err);
		if (*start == '@')
			return refuse(name, text, start,
			              "@include is not followed: right is one file with all keys",
			              err);
	}
	return 0;
}
