/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles by name: see profiles.h. */
#include "ctl/profiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/reporting.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define FOLDER FQ_CONF_DIR "/profiles"
#define ENDING ".txt"

static int no_profile(const char *name, struct error *err)
{
	return error_set(err, -ENOENT, ERROR_USAGE,
	                 "there is no profile '%s'; 'fqctl profile list' lists them, and one in a file has a slash in its name",
	                 TEXT(name));
}

int profiles_text(const char *name, char **ret_text, size_t *ret_n, char **ret_source, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	const char *text;
	int r;

	if (!strchr(name, '/') && !profile_name_valid(name))
		return no_profile(name, err);
	if (asprintf(&path, strchr(name, '/') ? "%s" : FOLDER "/%s" ENDING, name) < 0) {
		path = NULL;
		return error_oom(err);
	}
	if (strchr(name, '/') || access(path, F_OK) == 0) {
		r = list_text(path, ret_text, ret_n, err);
		if (r == 0)
			*ret_source = TAKE(path);
		return r;
	}
	text = profile_built_in(name);
	if (!text)
		return no_profile(name, err);
	*ret_text = strdup(text);
	*ret_source = strdup("built-in");
	*ret_n = strlen(text);
	if (*ret_text && *ret_source)
		return 0;
	free(*ret_text);
	free(*ret_source);
	return error_oom(err);
}

int profiles_load(const char *name, struct profile *ret, struct error *err)
{
	_cleanup_(freep) char *text = NULL, *source = NULL, *shown = NULL;
	const char *slash = strrchr(name, '/');
	size_t n = 0, length;
	int r = profiles_text(name, &text, &n, &source, err);

	if (r < 0)
		return r;
	shown = strdup(slash ? slash + 1 : name);
	if (!shown)
		return error_oom(err);
	length = strlen(shown);
	if (slash && length > strlen(ENDING) && strcmp(shown + length - strlen(ENDING), ENDING) == 0)
		shown[length - strlen(ENDING)] = '\0';
	return profile_read(ret, shown, text, n, source, err);
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int name_add(char ***names, size_t *n, const char *name, size_t length)
{
	char **more = reallocarray(*names, *n + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	*names = more;
	more[*n] = strndup(name, length);
	if (!more[*n])
		return -ENOMEM;
	if (profile_name_valid(more[*n]))
		(*n)++;
	else
		free(more[*n]);
	return 0;
}

int profiles_list(char ***ret, size_t *ret_n)
{
	DIR *folder = opendir(FOLDER);
	const struct dirent *entry;
	char **names = NULL;
	size_t n = 0, kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && profile_built_in_name(i); i++)
		r = name_add(&names, &n, profile_built_in_name(i), PROFILE_NAME_MAX);
	while (r == 0 && folder && (entry = readdir(folder))) {
		size_t length = strlen(entry->d_name);

		if (length > strlen(ENDING) && strcmp(entry->d_name + length - strlen(ENDING), ENDING) == 0)
			r = name_add(&names, &n, entry->d_name, length - strlen(ENDING));
	}
	if (folder)
		(void)closedir(folder);
	if (n > 1)
		qsort(names, n, sizeof *names, name_order);
	for (size_t i = 0; i < n; i++)
		if (kept > 0 && strcmp(names[kept - 1], names[i]) == 0)
			free(names[i]);
		else
			names[kept++] = names[i];
	*ret = names;
	*ret_n = kept;
	return r;
}
