/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl qc: submit, wait and fetch in one; without a coordinator (or with --local) on all cores of this machine.
 *
 * Options and letters are FastQC's where it has them, so that `alias fastqc='fqctl qc'` does: all but -h.
 */
#include <errno.h>
#include <string.h>

#include "ctl/given.h"
#include "ctl/local/local.h"
#include "ctl/local/groups.h"
#include "ctl/progress.h"
#include "ctl/slurm/private.h"
#include "ctl/submit.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

struct qc_options {
	bool local, slurm, lenient, no_cache, verbose;
	enum split_gzip split_gzip;
	char *folder, *format, *coordinator;
	uint64_t threads, slice_size, read_max;
	enum merge_level merge;
	bool casava, nano, nofilter;      /* refused */
	char *temporary, *memory;         /* of no meaning here */
	bool svg;                         /* likewise */
};

static const struct option_row qc_rows[] = {
	{.long_name = "local", .type = OPTION_BOOL, .help = "Count on this machine even where a coordinator is configured.",
	 OPTION_FIELD(struct qc_options, local)},
	{.long_name = "slurm", .type = OPTION_BOOL,
	 .help = "Count by workers from Slurm (-N) and a coordinator of your own, both only for this.", OPTION_FIELD(struct qc_options, slurm)},
	{.long_name = "coordinator", .argument = "FILE", .type = OPTION_PATH,
	 .help = "The program fqcoordd for --slurm; empty means the one beside fqctl.", OPTION_FIELD(struct qc_options, coordinator)},
	{.long_name = "outdir", .letter = 'o', .argument = "DIR", .type = OPTION_PATH,
	 .help = "Write into DIR; otherwise FastQC's files go beside their input, one other form to standard output.",
	 OPTION_FIELD(struct qc_options, folder)},
	{.long_name = "threads", .letter = 't', .argument = "N", .type = OPTION_NUMBER, .default_text = "0",
	 .largest = 1024, .unit = "threads", .help = "Cores to use when counting here; 0 is all of them.",
	 OPTION_FIELD(struct qc_options, threads)},
	{.long_name = "format", .letter = 'f', .argument = "FORMAT", .type = OPTION_STRING, .default_text = "fastq",
	 .help = "Format of the input; only fastq is supported.", OPTION_FIELD(struct qc_options, format)},
	{.long_name = "slice-size", .argument = "SIZE", .type = OPTION_SIZE, .default_text = "0",
	 .help = "Bytes of a file in one slice; 0 chooses by the file's size.", OPTION_FIELD(struct qc_options, slice_size)},
	{.long_name = "split-gzip", .argument = "WHEN", .type = OPTION_CHOICE, .default_text = "auto", .choices = "auto|always|never",
	 .help = "Cut ordinary gzip files into slices: where that is quicker (auto; the coordinator may be set up otherwise), or to try it.",
	 OPTION_FIELD(struct qc_options, split_gzip)},
	{.long_name = "verbose", .type = OPTION_BOOL, .help = "Say of each gzip file counted here whether it was cut, and why.",
	 OPTION_FIELD(struct qc_options, verbose)},
	{.long_name = "read-max", .argument = "BASES", .type = OPTION_SIZE, .default_text = "256M", .smallest = 1,
	 .largest = 256ULL << 20, .unit = "bases", .help = "Longest read accepted when counting here.",
	 OPTION_FIELD(struct qc_options, read_max)},
	{.long_name = "lenient", .type = OPTION_BOOL,
	 .help = "Take records that FastQC takes: lengths may differ, any byte may stand in a line.",
	 OPTION_FIELD(struct qc_options, lenient)},
	{.long_name = "merge", .argument = "LEVEL", .type = OPTION_CHOICE, .default_text = "none", .choices = "none|lane|sample|all",
	 .help = "Also make reports of files that belong together by their names: each lane, also each sample, also all of them.",
	 OPTION_FIELD(struct qc_options, merge)},
	{.long_name = "no-cache", .type = OPTION_BOOL,
	 .help = "Count all files, even those that an earlier job has counted in the same way.",
	 OPTION_FIELD(struct qc_options, no_cache)},
	{.long_name = "casava", .type = OPTION_BOOL, .help = "FastQC's groups of files; not supported.",
	 OPTION_FIELD(struct qc_options, casava)},
	{.long_name = "nano", .type = OPTION_BOOL, .help = "FastQC's fast5 files; not supported.",
	 OPTION_FIELD(struct qc_options, nano)},
	{.long_name = "nofilter", .type = OPTION_BOOL, .help = "Goes with --casava; not supported.",
	 OPTION_FIELD(struct qc_options, nofilter)},
	{.long_name = "dir", .letter = 'd', .argument = "DIR", .type = OPTION_STRING,
	 .help = "FastQC's folder for temporary files; accepted, there are none.",
	 OPTION_FIELD(struct qc_options, temporary)},
	{.long_name = "memory", .argument = "MB", .type = OPTION_STRING,
	 .help = "Memory of FastQC's java; accepted, there is none.", OPTION_FIELD(struct qc_options, memory)},
	{.long_name = "svg", .type = OPTION_BOOL, .help = "FastQC's images as SVG; accepted, there are none.",
	 OPTION_FIELD(struct qc_options, svg)},
};

