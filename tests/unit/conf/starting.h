/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of a program's beginning share: a folder for configuration files, and starts by a line of words. */
#pragma once

#include "conf/start.h"

/* Makes the folder, and a process without variables that could change what is read. Negative: the errno. */
int starting_begin(void);

/* Removes these files and then the folder, in which there must be nothing else. */
void starting_end(const char *const *names, size_t n);

/* The folder, without a slash at its end. */
const char *starting_folder(void);

/* FOLDER/name in a buffer that lives to the end of the block. */
#define PATH_OF(name) path_of((char[128]){0}, (name))

char *path_of(char out[128], const char *name);

void write_file(const char *name, const char *text);

/* Starts with words parted by spaces; "@" before a word stands for the folder. Returns what conf_start() does. */
int start(const struct conf_program *program, void *settings, const char *line, struct error *err);
