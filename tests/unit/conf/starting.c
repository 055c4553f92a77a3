/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See starting.h. */
#include "tests/unit/conf/starting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define WORDS_MAX 24

static char folder[64] = "/tmp/fq-conf-XXXXXX";

int starting_begin(void)
{
	static const char *const variables[] = {"FQ_HOST", "FQ_SOCKET", "FQ_KEYS", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY",
	                                        "POSIXLY_CORRECT"};

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		(void)unsetenv(variables[i]);
	return mkdtemp(folder) ? 0 : -errno;
}

void starting_end(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)unlink(PATH_OF(names[i]));
	ok(rmdir(folder) == 0, "the temporary folder is gone");
}

const char *starting_folder(void)
{
	return folder;
}

char *path_of(char out[128], const char *name)
{
	(void)snprintf(out, 128, "%s/%s", folder, name);
	return out;
}

void write_file(const char *name, const char *text)
{
	_cleanup_(fclosep) FILE *f = fopen(PATH_OF(name), "we");

	ok(f && fputs(text, f) >= 0, "wrote %s", name);
}

/* Starts with words parted by spaces; "@" before a word stands for the folder. */
int start(const struct conf_program *program, void *settings, const char *line, struct error *err)
{
	char buffer[512], *words[WORDS_MAX] = {(char[]){"program"}}, *save = NULL,
			  paths[WORDS_MAX][128];
	int n = 1;

	(void)snprintf(buffer, sizeof buffer, "%s", line);
	for (char *word = strtok_r(buffer, " ", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save), n++)
		words[n] = *word == '@' ? path_of(paths[n], word + 1) : word;
	*err = (struct error){0};
	return conf_start(program, n, words, settings, NULL, err);
}
