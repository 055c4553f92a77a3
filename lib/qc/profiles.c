/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles by name: see profiles.h. */
#include "lib/qc/profiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define ENDING ".txt"
#define FILES_MAX 1000 /* of a folder */

static int unreadable(const char *path, int number, struct error *err)
{
	return error_set(err, -number, error_class_of_errno(number), "%s cannot be read: %s", TEXT(path), strerror(number));
}

/* A pipe that lies there is not waited for. */
int profile_file_read(const char *path, char **ret_text, size_t *ret_n, struct error *err)
{
	_cleanup_(freep) char *text = malloc(PROFILE_TEXT_MAX + 2);
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	size_t n = 0;
	ssize_t got = 1;

	if (!text)
		return error_oom(err);
	if (fd < 0 || fstat(fd, &st) < 0)
		return unreadable(path, errno, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EBADMSG, ERROR_CONFIG, "%s is no file: right is a profile, a text", TEXT(path));
	while (got != 0 && n <= PROFILE_TEXT_MAX) {
		got = read(fd, text + n, PROFILE_TEXT_MAX + 1 - n);
		if (got < 0 && errno != EINTR)
			return unreadable(path, errno, err);
		n += got > 0 ? (size_t)got : 0;
	}
	if (n > PROFILE_TEXT_MAX)
		return error_set(err, -EFBIG, ERROR_CONFIG, "%s is too large for a profile: right is up to %d bytes", TEXT(path),
		                 PROFILE_TEXT_MAX);
	text[n] = '\0';
	*ret_text = TAKE(text);
	*ret_n = n;
	return 0;
}

void profile_entry_deinit(struct profile_entry *entry)
{
	free(entry->source);
	free(entry->text);
	*entry = (struct profile_entry){0};
}

void profiles_deinit(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->n; i++)
		profile_entry_deinit(&profiles->items[i]);
	free(profiles->items);
	*profiles = (struct profiles){0};
}

const struct profile_entry *profiles_find(const struct profiles *profiles, const char *name)
{
	for (size_t i = 0; i < profiles->n; i++)
		if (strcmp(profiles->items[i].name, name) == 0)
			return &profiles->items[i];
	return NULL;
}

/* Copies of all; in the place of one of the same name. */
static int entry_put(struct profiles *profiles, const char *name, const char *source, const char *text, size_t n, struct error *err)
{
	struct profile_entry *entry = (struct profile_entry *)profiles_find(profiles, name);
	_cleanup_(freep) char *own_source = strdup(source), *own_text = calloc(n + 1, 1);

	if (!own_source || !own_text)
		return error_oom(err);
	if (!entry) {
		struct profile_entry *items = reallocarray(profiles->items, profiles->n + 1, sizeof *items);

		if (!items)
			return error_oom(err);
		profiles->items = items;
		entry = &items[profiles->n++];
		*entry = (struct profile_entry){0};
		(void)snprintf(entry->name, sizeof entry->name, "%s", name);
	}
	free(entry->source);
	free(entry->text);
	memcpy(own_text, text, n);
	entry->source = TAKE(own_source);
	entry->text = TAKE(own_text);
	entry->n = n;
	return 0;
}

/* The file's profile, checked. */
static int file_load(struct profiles *profiles, const char *name, const char *path, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	struct profile profile;
	size_t n = 0;
	int r = profile_name_valid(name) ? profile_file_read(path, &text, &n, err)
	                                 : error_set(err, -EBADMSG, ERROR_CONFIG,
	                                             "%s: '%s' is no name of a profile: right are up to %d letters, digits and . _ -, no . "
	                                             "at first",
	                                             TEXT(path), TEXT(name), PROFILE_NAME_MAX - 1);

	if (r == 0)
		r = profile_read(&profile, name, text, n, path, err);
	return r < 0 ? r : entry_put(profiles, name, path, text, n, err);
}

/* What cannot be used is told, and what it was before stays. */
static int file_take(struct profiles *profiles, const struct profiles *before, const char *folder, const char *file,
                     void (*wrong)(void *data, const struct error *error), void *data, struct error *err)
{
	_cleanup_(freep) char *path = NULL, *name = strndup(file, strlen(file) - strlen(ENDING));
	const struct profile_entry *old;
	struct error error;
	int r;

	if (!name || asprintf(&path, "%s/%s", folder, file) < 0) {
		path = NULL;
		return error_oom(err);
	}
	r = file_load(profiles, name, path, &error);
	if (r == -ENOMEM)
		return error_oom(err);
	if (r == 0)
		return 0;
	wrong(data, &error);
	old = profiles_find(before, name);
	return old && strcmp(old->source, path) == 0 ? entry_put(profiles, name, path, old->text, old->n, err) : 0;
}

static int folder_load(struct profiles *profiles, const struct profiles *before, const char *folder,
                       void (*wrong)(void *data, const struct error *error), void *data, struct error *err)
{
	DIR *opened = opendir(folder);
	const struct dirent *entry;
	unsigned int files = 0;
	int r = 0;

	if (!opened)
		return errno == ENOENT ? 0 : unreadable(folder, errno, err);
	while (r == 0 && (entry = readdir(opened))) {
		size_t n = strlen(entry->d_name);

		if (n <= strlen(ENDING) || strcmp(entry->d_name + n - strlen(ENDING), ENDING) != 0)
			continue;
		r = files++ < FILES_MAX ? file_take(profiles, before, folder, entry->d_name, wrong, data, err)
		                        : error_set(err, -E2BIG, ERROR_CONFIG, "%s has more than %d profiles", TEXT(folder), FILES_MAX);
	}
	(void)closedir(opened);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct profile_entry *)a)->name, ((const struct profile_entry *)b)->name);
}

int profiles_load(struct profiles *profiles, const char *folder, void (*wrong)(void *data, const struct error *error), void *data,
                  struct error *err)
{
	struct profiles new _cleanup_(profiles_deinit) = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && profile_built_in_name(i); i++) {
		const char *name = profile_built_in_name(i), *text = profile_built_in(name);

		r = entry_put(&new, name, "built-in", text, strlen(text), err);
	}
	if (r == 0)
		r = folder_load(&new, profiles, folder, wrong, data, err);
	if (r < 0)
		return r;
	qsort(new.items, new.n, sizeof *new.items, by_name);
	profiles_deinit(profiles);
	*profiles = new;
	new = (struct profiles){0};
	return 0;
}

int profiles_unknown(const struct profiles *profiles, const char *whom, const char *name, struct error *err)
{
	char list[600] = "";
	size_t n = 0;

	for (size_t i = 0; i < profiles->n && n < sizeof list - PROFILE_NAME_MAX - 8; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n > 0 ? ", " : "", profiles->items[i].name);
	return error_set(err, -ENOENT, ERROR_USAGE, "%s has no profile '%s'; right are %s%s, or a file with a slash in its name", whom,
	                 TEXT(name), list, n < sizeof list - PROFILE_NAME_MAX - 8 ? "" : ", ...");
}
