/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roots of a worker: see roots.h. */
#include "conf/roots.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define LINKS ":links"

static size_t without_slashes(const char *path, size_t n)
{
	while (n > 0 && path[n - 1] == '/')
		n--;
	return n;
}

/* Whether one of the path's names is "." or "..". */
static bool has_dots(const char *path, size_t n)
{
	size_t begin = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		if ((i - begin == 1 && path[begin] == '.') || (i - begin == 2 && memcmp(path + begin, "..", 2) == 0))
			return true;
		begin = i + 1;
	}
	return false;
}

static int check_path(const char *text, const char *path, size_t n, struct error *err)
{
	char shown[512];

	(void)text_escape_bytes(shown, sizeof shown, path, n);
	if (n == 0 || path[0] != '/')
		return error_set(err, -EINVAL, ERROR_USAGE, "roots: %s is relative: right is a path that begins with a slash",
		                 n > 0 ? shown : TEXT(text));
	if (has_dots(path, n))
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "roots: %s has a \".\" or \"..\" in it: right is the path without", shown);
	return 0;
}

int root_parse(const char *text, struct root *ret, struct error *err)
{
	const size_t links_n = strlen(LINKS);
	size_t n = strlen(text), site_n;
	const char *equals;
	struct root root = {.site = text};
	int r;

	assert(ret);
	if (n > links_n && strcmp(text + n - links_n, LINKS) == 0) {
		root.links = true;
		n -= links_n;
	}
	equals = strstr(text, "=/");
	if (equals && equals >= text + n)
		equals = NULL;
	site_n = equals ? (size_t)(equals - text) : n;
	root.local = equals ? equals + 1 : text;
	root.local_n = equals ? n - site_n - 1 : n;
	r = check_path(text, root.site, site_n, err);
	if (r == 0)
		r = check_path(text, root.local, root.local_n, err);
	if (r < 0)
		return r;
	root.site_n = without_slashes(root.site, site_n);
	root.local_n = without_slashes(root.local, root.local_n);
	*ret = root;
	return 0;
}

static bool same_site(const struct root *a, const struct root *b)
{
	return a->site_n == b->site_n && memcmp(a->site, b->site, a->site_n) == 0;
}

int roots_check(const struct conf_list *roots, struct error *err)
{
	for (size_t i = 0; i < roots->n; i++) {
		struct root root, other;
		int r = root_parse(roots->items[i], &root, err);

		for (size_t k = 0; r == 0 && k < i; k++)
			if (root_parse(roots->items[k], &other, err) == 0 && same_site(&root, &other))
				r = error_set(err, -EINVAL, ERROR_USAGE,
				              "roots: %s and %s are for the same path: right is one of them", TEXT(roots->items[k]),
				              TEXT(roots->items[i]));
		if (r < 0)
			return r;
	}
	return 0;
}

int roots_print(FILE *out, const struct conf_list *roots)
{
	for (size_t i = 0; i < roots->n; i++) {
		char site[512], local[512];
		struct root root;

		if (root_parse(roots->items[i], &root, NULL) < 0)
			continue; /* roots_check() has said why */
		(void)text_escape_bytes(site, sizeof site, root.site, root.site_n);
		(void)text_escape_bytes(local, sizeof local, root.local, root.local_n);
		if (fprintf(out, "Files beneath %s/ are opened in %s/ here; symbolic links below it are %s.\n", site, local,
		            root.links ? "followed where they stay beneath it" : "not followed") < 0)
			return -EIO;
	}
	return 0;
}
