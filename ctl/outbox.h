/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that appear together, each whole or not at all: they are written under temporary names beside their places, and
 * renamed when all of them are there.
 *
 *     struct outbox outbox _cleanup_(outbox_deinit) = {0};
 *     outbox_write(&outbox, "d/a.csv", writer, data, err), outbox_folder(&outbox, "d/a_fastqc", &folder, err) ...
 *     outbox_commit(&outbox, err)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/base/error.h"

/* Writes to the stream. 0 or negative with a sentence. */
typedef int (*outbox_writer)(FILE *out, const void *data, struct error *err);

struct outbox_item {
	char *name, *temporary; /* temporary NULL: in place, or in a temporary folder */
	bool folder;
	int leftover;           /* its number where a signal would remove it (leftovers.h), or negative */
};

struct outbox {
	struct outbox_item *items;
	size_t n;
};

/*
 * Lets the writer write what will be the file `name`, or what a symbolic link of that name leads to. A device, a pipe or a
 * descriptor (/dev/stdout) is written at once: only a regular file can be replaced. 0 or negative with a sentence
 * (ERROR_CANT_CREATE).
 */
int outbox_write(struct outbox *outbox, const char *name, outbox_writer writer, const void *data, struct error *err);

/*
 * What will be the folder `name`: *ret is the path below which its files and folders are written; the outbox's. Of a folder
 * that is there already the files are replaced one by one.
 */
int outbox_folder(struct outbox *outbox, const char *name, const char **ret, struct error *err);

/* A folder below one of outbox_folder(), by its whole path; it may be there already. */
int outbox_subfolder(struct outbox *outbox, const char *path, struct error *err);

/* Everything takes its place: what was written last first, so that folders come behind what is in them. */
int outbox_commit(struct outbox *outbox, struct error *err);

/* Removes what was not committed; a signal that ends fqctl does the same. */
void outbox_deinit(struct outbox *outbox);
