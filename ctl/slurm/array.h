/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Arrays of workers from their beginning to their end:
 *
 *     folder FOLDER/ID (0700: key.pem, known, about, logs) -> a token of one use -> its key joins as slurm-ID -> sbatch
 *     scancel what waits, TERM to what runs, wait, scancel all -> the key is revoked, the folder removed
 *
 * All workers of an array have one key, which is good until it is revoked: however long Slurm lets them wait or starts them anew.
 */
#pragma once

#include "ctl/client.h"
#include "ctl/slurm/script.h"

/* A new array for these options: ID, places, where to dial. Nothing is made yet. Free with slurm_array_deinit(), also after failure. */
int slurm_array_init(struct slurm_array *array, const struct client_settings *settings, const struct slurm_options *options,
                     struct error *err);
/* Gives it another ID, and so another folder. */
int slurm_array_named(struct slurm_array *array, const char *id, struct error *err);

/* Gives it the keys of a worker that has joined before, by the address that the array dials. */
int slurm_array_keys(struct slurm_array *array, const char *folder, struct error *err);

void slurm_array_deinit(struct slurm_array *array);

/* Makes its folder and its key, and enrols it: the settings are an administrator's. What was begun is undone where it fails. */
int slurm_array_enrol(const struct slurm_array *array, const struct client_settings *settings, struct error *err);

/* Hands it to Slurm. *ret: Slurm's number. */
int slurm_array_submit(const struct slurm_array *array, const struct slurm_options *options, char *const *further, size_t further_n,
                       uint64_t *ret, struct error *err);

/*
 * Ends all arrays of `jobs` (as slurm_find() gave them): drains for up to drain_ms, then cancels. 0 when Slurm has none of them any
 * more. stop (may be NULL): ends the drain early when it is not 0.
 */
int slurm_arrays_end(const struct slurm_jobs *jobs, uint64_t drain_ms, const volatile int *stop, struct error *err);

/* Its folder without a key of its own. */
int slurm_array_folder(const struct slurm_array *array, struct error *err);

/* Revokes the array's key, where it has one of its own (its folder then has it), and removes its folder. No folder: nothing is done. */
int slurm_array_forget(const struct slurm_options *options, const char *id, const struct client_settings *settings, struct error *err);

/* Removes logs of its folder that nobody has written for a week. */
void slurm_logs_trim(const struct slurm_array *array);

/* Its folder alone, where the coordinator is no more. */
void slurm_array_discard(const struct slurm_array *array);

/*
 * The same for all folders below options->folder whose array this coordinator (host, port) has no jobs of any more. *ret_n: how many.
 * Those younger than two minutes stay: their sbatch may be on its way. Clusters for one call go whose fqctl was killed on this
 * host, whatever the coordinator; host "" means these alone.
 */
int slurm_arrays_sweep(const struct slurm_options *options, const struct client_settings *settings, const char *host, uint16_t port,
                       const struct slurm_jobs *jobs, size_t *ret_n, struct error *err);

#define SLURM_ABOUT "about"
#define SLURM_ELASTIC_ID "elastic" /* of all that the keeper starts: their folder stays */

/* Removes a folder of plain files. */
void slurm_folder_remove(const char *path);

/* A cluster for one call: notes in the array's folder whose it is, and its coordinator's folder, named SLURM_STATE...; removes that. */
#define SLURM_STATE "fqctl-slurm."
int slurm_owner_note(const char *folder, const char *state, struct error *err);
void slurm_state_remove(const char *path);

/* The folder of all arrays: options->folder or ~/.fqcluster/slurm, absolute. A new string. */
int slurm_folder(const struct slurm_options *options, char **ret, struct error *err);

/* Where workers dial. */
int slurm_address(const struct client_settings *settings, const struct slurm_options *options, char ret_host[TEXT_HOST_MAX],
                  uint16_t *ret_port, struct error *err);
