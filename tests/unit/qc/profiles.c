/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles of a folder: those that come first, those that are wrong, and what stays when they are read again. */
#include "lib/qc/profiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

static char folder[64];

static const char *path_of(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void file_make(const char *name, const char *text, size_t n)
{
	FILE *file = fopen(path_of(name), "we");

	if (!file || fwrite(text, 1, n, file) != n || fclose(file) != 0)
		abort();
}

struct told {
	unsigned int n;
	char text[2048];
};

static void on_wrong(void *data, const struct error *error)
{
	struct told *told = data;
	size_t used = strlen(told->text);

	told->n++;
	(void)snprintf(told->text + used, sizeof told->text - used, "%s\n", error->text);
}

static const char *about(const struct profiles *profiles, const char *name)
{
	static char out[64];
	const struct profile_entry *entry = profiles_find(profiles, name);

	return entry ? profile_about(out, sizeof out, entry->text, entry->n) : NULL;
}

static void test_folder(void)
{
	struct profiles profiles _cleanup_(profiles_deinit) = {0};
	static char large[PROFILE_TEXT_MAX + 1];
	struct told told = {0};
	struct error err = {0};
	size_t built_in = 0;

	while (profile_built_in_name(built_in))
		built_in++;
	is_int(profiles_load(&profiles, "/nowhere", on_wrong, &told, &err), 0, "there need not be a folder");
	ok(profiles.n == built_in && told.n == 0, "built-in ones are there");
	memset(large, '#', sizeof large);
	file_make("large.txt", large, sizeof large);
	file_make("fits.txt", large, sizeof large - 1);
	file_make("ours.txt", "# Ours\nmin_q30 warn 80\n", 23);
	file_make("amplicon.txt", "# another\n", 10);
	file_make("bad.txt", "adapter warn 1\nq30\n", 19);
	file_make("a b.txt", "", 0);
	file_make("notes", "no profile at all", 17);
	file_make(".txt", "neither", 7);
	(void)mkdir(path_of("folder.txt"), 0700);
	(void)mkfifo(path_of("pipe.txt"), 0600);
	is_int(profiles_load(&profiles, folder, on_wrong, &told, &err), 0, "a folder is read");
	is_u64(profiles.n, built_in + 2, "two more");
	is_str(about(&profiles, "ours"), "Ours", "one of them");
	ok(about(&profiles, "fits") != NULL, "one of the largest size");
	is_str(about(&profiles, "amplicon"), "another", "one of the site comes first");
	is_str(profiles_find(&profiles, "amplicon")->source, path_of("amplicon.txt"), "and says where it is from");
	is_u64(told.n, 5, "those that are wrong are told");
	ok(strstr(told.text, "bad.txt:2: right is a module") && strstr(told.text, "large.txt is too large") &&
	       strstr(told.text, "'a b' is no name") && strstr(told.text, "folder.txt is no file") && strstr(told.text, "pipe.txt is no file"),
	   "%s", told.text);
	for (size_t i = 1; i < profiles.n; i++)
		if (strcmp(profiles.items[i - 1].name, profiles.items[i].name) >= 0)
			ok(false, "%s stands before %s", profiles.items[i - 1].name, profiles.items[i].name);
}

static void test_again(void)
{
	struct profiles profiles _cleanup_(profiles_deinit) = {0};
	struct told told = {0};
	struct error err = {0};

	is_int(profiles_load(&profiles, folder, on_wrong, &told, &err), 0, "read once");
	file_make("ours.txt", "nonsense\n", 9);
	file_make("bad.txt", "# mended\n", 9);
	(void)unlink(path_of("fits.txt"));
	(void)unlink(path_of("amplicon.txt"));
	is_int(profiles_load(&profiles, folder, on_wrong, &told, &err), 0, "and again");
	is_str(about(&profiles, "ours"), "Ours", "what is wrong now stays as it was");
	is_str(about(&profiles, "bad"), "mended", "what was mended is there");
	ok(!profiles_find(&profiles, "fits"), "what is gone is gone");
	is_str(profiles_find(&profiles, "amplicon")->source, "built-in", "the built-in one is back");
	file_make("amplicon.txt", "nonsense\n", 9);
	is_int(profiles_load(&profiles, folder, on_wrong, &told, &err), 0, "one that is wrong");
	is_str(profiles_find(&profiles, "amplicon")->source, "built-in", "does not take the place of a built-in one");
	is_int(profiles_unknown(&profiles, "nobody", "x\n", &err), -ENOENT, "an unknown one");
	ok(strstr(err.text, "nobody has no profile 'x\\x0a'; right are amplicon, bad, "), "%s", err.text);
	is_int(profiles_load(&profiles, path_of("ours.txt"), on_wrong, &told, &err), -ENOTDIR, "no folder: %s", err.text);
	ok(profiles_find(&profiles, "bad") != NULL, "costs nothing");
}

static void test_names(void)
{
	static const char *const texts[][2] = {
		{"# one \n# two\n", "one "}, {"#\n", "-"}, {"", "-"}, {"min_q30 warn 1\n", "-"}, {"##\tx\r\n", "x"}, {"# \x1b[m", "\\x1b[m"}, {"# end", "end"}};
	char out[64];

	ok(profile_is_own("./own") && !profile_is_own("own") && !profile_is_own("./") && !profile_is_own("./a/b") && !profile_is_own("../x") &&
	       !profile_is_own("./.x"),
	   "a person's own");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		is_str(profile_about(out, sizeof out, texts[i][0], strlen(texts[i][0])), texts[i][1], "what row %zu is about", i);
}

int main(void)
{
	char made[] = "/tmp/fqprofiles.XXXXXX";
	static const char *const names[] = {"large.txt", "fits.txt", "ours.txt", "amplicon.txt", "bad.txt", "a b.txt", "notes", ".txt", "pipe.txt"};

	if (!mkdtemp(made))
		return skip_all("no temporary folder: %s", strerror(errno));
	(void)snprintf(folder, sizeof folder, "%s", made);
	test_folder();
	test_again();
	test_names();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)unlink(path_of(names[i]));
	(void)rmdir(path_of("folder.txt"));
	(void)rmdir(folder);
	return done_testing();
}
