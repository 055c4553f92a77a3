/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of nodes as names: see hostlist.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/hostlist.h"
#include "lib/base/text.h"

#define DIGITS_MAX 9
#define BRACKETS_MAX 4

struct unfolded {
	const char *text; /* the whole list, for sentences */
	char **names;
	size_t n;
};

static void unfolded_deinit(struct unfolded *unfolded)
{
	(void)hostlist_free(unfolded->names); /* always NULL */
}

static int fail(const struct unfolded *unfolded, const char *why, struct error *err)
{
	return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no list of nodes: %s; right is node[01-04,07]", TEXT(unfolded->text), why);
}

/* One name, which is n bytes. */
static int name_add(struct unfolded *unfolded, const char *name, size_t n, struct error *err)
{
	if (n == 0)
		return fail(unfolded, "a name in it is empty", err);
	if (memchr(name, ']', n))
		return fail(unfolded, "a ] stands without its [", err);
	if (name[0] == '+' || (n == 3 && memcmp(name, "...", 3) == 0))
		return fail(unfolded, "some names were left out of it", err);
	if (unfolded->n == HOSTLIST_UNFOLD_MAX)
		return fail(unfolded, "it has more than " HOSTLIST_UNFOLD_MAX_TEXT " names", err);
	unfolded->names[unfolded->n] = strndup(name, n);
	if (!unfolded->names[unfolded->n])
		return error_oom(err);
	unfolded->n++;
	return 0;
}

/* "01-04" or "07" at *at, which moves behind it. False: it is neither. */
static bool range_read(const char **at, unsigned long *ret_first, unsigned long *ret_last, int *ret_width)
{
	const char *from = *at;
	size_t n = strspn(from, "0123456789"), more;

	*ret_first = *ret_last = strtoul(from, NULL, 10);
	*ret_width = (int)n;
	*at += n;
	if (n == 0 || n > DIGITS_MAX || **at != '-')
		return n > 0 && n <= DIGITS_MAX;
	from = ++*at;
	more = strspn(from, "0123456789");
	*ret_last = strtoul(from, NULL, 10);
	*at += more;
	return more > 0 && more <= DIGITS_MAX && *ret_last >= *ret_first;
}

/* A piece without commas outside brackets: the n bytes before the first bracket, each number in it, and what is behind it likewise. */
static int piece_add(struct unfolded *unfolded, const char *piece, size_t size, int depth, struct error *err)
{
	const char *open = memchr(piece, '[', size), *close = open ? memchr(open, ']', size - (size_t)(open - piece)) : NULL;
	char name[HOSTLIST_TEXT_MAX];
	int r = 0;

	if (!open)
		return name_add(unfolded, piece, size, err);
	if (!close || depth == BRACKETS_MAX)
		return fail(unfolded, close ? "it has too many brackets" : "a [ has no ]", err);
	for (const char *at = open; r == 0 && at < close;) {
		unsigned long first, last;
		int width;

		at++; /* the bracket, or a comma */
		if (!range_read(&at, &first, &last, &width) || (*at != ',' && at != close))
			return fail(unfolded, "in brackets stand numbers and ranges, as 01-04,07", err);
		for (unsigned long i = first; r == 0 && i <= last; i++) {
			int n = snprintf(name, sizeof name, "%.*s%0*lu%.*s", (int)(open - piece), piece, width, i,
			                 (int)(piece + size - close - 1), close + 1);

			r = piece_add(unfolded, name, (size_t)n, depth + 1, err);
		}
	}
	return r;
}

int hostlist_unfold(const char *text, char ***ret, struct error *err)
{
	struct unfolded unfolded _cleanup_(unfolded_deinit) = {.text = text};
	const char *from = text;
	bool within = false;
	int r = 0;

	if (strlen(text) >= HOSTLIST_TEXT_MAX / 2)
		return fail(&unfolded, "it is too long", err);
	unfolded.names = calloc(HOSTLIST_UNFOLD_MAX + 1, sizeof *unfolded.names);
	if (!unfolded.names)
		return error_oom(err);
	for (const char *at = text; r == 0; at++) {
		within = *at == '[' || (within && *at != ']');
		if (*at != '\0' && (*at != ',' || within))
			continue;
		r = piece_add(&unfolded, from, (size_t)(at - from), 0, err);
		if (*at == '\0')
			break;
		from = at + 1;
	}
	if (r == 0)
		*ret = TAKE(unfolded.names);
	return r;
}

char **hostlist_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return NULL;
}
