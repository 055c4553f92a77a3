/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One row an option: its key in the file, its names on the command line, type, default, bounds, unit, help sentence, and the
 * field of the settings struct that it fills. Parsing, checking, dumping, --help, the shipped file and the man page all follow
 * the row; a test holds the last two to it. Adding an option is one row and its use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/text.h"

/* The type of an option and the C type of its field. */
enum option_type {
	OPTION_STRING,   /* char *, never NULL once defaults are set; smallest, largest: its length in bytes */
	OPTION_PATH,     /* char *, likewise; relative to the current folder unless it begins with a slash */
	OPTION_NUMBER,   /* uint64_t */
	OPTION_SIZE,     /* uint64_t, bytes (or what the row's unit says, in powers of 1024) */
	OPTION_DURATION, /* uint64_t, milliseconds */
	OPTION_BOOL,     /* bool; on the command line a flag without a value */
	OPTION_ADDRESS,  /* struct conf_address; an empty text is no address */
	OPTION_LIST,     /* struct conf_list of strings; each use on the command line adds one */
	OPTION_CHOICE,   /* an enum that counts from 0 in the order of the row's choices */
	OPTION_TYPE_MAX,
};

struct conf_address {
	char host[TEXT_HOST_MAX]; /* empty: none */
	uint16_t port;            /* 0: none was given and the row has none */
};

struct conf_list {
	char **items;
	size_t n;
};

struct option_row {
	const char *key;           /* in the file; NULL: only on the command line */
	const char *long_name;     /* --long-name, or NULL: only in the file */
	char letter;               /* -l, or 0 */
	const char *argument;      /* what --help calls the value: "DIR"; NULL for flags */
	const char *environment;   /* a variable that sets it, or NULL */
	enum option_type type;
	const char *default_text;  /* as it would stand on the command line (of a list: its only item); NULL: empty, 0, false */
	uint64_t smallest, largest; /* largest 0: as much as the type can hold (texts: OPTION_TEXT_MAX) */
	const char *unit;          /* for people: "slices"; NULL where the type says it */
	const char *choices;       /* CHOICE: "auto|always|never" */
	uint16_t port;             /* ADDRESS: the port where the text has none */
	const char *help;          /* one sentence with a full stop */
	size_t offset, size;       /* the field: OPTION_FIELD() */
};

#define OPTION_TEXT_MAX 4095
#define OPTION_LIST_MAX 256 /* items */
#define OPTION_ROWS_MAX 48  /* rows of one table */

#define OPTION_FIELD(settings, field)                                                              \
	.offset = offsetof(settings, field), .size = sizeof(((settings *)NULL)->field)

struct conf;

struct option_table {
	const char *name; /* of the program, or of the verb */
	const struct option_row *rows;
	size_t n;
	size_t settings_size;
	/* What depends on several options or on the machine, after all sources were read; NULL: nothing. */
	int (*finish)(struct conf *conf, struct error *err);
	/* A group of its file, NAME = { KEY = VALUE; ... }; NULL: there is none. */
	const struct option_table *group;
};

/*
 * Sets the row's field in settings from a text as it stands on the command line or in the environment (of a BOOL: NULL, "true"
 * or "false"). A list gets one more item. 0, -ENOMEM, or -EINVAL / -ERANGE with what was wrong and what would be right
 * (class ERROR_USAGE); the field is as it was then.
 */
int option_set_text(const struct option_row *row, void *settings, const char *text, struct error *err);
/* The same for a NUMBER, SIZE or DURATION that is already one, in the field's unit. */
int option_set_number(const struct option_row *row, void *settings, uint64_t number, struct error *err);

/* Frees what the field owns and leaves it empty. */
void option_clear(const struct option_row *row, void *settings);

/*
 * The value in the syntax of the config file ("8M" with its quotes, 3, true, ["/"]), which option_set_text or the loader reads
 * back to the same value. A new string in *ret. 0 or -ENOMEM.
 */
int option_format(const struct option_row *row, const void *settings, char **ret);
