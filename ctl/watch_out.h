/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of watched files: below --output-dir as the files are below the folder that is watched, and in its .fqctl-watch a line for
 * each that is written, so that whoever watches again fetches none twice.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/group_names.h"
#include "ctl/verb.h"
#include "ctl/watch.h"

#define WATCH_RECORD ".fqctl-watch"

struct watch_out {
	struct call *call;
	const char *root;     /* of what is watched */
	char *folder;         /* of results; NULL: none are written */
	uint8_t (*written)[16]; /* sorted uuids of the record as it was found */
	size_t n;
	FILE *record;
};

/* Takes the folder out of call->output; 0 or negative with a sentence. deinit also after failure. */
int watch_out_init(struct watch_out *out, struct call *call, const char *root, struct error *err);
void watch_out_deinit(struct watch_out *out);

/* Results of a set by the rows of its job (group_names_rows()): paths of its files, then of groups. */
struct watch_rows {
	struct group_names names;
	char **paths; /* NULL: a row without a result of its own */
	size_t n;
};

/* 0 or negative with a sentence: the files' names leave none for groups. deinit also after failure. */
int watch_rows_make(const struct watch_tree *tree, const struct watch_set *set, struct watch_rows *ret, struct error *err);
void watch_rows_deinit(struct watch_rows *rows);

/* Whether the results of the set, as it is now, were written before and are still there. */
bool watch_out_written(struct watch_out *out, const struct watch_tree *tree, const struct watch_set *set);

/* Where there is a result of this path of the set, by whatever job: its place without the endings of FastQC's files; freed by the caller. */
char *watch_out_place(const struct watch_out *out, const struct watch_set *set, const char *path);

/*
 * Two files of one folder whose results would have one name, or a file and a group: an earlier one that is submitted. *ret_path is then
 * that of the set. NULL: there is none.
 */
const struct watch_file *watch_out_rival(const struct watch_out *out, const struct watch_tree *tree, const struct watch_set *set,
                                         const struct watch_rows *rows, const char **ret_path);

/* Fetches and writes them. 0, an exit status where they could not be written (which is told), or negative with a sentence. */
int watch_out_fetch(struct watch_out *out, struct client *client, const struct watch_set *set, const struct watch_rows *rows,
                    const fq_Job *job, struct error *err);
