/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of watched files: below --output-dir as the files are below the folder that is watched, and in its .fqctl-watch a line for
 * each that is written, so that whoever watches again fetches none twice.
 */
#pragma once

#include "ctl/client.h"
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

/* Whether the results of the file, as it is now, were written before and are still there. */
bool watch_out_written(struct watch_out *out, const struct watch_file *file);

/* Two files of one folder whose results would have one name: an earlier one that is submitted. NULL: there is none. */
const struct watch_file *watch_out_rival(const struct watch_out *out, const struct watch_tree *tree, size_t at);

/* Fetches and writes them. 0, an exit status where they could not be written (which is told), or negative with a sentence. */
int watch_out_fetch(struct watch_out *out, struct client *client, const struct watch_file *file, const fq_Job *job,
                    struct error *err);
