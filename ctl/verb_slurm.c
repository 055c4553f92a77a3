/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl slurm: workers as jobs of Slurm.
 *
 *     start    an array is enrolled and handed to sbatch (ctl/slurm/array.c)
 *     status   squeue's lines of ours, beside what the coordinator says of their nodes
 *     stop     drain, cancel, revoke
 *     keep     as many as the queue needs (ctl/slurm/keep.c)
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/given.h"
#include "ctl/list.h"
#include "ctl/slurm/array.h"
#include "ctl/slurm/keep.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

struct verb_options {
	bool dry_run, once;
	char *worker_keys, *config;
	uint64_t drain_ms;
};

static const struct option_row slurm_rows[] = {
	{.long_name = "dry-run", .type = OPTION_BOOL,
	 .help = "Of start: submit nothing, print the script, and on standard error how sbatch would be run. Of keep: only say what is to do.",
	 OPTION_FIELD(struct verb_options, dry_run)},
	{.long_name = "worker-keys", .argument = "DIR", .type = OPTION_PATH, .smallest = 1,
	 .help = "Of start: a folder with the key.pem and known of a worker that has joined, for who is no administrator.",
	 OPTION_FIELD(struct verb_options, worker_keys)},
	{.long_name = "once", .type = OPTION_BOOL, .help = "Of keep: look once, and end.", OPTION_FIELD(struct verb_options, once)},
	{.long_name = "coordinator-config", .argument = "FILE", .type = OPTION_PATH,
	 .help = "Of keep: the coordinator's configuration, whose group elastic says how many workers to hold; empty means fqcoordd.conf in "
		 "the folder of the configuration files.",
	 OPTION_FIELD(struct verb_options, config)},
	{.long_name = "drain", .argument = "TIME", .type = OPTION_DURATION, .default_text = "60s", .largest = 86400000,
	 .help = "Of stop: so long workers may take to hand in what they count, before they are cancelled.",
	 OPTION_FIELD(struct verb_options, drain_ms)},
};

static const struct option_table verb_slurm_table = {
	.name = "slurm",
	.rows = slurm_rows,
	.n = sizeof slurm_rows / sizeof *slurm_rows,
	.settings_size = sizeof(struct verb_options),
};

/* ---- start */

static int dry_run(const struct slurm_array *array, const struct slurm_options *options, char *const *further, size_t further_n,
                   struct error *err)
{
	_cleanup_(freep) char *script = slurm_script(array, options), *line = NULL;
	char **words = NULL;
	int r = script ? slurm_argv(array, options, further, further_n, &words, err) : error_oom(err);

	if (r < 0)
		return r;
	line = slurm_line(words);
	slurm_argv_free(words);
	if (!line)
		return error_oom(err);
	(void)fprintf(stderr, "%s\n", line);
	(void)fputs(script, stdout);
	return 0;
}

/* What earlier arrays have left; nothing of this is worth an error here. */
static void sweep(struct call *call, const char *host, uint16_t port)
{
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	struct error error;
	size_t n;

	if (slurm_find(&jobs, &error) == 0)
		(void)slurm_arrays_sweep(&call->slurm, &call->settings, host, port, &jobs, &n, &error);
}

static int start_with_key(struct call *call, struct slurm_array *array, char *const *further, size_t further_n, struct error *err)
{
	const struct verb_options *options = call->options;
	uint64_t number;
	int r;

	if (!options->worker_keys[0])
		sweep(call, array->host, array->port);
	r = options->worker_keys[0] ? slurm_array_folder(array, err) : slurm_array_enrol(array, &call->settings, err);
	if (r < 0)
		return r;
	r = slurm_array_submit(array, &call->slurm, further, further_n, &number, err);
	if (r < 0) {
		struct error error;

		if (slurm_array_forget(&call->slurm, array->id, &call->settings, &error) < 0)
			complain(&error);
		return r;
	}
	(void)printf("%s\t%llu\n", array->id, (unsigned long long)number);
	say(call, "%u worker%s for %s:%u: Slurm's job %llu", array->workers, array->workers == 1 ? "" : "s", array->host, array->port,
	    (unsigned long long)number);
	return 0;
}

static int start(struct call *call, struct error *err)
{
	const struct verb_options *options = call->options;
	char *const *further = call->arguments + 1;
	size_t further_n = call->arguments_n - 1;
	struct slurm_array array;
	char **words = NULL;
	int r = slurm_array_init(&array, &call->settings, &call->slurm, err);

	if (r == 0 && options->worker_keys[0])
		r = slurm_array_keys(&array, options->worker_keys, err);
	if (r == 0) /* words that are wrong cost no key */
		r = slurm_argv(&array, &call->slurm, further, further_n, &words, err);
	slurm_argv_free(words);
	if (r == 0)
		r = options->dry_run ? dry_run(&array, &call->slurm, further, further_n, err)
		                     : start_with_key(call, &array, further, further_n, err);
	slurm_array_deinit(&array);
	return r;
}