/* Of a coordinator: what is usual is its own to say. */
static fq_SplitGzip split_asked(enum split_gzip split)
{
	return split == SPLIT_GZIP_ALWAYS  ? fq_SplitGzip_SPLIT_GZIP_ALWAYS
	       : split == SPLIT_GZIP_NEVER ? fq_SplitGzip_SPLIT_GZIP_NEVER
	                                   : fq_SplitGzip_SPLIT_GZIP_DEFAULT;
}

/* What FastQC does and we do not. */
static int qc_finish(struct conf *conf, struct error *err)
{
	const struct qc_options *options = conf->settings;
	int r;

	if (strcmp(options->format, "fastq") != 0)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "-f %s is not supported yet: right is fastq, plain or in any gzip", TEXT(options->format));
	if (options->casava || options->nano || options->nofilter)
		return error_set(err, -EINVAL, ERROR_USAGE, "--%s is not supported yet: right are FASTQ files, each for itself",
		                 options->casava ? "casava" : options->nano ? "nano" : "nofilter");
	r = given_name(CONF_SOURCE(conf, struct qc_options, folder), options->folder, "-o: the name of the folder", err);
	if (r < 0)
		return r;
	if (options->slurm && options->local)
		return error_set(err, -EINVAL, ERROR_USAGE, "--slurm and --local are different places: right is one of them");
	return 0;
}

static const struct option_table qc_table = {
	.name = "qc",
	.rows = qc_rows,
	.n = sizeof qc_rows / sizeof *qc_rows,
	.settings_size = sizeof(struct qc_options),
	.finish = qc_finish,
};

/* What the callbacks of local_count() need. */
struct here {
	struct call *call;
	struct progress progress;
	struct failures failures;
	struct local_groups groups;
	size_t results; /* of files and groups */
};

static int file_write(void *data, size_t i, const struct local_result *result, struct error *err)
{
	struct here *here = data;
	const struct call *call = here->call;
	int r = local_groups_keep(&here->groups, i, result, err);

	return r < 0 ? r : output_write(&call->output, &call->reporting, call->arguments[i], here->results, result->counters, err);
}

static void file_done(void *data, size_t i, const struct local_result *result)
{
	struct here *here = data;
	const char *path = here->call->arguments[i];
	struct error error = result->error;

	progress_end(&here->progress);
	if (((const struct qc_options *)here->call->options)->verbose && result->why[0])
		say(here->call, "%s: %s%s", TEXT(path), result->why,
		    result->anew ? "; then as one slice, since it looks damaged" : "");
	if (error.class == ERROR_NONE && result->counters)
		(void)file_write(here, i, result, &error);
	if (result->facts.bgzf_unended && result->error.class == ERROR_NONE)
		say(here->call, "warning: %s ends without BGZF's end-of-file block; the copy may be incomplete", TEXT(path));
	if (error.class != ERROR_NONE)
		failures_add(&here->failures, &error);
	else
		output_announce(&here->call->output, path);
}

static void file_progress(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done)
{
	struct here *here = data;
	char detail[64] = "";

	if (here->call->arguments_n > 1)
		(void)snprintf(detail, sizeof detail, "%zu of %zu files", ended, here->call->arguments_n);
	progress_show(&here->progress, bytes, bytes_done, detail);
}

static void group_progress(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done)
{
	progress_show(&((struct here *)data)->progress, bytes, bytes_done, "of files of groups again");
}

static void group_done(void *data, size_t g, const struct counters *counters, size_t again, struct error *error)
{
	struct here *here = data;
	const struct call *call = here->call;
	const char *name = here->groups.named.names[g];

	progress_end(&here->progress);
	if (counters && ((const struct qc_options *)call->options)->verbose)
		say(call, "%s: %u files, of which %zu were counted a second time, for what depends on those before them", TEXT(name),
		    here->groups.named.groups.items[g].n, again);
	if (!counters || output_write(&call->output, &call->reporting, name, here->results, counters, error) < 0)
		failures_add(&here->failures, error);
	else
		output_announce(&call->output, name);
}

