/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What submit, wait and fetch share: staying with a job to its end, and fetching its results. */
#pragma once

#include "ctl/client.h"
#include "ctl/verb.h"

/* How long fqctl tries again when the coordinator went away in the middle: it may be starting anew. */
#define JOB_PATIENCE_MS 60000

/*
 * Behind a question that came to *r: true where the connection was lost in it, which is said, and the coordinator is there again, so that
 * it may be asked anew. Where it does not come back *r is what came of that.
 */
bool job_again(const struct call *call, struct client *client, int *r, struct error *err);

/* What tables tell of a job: its fq_JobState, or that it completed without counting anything. */
#define JOB_CACHED 5
#define JOB_TOLD_MAX 6 /* a state that this fqctl does not know */
uint32_t job_told(const fq_Job *job);
const char *job_told_name(uint32_t state);  /* "COMPLETED"; also of an fq_JobState */
const char *job_told_short(uint32_t state); /* "CD" */
bool job_ended(fq_JobState state);

/*
 * Waits until the job has ended, with progress (otherwise: progress.h); *ret is its last state. Outlives a restart of the coordinator.
 * When the person interrupts: interrupt.h.
 */
int job_follow(struct call *call, struct client *client, uint64_t id, enum client_progress otherwise, fq_Job *ret, struct error *err);

/*
 * The same of all jobs that are the call's arguments, one after the other. ended() (or NULL) is told of each, with its error (NULL where
 * it completed) and whether that is the first one: that of the first is the outcome. A job that is not there costs the others nothing: it
 * is told, and its exit status is returned where no other job failed.
 */
int job_follow_all(struct call *call, enum client_progress otherwise,
                   void (*ended)(const fq_Job *job, const struct error *error, bool first), struct error *err);

/* The exit status and sentence of an ended job: 0 for COMPLETED, else -EREMOTEIO with its error. */
int job_result(const fq_Job *job, struct error *err);

/* For client_list of SHOW: keeps the JOB in *data (an fq_Job), passes over the rest. */
int job_only(void *data, uint16_t type, const void *message, struct error *err);

/*
 * Fetches the results of all files that have one and writes each as call->output says. A result that does not arrive whole
 * is not written. One that cannot be written is told, and costs no other: then an exit status is returned, otherwise 0.
 * paths: the job's files in the words of the person who named them, paths_n of them. files: how many results share the output,
 * in this job and others.
 */
int job_fetch(struct call *call, struct client *client, uint64_t id, char *const *paths, size_t paths_n, size_t files,
              struct error *err);
