/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Profiles: FastQC's limits.txt with demands of our own, by itself and in a folder as /etc/fqcluster/profiles. The input is up to four
 * files, each a name and a text, both of which end in zero bytes (the last text where the input does).
 *
 * A text is taken or refused with its name and line and nothing is changed; every number is finite; a limit that changes no other is read
 * back. Of a folder all that is taken has a name that is one, in order, each once, with the built-in ones among them; and a file that is
 * no longer right does not take away what it was.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/qc/profiles.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX 4

struct file {
	const char *name, *text;
	size_t n;
	bool written;
};

/* ---- a text */

static void check_limits(const struct limits *limits)
{
	for (size_t i = 0; i < _LIMIT_MAX; i++)
		must(isfinite(limits->of[i].warn) && isfinite(limits->of[i].error) && isfinite(limits->of[i].ignore));
}

/* However a report is, what is judged is one of what is demanded. */
static void check_judging(const struct profile *profile)
{
	static const double values[] = {-1, 0, 49.5, 100, 1e300};
	struct demanded demanded[_DEMAND_MAX];

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct figures figures = {.reads = (uint64_t)(values[i] > 0 ? fmin(values[i], 1e6) : 0), .bases = 100, .quality_mean = values[i],
		                          .q30 = values[i], .gc = i == 0 ? (double)NAN : values[i]};
		size_t n = profile_judge(profile, &figures, demanded);

		must(n <= _DEMAND_MAX);
		for (size_t k = 0; k < n; k++) {
			must(demanded[k].status <= STATUS_FAIL && demanded[k].name[0]);
			must(!isnan(demanded[k].value) || demanded[k].status != STATUS_PASS);
		}
	}
}

/* Where it was refused: "NAME:LINE: ..." of a line that there is. */
static void check_refused(const struct error *err, const char *name, const struct file *file)
{
	size_t n = strlen(name), lines = 1;

	for (size_t i = 0; i < file->n; i++)
		lines += file->text[i] == '\n';
	must_be_text(err->text, strlen(err->text));
	must(err->class == ERROR_CONFIG && strncmp(err->text, name, n) == 0 && err->text[n] == ':');
	must(strtoul(err->text + n + 1, NULL, 10) >= 1 && strtoul(err->text + n + 1, NULL, 10) <= lines);
}

static void check_text(const struct file *file)
{
	struct profile profile = {.name = "before"}, again;
	const char *shown;
	char about[60];
	struct error err = {0};
	struct limits limits;

	shown = profile_about(about, sizeof about, file->text, file->n);
	must_be_text(shown, strlen(shown));
	must(shown[0] && strlen(shown) < sizeof about && !strchr(shown, '\n'));
	limits_default(&limits);
	if (limits_read(&limits, file->text, file->n, "limits.txt", &err) < 0) {
		struct limits usual;

		limits_default(&usual);
		must(memcmp(&usual, &limits, sizeof usual) == 0);
		check_refused(&err, "limits.txt", file);
	} else { /* a profile has all that limits.txt may have */
		must(profile_read(&profile, "p", file->text, file->n, "p.txt", &err) == 0);
		must(memcmp(&limits, &profile.limits, sizeof limits) == 0);
	}
	check_limits(&limits);
	if (profile_read(&again, "p", file->text, file->n, "p.txt", &err) < 0) {
		check_refused(&err, "p.txt", file);
		return;
	}
	must(strcmp(again.name, "p") == 0);
	check_limits(&again.limits);
	check_judging(&again);
}

/* ---- a folder */

static void file_path(char *path, size_t size, const struct file *file)
{
	(void)snprintf(path, size, "%s/%s", folder, file->name);
}

static void file_write(struct file *file, const char *text, size_t n)
{
	char path[400];
	int fd;

	file_path(path, sizeof path, file);
	if (file->name[0] == '\0' || strchr(file->name, '/') || strlen(file->name) > 255 || strcmp(file->name, ".") == 0 ||
	    strcmp(file->name, "..") == 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, text, n) == (ssize_t)n && close(fd) == 0);
	file->written = true;
}

static void on_wrong(void *data, const struct error *error)
{
	size_t *wrong = data;

	must_be_text(error->text, strlen(error->text));
	must(error->text[0] && strncmp(error->text, folder, strlen(folder)) == 0);
	++*wrong;
}

static void check_profiles(const struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->n; i++) {
		const struct profile_entry *entry = &profiles->items[i];
		struct profile profile;

		must(profile_name_valid(entry->name) && entry->n <= PROFILE_TEXT_MAX && entry->text[entry->n] == '\0');
		must(i == 0 || strcmp(profiles->items[i - 1].name, entry->name) < 0);
		must(profiles_find(profiles, entry->name) == entry);
		must(profile_read(&profile, entry->name, entry->text, entry->n, "again", NULL) == 0);
	}
	for (size_t i = 0; profile_built_in_name(i); i++)
		must(profiles_find(profiles, profile_built_in_name(i)) != NULL);
}

static void check_folder(struct file *files, size_t n)
{
	struct profiles profiles _cleanup_(profiles_deinit) = {0};
	size_t wrong = 0, before;
	struct error err;
	char path[400];

	for (size_t i = 0; i < n; i++)
		file_write(&files[i], files[i].text, files[i].n);
	must(profiles_load(&profiles, folder, on_wrong, &wrong, &err) == 0);
	check_profiles(&profiles);
	before = profiles.n;
	for (size_t i = 0; i < n; i++)
		if (files[i].written)
			file_write(&files[i], "no such line\n", 13);
	must(profiles_load(&profiles, folder, on_wrong, &wrong, &err) == 0);
	check_profiles(&profiles);
	must(profiles.n == before);
	must(profiles_unknown(&profiles, "this", files[0].name, &err) < 0);
	must_be_text(err.text, strlen(err.text));
	for (size_t i = 0; i < n; i++) {
		file_path(path, sizeof path, &files[i]);
		if (files[i].written)
			(void)unlink(path);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file files[FILES_MAX] = {0};
	_cleanup_(freep) char *text = malloc(size + 1);
	const char *at = text, *end = text + size;
	size_t n = 0;

	if (!text)
		return 0;
	if (!folder[0])
		folder_make();
	memcpy(text, data, size);
	text[size] = '\0';
	for (; at < end && n < FILES_MAX; n++) {
		struct file *file = &files[n];

		file->name = at;
		at += strlen(at) + 1;
		file->text = at < end ? at : "";
		file->n = n + 1 < FILES_MAX || at >= end ? strlen(file->text) : (size_t)(end - at); /* the last one has zero bytes, too */
		at += file->n + 1;
		check_text(file);
	}
	if (n > 0)
		check_folder(files, n);
	return 0;
}
