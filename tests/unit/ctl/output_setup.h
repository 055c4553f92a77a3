/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of results share: counters of two reads, options, a temporary folder to look into. */
#pragma once

#include "ctl/output.h"

/* FastQC's lists and rules, once setup_begin() was called. */
extern struct reporting reporting;

/* Goes into a fresh temporary folder with a folder "d" and a file "file" in it. False: there can be none. */
bool setup_begin(void);
void setup_end(void);

/* Two reads, of so many and of 2 bases; qualities I, but 5 where the second begins. */
struct counters *counters_make(uint32_t bases);

struct output_options options_make(const char *as, const char *file, const char *folder);
int check_as(const char *as, const char *file, const char *folder, const char *const *paths, size_t n, struct error *err);
int write_as(const char *as, const char *file, const char *folder, const char *path, size_t n,
             const struct counters *counters, struct error *err);

/* The text of a file, "(none)" where there is none. */
const char *text_of(const char *name, char text[4096]);

/* Entries of the folder; with remove, they are unlinked. */
unsigned int entries(const char *folder, bool remove);