static int count_here(struct here *here, const struct local_options *local, struct error *err)
{
	const struct call *call = here->call;
	struct local_watch watch = {.done = file_done, .progress = file_progress, .data = here};
	const struct local_groups_watch groups = {.done = group_done, .progress = group_progress, .data = here};
	_cleanup_(freep) struct local_input *inputs = calloc(call->arguments_n, sizeof *inputs);
	int r;

	if (!inputs)
		return error_oom(err);
	for (size_t i = 0; i < call->arguments_n; i++) {
		inputs[i] = (struct local_input){.path = call->arguments[i], .modules = local->modules, .begin = PRIOR_FIRST};
		inputs[i].begin.ordinals = here->groups.named.groups.n > 0;
	}
	if (!output_to_stdout(&call->output)) /* where file has to come after file */
		watch.write = file_write;
	progress_begin(&here->progress, &call->settings, call->arguments_n == 1 ? call->arguments[0] : "all", PROGRESS_NONE);
	r = local_count_at(inputs, call->arguments_n, local, &watch, err);
	if (r == 0)
		r = local_groups_count(&here->groups, local, &groups, err);
	progress_end(&here->progress);
	return r < 0 ? r : (int)here->failures.class;
}

static int run_here(struct call *call, struct error *err)
{
	const struct qc_options *options = call->options;
	struct local_options local = {
		.rules = &call->reporting.rules,
		.threads = options->threads ? (uint32_t)options->threads : local_cores(),
		.modules = output_modules(&call->output, &call->reporting),
		.read_max = options->read_max,
		.slice_size = options->slice_size,
		.lenient = options->lenient,
		.split_gzip = options->split_gzip,
	};
	struct here here = {.call = call};
	int r;

	r = local_groups_make(&here.groups, (const char *const *)call->arguments, call->arguments_n, options->merge, err);
	here.results = call->arguments_n + here.groups.named.groups.n;
	if (r == 0)
		r = group_names_check(&here.groups.named, &call->output, &call->reporting, (const char *const *)call->arguments,
		                      call->arguments_n, err);
	if (r == 0)
		r = count_here(&here, &local, err);
	local_groups_deinit(&here.groups);
	return r;
}

static int no_slurm(const struct call *call, const struct qc_options *options, struct error *err)
{
	if (options->coordinator[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "--coordinator is for qc --slurm; the host of a coordinator that runs is named by -h");
	return given_refuse(call, &slurm_table, NULL, "qc --slurm", err);
}

static int run(struct call *call, struct error *err)
{
	const struct qc_options *options = call->options;
	int r = stdin_refuse(call, err);

	if (r < 0)
		return r;
	if (options->folder[0]) {
		r = conf_replace(&call->output.folder, options->folder, err);
		if (r < 0)
			return r;
	}
	if (!options->slurm && no_slurm(call, options, err) < 0)
		return -EINVAL;
	call->output.beside = true;
	call->output.announce = !call->settings.quiet;
	r = output_check(&call->output, &call->reporting, (const char *const *)call->arguments, call->arguments_n, err);
	if (r < 0)
		return r;
	if (options->slurm) {
		bool go_on;

		r = slurm_private(call, options->coordinator, &go_on, err);
		if (!go_on)
			return r;
	}
	if (!options->local && (call->settings.host.host[0] || call->settings.socket[0])) {
		struct submission submission = {
			.lenient = options->lenient,
			.fresh = options->no_cache,
			.split_gzip = split_asked(options->split_gzip),
			.slice_size = options->slice_size,
			.merge = options->merge,
			.wait = true,
		};
		uint64_t job;

		return submit(call, &submission, &job, err);
	}
	r = reporting_judge_here(&call->reporting, err);
	return r < 0 ? r : run_here(call, err);
}

const struct verb verb_qc = {
	.name = "qc",
	.arguments = "FILE...",
	.arguments_min = 1,
	.arguments_max = 10000,
	.help = "Make FastQC's reports of FASTQ files: on the cluster, or here.",
	.detail = "With a coordinator (-h HOST, FQ_HOST, fqctl.conf) the cluster counts; without one, or with --local, all "
	          "cores of this machine do, with the same result to the bit. The options are FastQC's (alias fastqc='fqctl qc'), "
	          "but -h is the host. With --slurm Slurm's nodes count, without any service.",
	.example = "fqctl qc -h coord -o reports/ run42/*.fastq.gz\n"
	           "fqctl qc --local -t 2 --as csv reads.fq",
	.forms = OUTPUT_SET(OUTPUT_FASTQC),
	.counts = true,
	.slurm = true,
	.table = &qc_table,
	.run = run,
};
