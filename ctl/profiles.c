/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles by name: see profiles.h. */
#include "ctl/profiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define FOLDER FQ_CONF_DIR "/profiles"
#define ENDING ".txt"

static int entry_make(const char *name, const char *source, const void *text, size_t n, struct profile_entry *ret, struct error *err)
{
	struct profile_entry entry = {.source = strdup(source), .text = calloc(n + 1, 1), .n = n};

	if (!entry.source || !entry.text) {
		profile_entry_deinit(&entry);
		return error_oom(err);
	}
	if (n > 0)
		memcpy(entry.text, text, n);
	(void)snprintf(entry.name, sizeof entry.name, "%s", name);
	*ret = entry;
	return 0;
}

/* ---- of this machine */

static void on_wrong(void *data, const struct error *error)
{
	(void)data;
	complain(error);
}

int profiles_here(struct profiles *ret, struct error *err)
{
	*ret = (struct profiles){0};
	return profiles_load(ret, FOLDER, on_wrong, NULL, err);
}

/* "./own" of "site/own.txt". */
static int file_name(const char *path, char ret[PROFILE_SHOWN_MAX], struct error *err)
{
	const char *last = strrchr(path, '/') + 1;
	size_t n = strlen(last);

	if (n > strlen(ENDING) && strcmp(last + n - strlen(ENDING), ENDING) == 0)
		n -= strlen(ENDING);
	if (n < PROFILE_NAME_MAX)
		(void)snprintf(ret, PROFILE_SHOWN_MAX, "./%.*s", (int)n, last);
	if (n < PROFILE_NAME_MAX && profile_is_own(ret))
		return 0;
	return error_set(err, -EINVAL, ERROR_USAGE,
	                 "%s: a profile cannot be called so: right are up to %d letters, digits and . _ -, no . at first, and .txt behind",
	                 TEXT(path), PROFILE_NAME_MAX - 1);
}

static int from_file(const char *path, struct profile_entry *ret, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	char name[PROFILE_SHOWN_MAX];
	struct profile profile;
	size_t n = 0;
	int r = profile_file_read(path, &text, &n, err);

	if (r == 0)
		r = profile_read(&profile, "", text, n, path, err);
	if (r == 0)
		r = file_name(path, name, err);
	return r < 0 ? r : entry_make(name, path, text, n, ret, err);
}

int profile_here(const char *word, struct profile_entry *ret, struct error *err)
{
	struct profiles all _cleanup_(profiles_deinit) = {0};
	const struct profile_entry *entry;
	int r;

	if (strchr(word, '/'))
		return from_file(word, ret, err);
	r = profiles_here(&all, err);
	if (r < 0)
		return r;
	entry = profiles_find(&all, word);
	return entry ? entry_make(entry->name, entry->source, entry->text, entry->n, ret, err)
	             : profiles_unknown(&all, "this machine", word, err);
}

int profile_of(const struct profile_entry *entry, struct profile *ret, struct error *err)
{
	return profile_read(ret, entry->name, entry->text, entry->n, entry->source, err);
}

/* ---- of the coordinator */

static int take(void *data, uint16_t type, const void *message, struct error *err)
{
	struct profiles *profiles = data;
	const fq_Profile *profile = message;
	struct profile_entry *items;
	int r;

	if (type != fq_Type_PROFILE)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to PROFILES", message_name(type));
	items = reallocarray(profiles->items, profiles->n + 1, sizeof *items);
	if (!items)
		return error_oom(err);
	profiles->items = items;
	r = entry_make(profile->name, profile->source, profile->text.bytes, profile->text.size, &items[profiles->n], err);
	profiles->n += r == 0;
	return r;
}

int profiles_ask(struct client *client, struct profiles *ret, struct error *err)
{
	const fq_ProfilesRequest request = {0};

	*ret = (struct profiles){0};
	return client_list(client, fq_Type_PROFILES, &request, take, ret, err);
}

int profile_ask(struct client *client, uint64_t job, const char *name, struct profile_entry *ret, struct error *err)
{
	struct profiles told _cleanup_(profiles_deinit) = {0};
	fq_ProfilesRequest request = {.job = job};
	int r;

	if (strlen(name) >= sizeof request.name) /* of another one the coordinator could not say that it is not there */
		return error_set(err, -ENOENT, ERROR_USAGE, "there is no profile '%s': names have up to %d bytes", TEXT(name),
		                 PROFILE_NAME_MAX - 1);
	(void)snprintf(request.name, sizeof request.name, "%s", name);
	r = client_list(client, fq_Type_PROFILES, &request, take, &told, err);
	if (r < 0)
		return r;
	if (told.n != 1)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator told of %zu profiles instead of one", told.n);
	*ret = told.items[0];
	told.n = 0;
	return 0;
}