/* ---- which are meant */

static int check_ids(const struct call *call, struct error *err)
{
	for (size_t i = 1; i < call->arguments_n; i++)
		if (!slurm_id_valid(call->arguments[i]))
			return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no array of workers; 'fqctl slurm status' lists them",
			                 TEXT(call->arguments[i]));
	return 0;
}

/* Those that the arguments name; without any those of the coordinator that is named, or all. */
static bool is_meant(const struct call *call, const struct slurm_job *job)
{
	const struct conf_address *host = call->slurm.address.host[0] ? &call->slurm.address : &call->settings.host;

	for (size_t i = 1; i < call->arguments_n; i++)
		if (strcmp(call->arguments[i], job->id) == 0)
			return true;
	if (call->arguments_n > 1)
		return false;
	return !host->host[0] ||
	       (strcmp(host->host, job->host) == 0 && (host->port ? host->port : call->settings.port) == job->port);
}

/* Whether Slurm has jobs of this array, or at least its folder is here. */
static bool is_known(const struct slurm_jobs *jobs, const char *folder, const char *id)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < jobs->n; i++)
		if (strcmp(jobs->jobs[i].id, id) == 0)
			return true;
	return (size_t)snprintf(path, sizeof path, "%s/%s", folder, id) < sizeof path && access(path, F_OK) == 0;
}

/* Takes the others out. An array that is named has to be one. */
static int keep_meant(const struct call *call, struct slurm_jobs *jobs, struct error *err)
{
	_cleanup_(freep) char *folder = NULL;
	size_t n = 0;
	int r = slurm_folder(&call->slurm, &folder, err);

	for (size_t i = 1; r == 0 && i < call->arguments_n; i++)
		if (!is_known(jobs, folder, call->arguments[i]))
			r = error_set(err, -ENOENT, ERROR_USAGE, "there is no array of workers '%s', or it has ended; 'fqctl slurm status' lists them",
			              call->arguments[i]);
	for (size_t i = 0; r == 0 && i < jobs->n; i++)
		if (is_meant(call, &jobs->jobs[i]))
			jobs->jobs[n++] = jobs->jobs[i];
	jobs->n = n;
	return r;
}

/* ---- status */

static const struct table_column columns[] = {
	{.header = "ARRAY", .key = "array"},
	{.header = "JOBID", .key = "job"},
	{.header = "STATE", .key = "state"},
	{.header = "TIME_LEFT", .key = "time_left", .right = true},
	{.header = "NODELIST(REASON)", .key = "nodelist"},
	{.header = "NODE", .key = "node"},
	{.header = "NODE_STATE", .key = "node_state"},
	{.header = "CPUS(A/T)"},
	{.header = "BUSY", .key = "busy", .right = true, .extra = true},
	{.header = "SLOTS", .key = "slots", .right = true, .extra = true},
	{.header = "RATE", .key = "bytes_per_second", .right = true},
	{.header = "COORDINATOR", .key = "coordinator", .extra = true},
	{.header = "REASON", .key = "reason", .extra = true},
};

static int ask_nodes(struct call *call, struct slurm_nodes *nodes, struct error *err)
{
	struct client client = {0};
	int r = client_open(&client, &call->settings, err);

	if (r == 0)
		r = slurm_nodes_ask(&client, nodes, err);
	client_close(&client);
	return r;
}

static int row_add(struct table *table, const struct slurm_job *job, const struct slurm_nodes *nodes)
{
	char number[SLURM_NUMBER_MAX], place[80], cpus[32] = "-", rate[24] = "-", bytes[16], coordinator[TEXT_HOST_MAX + 8];
	const fq_Node *node = slurm_node_of(nodes, job);
	int r;

	(void)slurm_number(job, number);
	(void)snprintf(place, sizeof place, "(%s)", job->reason);
	(void)snprintf(coordinator, sizeof coordinator, "%s:%u", job->host, job->port);
	if (node)
		(void)snprintf(cpus, sizeof cpus, "%u/%u", node->busy, node->slots);
	if (node && node->rate)
		(void)snprintf(rate, sizeof rate, "%s/s", text_bytes(bytes, node->rate));
	r = table_text(table, job->id);
	r = r < 0 ? r : table_text(table, number);
	r = r < 0 ? r : table_text(table, job->state);
	r = r < 0 ? r : table_text(table, job->left);
	r = r < 0 ? r : table_text(table, job->node[0] ? job->node : place);
	r = r < 0 ? r : table_text(table, node ? node->name : "-");
	r = r < 0 ? r : table_text(table, node ? node->state : "-");
	r = r < 0 ? r : table_text(table, cpus);
	r = r < 0 ? r : table_count(table, node ? node->busy : 0);
	r = r < 0 ? r : table_count(table, node ? node->slots : 0);
	r = r < 0 ? r : table_number(table, rate, node ? node->rate : 0);
	r = r < 0 ? r : table_text(table, coordinator);
	return r < 0 ? r : table_text(table, job->reason);
}

