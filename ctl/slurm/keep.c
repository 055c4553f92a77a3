/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keeper of workers from Slurm:
 *
 *     look: coordinator (jobs, nodes) + squeue (name, comment ...:elastic) -> elastic_decide -> sbatch, scancel -> wait
 *
 * All that it has to know is at the coordinator and at Slurm, so that it may be killed at any time. Where one of the two cannot be asked,
 * that is said once, and nothing is started or ended until it can. What was told to end is remembered here alone: who forgets it tells an
 * idle worker a second time, which costs nothing.
 */
#include "ctl/slurm/keep.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl/slurm/elastic.h"
#include "ctl/job.h"
#include "ctl/slurm/notify.h"
#include "ctl/slurm/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

#define STUBBORN_MS 180000 /* one that was told to end and has not is cancelled */

/* What is known of a task of Slurm's. */
struct kept {
	uint64_t array;
	uint32_t task;
	struct elastic_worker worker;
};

struct keeper {
	struct call *call;
	struct elastic_settings settings;
	struct elastic_rules rules;
	struct slurm_array array;   /* of which each start is one */
	struct elastic_state state;
	struct kept *kept;          /* as of the last look */
	size_t kept_n;
	char trouble[ERROR_TEXT_MAX]; /* that was said; empty: none */
	bool dry_run;
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

/* ---- looking */

struct queue {
	uint64_t jobs, bytes;
};

static int take_job(void *data, uint16_t type, const void *message, struct error *err)
{
	struct queue *queue = data;
	const fq_Job *job = message;
	uint64_t left;

	if (type != fq_Type_JOB)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to STATUS", message_name(type));
	left = job->bytes > job->bytes_done ? job->bytes - job->bytes_done : 0;
	queue->jobs++;
	if (__builtin_add_overflow(queue->bytes, left, &queue->bytes))
		queue->bytes = UINT64_MAX;
	return 0;
}

static int ask_coordinator(struct keeper *keeper, struct queue *queue, struct slurm_nodes *nodes, struct error *err)
{
	const fq_JobsRequest unfinished = {0};
	struct client client = {0};
	int r = client_open(&client, &keeper->call->settings, err);

	if (r == 0)
		r = client_list(&client, fq_Type_STATUS, &unfinished, take_job, queue, err);
	if (r == 0)
		r = slurm_nodes_ask(&client, nodes, err);
	client_close(&client);
	return r;
}

/* Those that this keeper, or one before it, has started for this coordinator. */
static int ask_slurm(const struct keeper *keeper, struct slurm_jobs *jobs, struct error *err)
{
	size_t n = 0;
	int r = slurm_find(jobs, err);

	for (size_t i = 0; r == 0 && i < jobs->n; i++) {
		const struct slurm_job *job = &jobs->jobs[i];

		if (strcmp(job->id, SLURM_ELASTIC_ID) == 0 && strcmp(job->host, keeper->array.host) == 0 && job->port == keeper->array.port)
			jobs->jobs[n++] = *job;
	}
	jobs->n = n;
	return r;
}

static const struct kept *kept_find(const struct keeper *keeper, const struct slurm_job *job)
{
	for (size_t i = 0; i < keeper->kept_n; i++)
		if (keeper->kept[i].array == job->array && keeper->kept[i].task == job->task)
			return &keeper->kept[i];
	return NULL;
}

static enum elastic_is is_now(const struct slurm_job *job, const fq_Node *node, const struct kept *before)
{
	if (before && before->worker.is == ELASTIC_ENDING)
		return ELASTIC_ENDING;
	if (slurm_is_pending(job))
		return ELASTIC_PENDING;
	if (strcmp(job->state, "RUNNING") != 0 && strcmp(job->state, "CONFIGURING") != 0)
		return ELASTIC_ENDING; /* COMPLETING, STOPPED, ... */
	if (!node || strcmp(node->state, "down") == 0)
		return ELASTIC_STARTING;
	return node->busy > 0 ? ELASTIC_BUSY : ELASTIC_IDLE;
}

/* What is there takes the place of what was known. */
static int remember(struct keeper *keeper, const struct slurm_jobs *jobs, const struct slurm_nodes *nodes, uint64_t now, struct error *err)
{
	struct kept *kept = calloc(jobs->n + 1, sizeof *kept);

	if (!kept)
		return error_oom(err);
	for (size_t i = 0; i < jobs->n; i++) {
		const struct slurm_job *job = &jobs->jobs[i];
		const struct kept *before = kept_find(keeper, job);
		enum elastic_is is = is_now(job, slurm_node_of(nodes, job), before);

		kept[i] = (struct kept){job->array, job->task, {is, before && before->worker.is == is ? before->worker.since_ms : now}};
	}
	free(keeper->kept);
	keeper->kept = kept;
	keeper->kept_n = jobs->n;
	return 0;
}

/* ---- doing */

/* Somebody may have cleaned up. */
static int folder_ready(const struct keeper *keeper, struct error *err)
{
	struct stat st;

	if (stat(keeper->array.folder, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return slurm_array_folder(&keeper->array, err);
}

static int start(struct keeper *keeper, uint64_t n, struct error *err)
{
	uint64_t array;
	int r;

	if (keeper->dry_run) {
		say(keeper->call, "%llu workers would be started", (unsigned long long)n);
		return 0;
	}
	keeper->array.workers = (uint32_t)n;
	r = folder_ready(keeper, err);
	if (r < 0)
		return r;
	slurm_logs_trim(&keeper->array);
	r = slurm_array_submit(&keeper->array, &keeper->settings.slurm, NULL, 0, &array, err);
	elastic_started(&keeper->rules, clock_monotonic_ms(), r < 0, &keeper->state);
	if (r == 0)
		say(keeper->call, "%llu worker%s started: Slurm's job %llu", (unsigned long long)n, n == 1 ? "" : "s", (unsigned long long)array);
	return r;
}

static int end(struct keeper *keeper, struct kept *kept, uint64_t now, struct error *err)
{
	bool waits = kept->worker.is == ELASTIC_PENDING;
	int r;

	if (keeper->dry_run) {
		say(keeper->call, "worker %llu_%u would be ended", (unsigned long long)kept->array, kept->task);
		return 0;
	}
	r = slurm_cancel(waits ? SLURM_CANCEL_PENDING : SLURM_CANCEL_DRAIN, kept->array, kept->task, err);
	if (r < 0)
		return r;
	notify("WATCHDOG=1");
	say(keeper->call, "worker %llu_%u is not needed and ends", (unsigned long long)kept->array, kept->task);
	if (!waits) /* one that has begun to run meanwhile is seen as that */
		kept->worker = (struct elastic_worker){ELASTIC_ENDING, now};
	return 0;
}

/* Those that do not heed TERM. */
static int end_stubborn(struct keeper *keeper, uint64_t now, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < keeper->kept_n && !keeper->dry_run; i++) {
		struct kept *kept = &keeper->kept[i];

		if (kept->worker.is != ELASTIC_ENDING || now < kept->worker.since_ms + STUBBORN_MS)
			continue;
		r = slurm_cancel(SLURM_CANCEL_ALL, kept->array, kept->task, err);
		kept->worker.since_ms = now;
	}
	return r;
}

static void tell(const struct keeper *keeper, const struct queue *queue, const struct elastic_decision *decision)
{
	char lines[256];

	(void)snprintf(lines, sizeof lines, "READY=1\nWATCHDOG=1\nSTATUS=%zu workers, %llu wanted; %llu jobs", keeper->kept_n,
	               (unsigned long long)decision->want, (unsigned long long)queue->jobs);
	notify(lines);
}

static int act(struct keeper *keeper, const struct queue *queue, uint64_t now, struct error *err)
{
	_cleanup_(freep) struct elastic_worker *workers = calloc(keeper->kept_n + 1, sizeof *workers);
	_cleanup_(freep) size_t *ends = calloc(keeper->kept_n + 1, sizeof *ends);
	struct elastic_seen seen = {.now_ms = now, .bytes = queue->bytes, .jobs = queue->jobs, .workers = workers, .n = keeper->kept_n};
	struct elastic_decision decision;
	int r = 0;

	if (!workers || !ends)
		return error_oom(err);
	for (size_t i = 0; i < keeper->kept_n; i++)
		workers[i] = keeper->kept[i].worker;
	elastic_decide(&keeper->rules, &seen, &keeper->state, &decision, ends);
	for (size_t i = 0; r == 0 && i < decision.end_n; i++)
		r = end(keeper, &keeper->kept[ends[i]], now, err);
	if (r == 0)
		r = end_stubborn(keeper, now, err);
	if (r == 0 && decision.start > 0)
		r = start(keeper, decision.start, err);
	tell(keeper, queue, &decision);
	return r;
}

static int look(struct keeper *keeper, struct error *err)
{
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	uint64_t now = clock_monotonic_ms();
	struct slurm_nodes nodes = {0};
	struct queue queue = {0};
	int r = ask_coordinator(keeper, &queue, &nodes, err);

	notify("WATCHDOG=1");
	if (r == 0)
		r = ask_slurm(keeper, &jobs, err);
	if (r == 0)
		r = remember(keeper, &jobs, &nodes, now, err);
	free(nodes.nodes);
	return r < 0 ? r : act(keeper, &queue, now, err);
}

/* ---- its life */

/* The same trouble is said once, and its end. */
static void told_once(struct keeper *keeper, int r, const struct error *error)
{
	const char *now = r < 0 ? error->text : "";

	if (strcmp(now, keeper->trouble) == 0)
		return;
	if (r < 0)
		say(keeper->call, "%s; waiting", now);
	else
		say(keeper->call, "it goes on");
	(void)snprintf(keeper->trouble, sizeof keeper->trouble, "%s", now);
	if (r < 0) { /* it serves as well as it can: nobody is helped by a restart */
		char lines[ERROR_TEXT_MAX + 32];

		(void)snprintf(lines, sizeof lines, "READY=1\nSTATUS=%s", now);
		notify(lines);
	}
}

static void wait_next(const struct keeper *keeper)
{
	struct timespec pause = {.tv_sec = (time_t)(keeper->settings.every_ms / 1000),
	                         .tv_nsec = (long)(keeper->settings.every_ms % 1000) * 1000000L};
	sigset_t held, before;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	if (!ended)
		(void)pselect(0, NULL, NULL, NULL, &pause, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Where workers dial, what they run, their key, and the folder of their logs. */
static int prepare(struct keeper *keeper, const char *config, struct error *err)
{
	struct elastic_settings *settings = &keeper->settings;
	int r = elastic_load(config, settings, err);

	if (r > 0)
		r = error_set(err, -ENOENT, ERROR_CONFIG, "%s is not there: right is --coordinator-config with the coordinator's file, whose group "
		              "elastic says how many workers to keep", TEXT(config));
	if (r == 0 && settings->max == 0)
		r = error_set(err, -ENOENT, ERROR_CONFIG, "%s: there is no group elastic with max above 0, so there is nothing to keep",
		              TEXT(config));
	if (r == 0)
		r = slurm_array_init(&keeper->array, &keeper->call->settings, &settings->slurm, err);
	if (r == 0)
		r = slurm_array_named(&keeper->array, SLURM_ELASTIC_ID, err);
	if (r == 0)
		r = slurm_array_keys(&keeper->array, settings->worker_keys, err);
	if (r == 0 && !keeper->dry_run)
		r = folder_ready(keeper, err);
	keeper->rules = (struct elastic_rules){.min = settings->min, .max = settings->max, .bytes_per_worker = settings->bytes_per_worker,
	                                       .idle_ms = settings->idle_ms, .settle_ms = settings->settle_ms};
	return r;
}

int slurm_keep(struct call *call, const char *config, bool once, bool dry_run, struct error *err)
{
	struct keeper keeper = {.call = call, .dry_run = dry_run};
	struct sigaction action = {.sa_handler = on_end};
	struct error error;
	int r = prepare(&keeper, config, err);

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	if (once)
		keeper.rules.settle_ms = 0; /* whoever looks once knows that nobody else does */
	while (r == 0 && !ended) {
		int outcome = look(&keeper, &error);

		if (once) {
			if (outcome < 0)
				*err = error;
			r = outcome;
			break;
		}
		told_once(&keeper, outcome, &error);
		wait_next(&keeper);
	}
	notify("STOPPING=1");
	free(keeper.kept);
	slurm_array_deinit(&keeper.array);
	elastic_settings_deinit(&keeper.settings);
	return r;
}
