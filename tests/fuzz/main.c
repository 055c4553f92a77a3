/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replays a fuzz target's corpus in the ordinary test run: calls LLVMFuzzerTestOneInput() for each file of the folders (or
 * each file) given, by default of tests/fuzz/corpus/NAME, where NAME is the program's own. A crash of one input ends the
 * program, which the TAP driver counts as a failure; the input's name has been printed by then.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a whole file into memory of exactly its size, so that a sanitizer sees one byte too many. */
static uint8_t *read_file(const char *path, size_t *ret_size)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "rbe");
	_cleanup_(freep) uint8_t *data = NULL;
	struct stat st;
	size_t size;

	if (!f || fstat(fileno(f), &st) < 0)
		return NULL;
	size = (size_t)st.st_size;
	data = malloc(size > 0 ? size : 1);
	if (!data || fread(data, 1, size, f) != size)
		return NULL;
	*ret_size = size;
	return TAKE(data);
}

static void replay_file(const char *path)
{
	_cleanup_(freep) uint8_t *data = NULL;
	size_t size = 0;

	data = read_file(path, &size);
	if (!data) {
		ok(false, "%s: %s", path, strerror(errno));
		return;
	}
	diag("%s", path);
	(void)LLVMFuzzerTestOneInput(data, size); /* always 0; what counts is that it comes back */
	ok(true, "%s", path);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_visible, alphasort);

	if (n < 0 && errno == ENOTDIR) {
		replay_file(path);
		return;
	}
	ok(n > 0, "inputs in %s", path);
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];

		(void)snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
		replay_file(file);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	const char *top = getenv("FQ_TOP_SRCDIR"), *name = strrchr(argv[0], '/');
	char corpus[PATH_MAX];

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc < 2) {
		(void)snprintf(corpus, sizeof corpus, "%s/tests/fuzz/corpus/%s", top ? top : ".",
		               name ? name + 1 : argv[0]);
		replay(corpus);
	}
	return done_testing();
}
