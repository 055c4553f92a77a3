/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filling a settings struct by its option table from all sources, each over the one before:
 *
 *     conf_init            the defaults
 *     conf_load_*          a file in libconfig's syntax:  key = value;
 *     conf_environment     the variables that rows name
 *     conf_apply           the command line (arguments.h)
 *     conf_finish          what follows from several options or from the machine
 *
 * Daemons call conf_start() (start.h), which does all of it. A wrong key or value ends in a sentence with the file, the line, the
 * key, what was wrong and what would be right.
 */
#pragma once

#include <stdio.h>

#include "conf/option.h"
#include "lib/base/error.h"

enum conf_source {
	CONF_DEFAULT,
	CONF_FILE,
	CONF_USER_FILE, /* a person's own, over that of the machine */
	CONF_ENVIRONMENT,
	CONF_COMMAND,
};

/* Settings while they are filled, and from where each row's value came. */
struct conf {
	const struct option_table *table;
	void *settings;
	enum conf_source source[OPTION_ROWS_MAX];
	unsigned int line[OPTION_ROWS_MAX]; /* in file; 0: it is not there */
	char file[256];                     /* for sentences, the one that was loaded last */
	struct conf *group;           /* gets what the file's group says; NULL: that is checked, and forgotten */
	enum conf_source file_source; /* what the next file counts as; CONF_FILE after conf_init */
};

#define CONF_TEXT_MAX 65536 /* bytes of a file */

/* Sets all rows to their defaults; what settings held before is forgotten, not freed. 0 or -ENOMEM. */
int conf_init(struct conf *conf, const struct option_table *table, void *settings, struct error *err);

/* Frees what the settings own and leaves them zeroed. Takes zeroed and half-filled ones. */
void conf_deinit(const struct option_table *table, void *settings);

/*
 * A file's text; name is for sentences. 0, or negative with a sentence (ERROR_CONFIG): no libconfig syntax, unknown key, wrong
 * type, out of range, an @include (each program reads one file), more than CONF_TEXT_MAX bytes. Rows before the wrong one are set.
 */
int conf_load_text(struct conf *conf, const char *name, const char *text, size_t n, struct error *err);
int conf_load_stream(struct conf *conf, const char *name, FILE *stream, struct error *err);

enum { CONF_NO_FILE = 1 };
/* 0, CONF_NO_FILE where there is none, or negative with a sentence. */
int conf_load_file(struct conf *conf, const char *path, struct error *err);

int conf_environment(struct conf *conf, struct error *err);
int conf_finish(struct conf *conf, struct error *err); /* a sentence that begins with a key of the file says its line */

/* From where the value of the row with this field came. */
enum conf_source conf_source_of(const struct conf *conf, size_t offset);
#define CONF_SOURCE(conf, settings, field) conf_source_of((conf), offsetof(settings, field))

/* Gives a char * field another value. 0 or -ENOMEM. */
int conf_replace(char **field, const char *value, struct error *err);