static int status(struct call *call, struct error *err)
{
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	struct slurm_nodes nodes = {0};
	struct table *table = NULL;
	struct error error;
	int r = check_ids(call, err);

	if (r == 0)
		r = slurm_find(&jobs, err);
	if (r < 0)
		return r;
	r = keep_meant(call, &jobs, err);
	if (r < 0)
		return r;
	if (ask_nodes(call, &nodes, &error) < 0) /* Slurm's half is told without it */
		complain(&error);
	r = table_new(columns, sizeof columns / sizeof *columns, &table);
	for (size_t i = 0; r == 0 && i < jobs.n; i++)
		r = row_add(table, &jobs.jobs[i], &nodes);
	r = r < 0 ? error_oom(err) : list_show(call, table, err);
	table_free(table);
	free(nodes.nodes);
	return r;
}

/* ---- stop */

/* Of arrays that were cancelled: their folders, where they have one here. */
static int forget_ended(struct call *call, const struct slurm_jobs *jobs, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < jobs->n; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || strcmp(jobs->jobs[k].id, jobs->jobs[i].id) == 0;
		if (!again)
			r = slurm_array_forget(&call->slurm, jobs->jobs[i].id, &call->settings, err);
	}
	return r;
}

static int stop(struct call *call, struct error *err)
{
	const struct verb_options *options = call->options;
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	char host[TEXT_HOST_MAX];
	uint16_t port;
	int r = check_ids(call, err);

	if (r == 0)
		r = slurm_address(&call->settings, &call->slurm, host, &port, err);
	if (r == 0)
		r = slurm_find(&jobs, err);
	if (r < 0)
		return r;
	r = keep_meant(call, &jobs, err);
	if (r < 0)
		return r;
	r = slurm_arrays_end(&jobs, options->drain_ms, NULL, err);
	if (r == 0)
		r = forget_ended(call, &jobs, err);
	if (r == 0) {
		say(call, "%zu worker%s ended", jobs.n, jobs.n == 1 ? "" : "s");
		sweep(call, host, port);
	}
	return r;
}

static int keep(struct call *call, struct error *err)
{
	const struct verb_options *options = call->options;
	const char *config = options->config[0] ? options->config : FQ_CONF_DIR "/fqcoordd.conf";

	return slurm_keep(call, config, options->once || options->dry_run, options->dry_run, err);
}

/* Which of the verb's own options an action takes, and which of slurm_table. */
static const struct action {
	const char *name;
	int (*run)(struct call *call, struct error *err);
	const char *own[4], *common[3];
	bool takes_common; /* all of them */
} actions[] = {
	{"start", start, .own = {"dry-run", "worker-keys"}, .takes_common = true},
	{"status", status, .common = {"address", "folder"}},
	{"stop", stop, .own = {"drain"}, .common = {"address", "folder"}},
	{"keep", keep, .own = {"dry-run", "once", "coordinator-config"}},
};

/* What would mean nothing is refused, most likely it was meant for another action. */
static int action_check(const struct call *call, const struct action *action, struct error *err)
{
	int r = given_refuse(call, &verb_slurm_table, action->own, "another action of fqctl slurm", err);

	if (r == 0 && !action->takes_common)
		r = given_refuse(call, &slurm_table, action->common, "'fqctl slurm start'", err);
	if (r == 0 && action->run != status)
		r = given_no_table(call, "this action", err);
	if (r == 0 && action->run == keep && call->arguments_n > 1)
		r = error_set(err, -EINVAL, ERROR_USAGE, "slurm keep takes nothing more, and '%s' is; how many workers is said in fqcoordd.conf",
		              TEXT(call->arguments[1]));
	return r;
}

static int run(struct call *call, struct error *err)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(call->arguments[0], actions[i].name) == 0)
			return action_check(call, &actions[i], err) < 0 ? -EINVAL : actions[i].run(call, err);
	return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is nothing that fqctl slurm does: right are start, status, stop and keep",
	                 TEXT(call->arguments[0]));
}

const struct verb verb_slurm = {
	.name = "slurm",
	.arguments = "start|status|stop|keep [ARRAY|WORD]...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Workers as jobs of Slurm: start, status, stop, keep.",
	.detail = "'start -N 20' asks Slurm for an array of one-node jobs, each a worker of this coordinator; words behind -- go to sbatch. "
	          "It needs an administrator, or --worker-keys. 'status' lists them beside their nodes. 'stop' lets them hand in what they "
	          "count, cancels the rest, and takes their key back; with ARRAYs those alone. 'keep' holds as many "
	          "as the queue needs, by the group elastic of fqcoordd.conf.",
	.example = "fqctl slurm start -h coord -N 20 --time 4:00:00 --cpus-per-task 8\n"
	           "fqctl slurm status -h coord\n"
	           "fqctl slurm stop -h coord",
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.slurm/1",
	.slurm = true,
	.table = &verb_slurm_table,
	.run = run,
};
