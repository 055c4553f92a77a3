/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl slurm keep: as many workers as the queue needs, from Slurm, by the group elastic of the coordinator's configuration.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/slurm/slurm.h"
#include "ctl/verb.h"

/* The lines of all nodes. The caller frees ret->nodes, also after failure. */
struct slurm_nodes {
	fq_Node *nodes;
	size_t n, size;
};
int slurm_nodes_ask(struct client *client, struct slurm_nodes *ret, struct error *err);

/* That of the job's worker, or NULL. */
const fq_Node *slurm_node_of(const struct slurm_nodes *nodes, const struct slurm_job *job);

/*
 * Runs until SIGTERM or SIGINT; what it has started goes on, and is found again. once: one look, and 0 or why it came to nothing.
 * dry_run: says what it would do, and does it not.
 */
int slurm_keep(struct call *call, const char *config, bool once, bool dry_run, struct error *err);
