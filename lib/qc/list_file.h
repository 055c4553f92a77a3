/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FastQC's configuration files, line by line: limits.txt, adapter_list.txt, contaminant_list.txt. Lines that begin with '#' and
 * lines of nothing but white space are passed over; LF, CRLF or CR ends a line. A line that FastQC passes over because it is none of
 * its own (it says so among the rest that it prints) is refused here.
 */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"

struct list_file {
	const char *name; /* of the file, for sentences */
	const char *at, *end;
	unsigned int line; /* number of the last line given, from 1 */
};

struct span {
	const char *text;
	size_t n;
};

static inline struct list_file list_file_open(const char *text, size_t n, const char *name)
{
	return (struct list_file){.name = name, .at = text, .end = text + n};
}

/* The next line that says something, without its end. 1: *ret is it; 0: there is none. */
int list_file_line(struct list_file *file, struct span *ret);

/* The first run of bytes of *line that are not in `blanks`; *line is what lies behind. Of 0 bytes: none is left. */
struct span list_file_word(struct span *line, const char *blanks);

/*
 * The next "name TAB(s) sequence". 1: they are in *ret_name and *ret_sequence, both of at least one byte and without control
 * characters, the sequence of letters. 0: there is none. -EBADMSG with a sentence.
 */
int list_file_entry(struct list_file *file, struct span *ret_name, struct span *ret_sequence, struct error *err);

/* The sentence "NAME:LINE: ..." for the last line given; returns -EBADMSG. */
int list_file_wrong(const struct list_file *file, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
