/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The error sentence: what was wrong with which thing, and what would be right. It is made where the fact is known
 * and travels unchanged to the person: through replies, over the wire, to fqctl's standard error.
 *
 * Convention of the whole project: a function returns 0 or a negative errno. Negative means broken and is passed on
 * untouched. Ordinary outcomes (not found, full, gone) are positive and listed at the declaration. A function that
 * takes a struct error fills it exactly when it returns a negative value (unless its declaration says otherwise).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* The class of an error is the exit status of fqctl that it leads to (sysexits.h where that has a number). */
enum error_class {
	ERROR_NONE = 0,
	ERROR_JOB = 1,          /* a job failed for a reason that has no class of its own */
	ERROR_USAGE = 64,       /* the command line */
	ERROR_DATA = 65,        /* not valid FASTQ */
	ERROR_NO_INPUT = 66,    /* input missing or unreadable */
	ERROR_NO_HOST = 68,     /* host name unknown */
	ERROR_UNAVAILABLE = 69, /* coordinator unreachable, no workers */
	ERROR_SOFTWARE = 70,    /* a bug of ours */
	ERROR_OS = 71,          /* out of memory, fork failed */
	ERROR_CANT_CREATE = 73, /* output cannot be written */
	ERROR_IO = 74,          /* read error, gzip stream cut or damaged */
	ERROR_TEMPORARY = 75,   /* try again later */
	ERROR_PROTOCOL = 76,    /* peer speaks another version, or nonsense */
	ERROR_DENIED = 77,      /* not permitted, not authenticated */
	ERROR_CONFIG = 78,      /* configuration */
	ERROR_TIMEOUT = 124,    /* the time that --timeout gives is over */
};

#define ERROR_TEXT_MAX 1024

struct error {
	enum error_class class;
	char text[ERROR_TEXT_MAX]; /* one sentence, no newline, printable; cut at the end when too long */
};

/*
 * error_set() fills *err (which may be NULL) and returns code, a negative errno, so that a failing function can end
 * with `return error_set(err, -EINVAL, ERROR_DATA, "...", ...)`. Foreign strings must be passed through
 * text_escape() (text.h) by the caller. The first sentence stays: error_set() on a filled error overwrites, use
 * error_prefix() to add what a caller knows ("while reading the peers file: ").
 */
int error_set(struct error *err, int code, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The sentence for "out of memory"; returns -ENOMEM. */
int error_oom(struct error *err);

/* The sentence for what pthread_create() returned, a positive errno; returns it negative. */
int error_no_thread(struct error *err, int code);

/* The class that belongs to an errno of opening or reading a file: ERROR_NO_INPUT, ERROR_DENIED or ERROR_IO. */
enum error_class error_class_of_errno(int code);
