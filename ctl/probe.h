/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking whether nodes can open a file, and whether it is the one that is here. */
#pragma once

#include "ctl/client.h"
#include "lib/base/digest.h"

/* From this protocol on nodes can be asked. */
#define PROTO_PROBES 3

/* The file as it is here. */
struct probe_file {
	char *path;                 /* absolute, without symbolic links */
	bool here;                  /* it could be read here; then the next two */
	uint64_t size;              /* bytes */
	uint8_t ends[DIGEST_SIZE];  /* as in struct fingerprint */
	struct error content;       /* here, and by its beginning neither FASTQ nor gzip, which no node can mend; else class ERROR_NONE */
	int why;                    /* not here: negative errno, and its sentence */
	struct error error;
};

/* Looks at it, for at most limit_ms. 0; or negative with a sentence where not even its path can be told. */
int probe_file_look(const char *name, uint64_t limit_ms, struct probe_file *ret, struct error *err);
void probe_file_deinit(struct probe_file *file);

struct probe_answers {
	fq_Probed *rows; /* by node's name */
	size_t n;
};
void probe_answers_deinit(struct probe_answers *answers);

/*
 * Asks one node (NULL: all) for the file (NULL: only for their clocks), with a proof where the coordinator wants one. Opened, but
 * seen to be another than the one here, is PROBE_OTHER. 0, or negative with a sentence.
 */
int probe_ask(struct client *client, const char *node, const struct probe_file *file, struct probe_answers *ret, struct error *err);

/* "yes", "other", "no", "silent", "down", "old", "busy". */
const char *probe_answer_name(fq_ProbeAnswer answer);
