/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a submission: under which path the workers find each, and the proof that the submitter can read it (lib/fastq/proof.h).
 *
 * Some twenty blocks of each file are read, by several threads at a time, since each of them may be a wait for a distant disk.
 * Meanwhile the coordinator's pings are answered. A file whose disk does not answer holds up the submission until --timeout.
 */
#pragma once

#include "ctl/client.h"
#include "lib/fastq/proof.h"

/*
 * Absolute, without symbolic links, in out[PATH_MAX]; of a file that is not here (a worker may have it) just absolute, unless it has
 * to be here.
 */
int proof_path(const char *name, bool here, char *out, struct error *err);

struct proof_file {
	char *path;         /* absolute, without symbolic links */
	uint64_t size;      /* bytes; 0 where no proof was wanted */
	uint8_t proof[PROOF_SIZE];
	struct error error; /* it is not to be read here; the rest is not set */
};

/*
 * Makes *ret (to free with proofs_free()) for the files as they were named, numbered from 0 in this order, for the job with this uuid,
 * with the nonce that the coordinator gave over this connection. Where it gave none only the paths are set, and a file that is not
 * here is none's fault. Negative with a sentence where there is no going on: the connection is lost, --timeout is over.
 */
int proofs_make(struct client *client, const uint8_t uuid[16], char *const *names, size_t n, struct proof_file **ret,
                struct error *err);
void proofs_free(struct proof_file *files, size_t n);
