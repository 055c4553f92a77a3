/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl show: everything about a job: its files, how each was read, and its slices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/job.h"
#include "ctl/list.h"
#include "ctl/show_json.h"
#include "lib/base/hostlist.h"
#include "lib/base/text.h"
#include "lib/fastq/kind.h"
#include "lib/qc/counters.h"
#include "lib/qc/groups.h"
#include "lib/qc/rules.h"

struct show_options {
	bool slices;
};

static const struct option_row show_rows[] = {
	{.long_name = "slices", .type = OPTION_BOOL, .help = "A line for each slice too.",
	 OPTION_FIELD(struct show_options, slices)},
};

static const struct option_table show_table = {
	.name = "show",
	.rows = show_rows,
	.n = sizeof show_rows / sizeof *show_rows,
	.settings_size = sizeof(struct show_options),
};

/* ISO 8601 with zone, or "-". */
static const char *when(char out[64], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	char zone[16] = "";

	if (ms == 0 || !localtime_r(&seconds, &parts) || !strftime(out, 64, "%Y-%m-%dT%H:%M:%S", &parts))
		return "-";
	(void)strftime(zone, sizeof zone, "%z", &parts);
	(void)snprintf(out + 19, 64 - 19, ".%03u%s", (unsigned)(ms % 1000), zone);
	return out;
}

/* What is counted, in the words of --as and --compat. */
static void show_modules(const fq_Job *job)
{
	if ((job->modules & COUNT_REPORT) != COUNT_REPORT)
		(void)printf("  Counts     means per position%s\n", job->modules & COUNT_QUALITY_TABLE ? ", qualities" : "");
	else
		(void)printf("  Counts     a report as FastQC %s makes it%s\n",
		             job->compat > 0 ? compat_name((enum compat)(job->compat - 1)) : "unknown",
		             job->modules & COUNT_KMERS ? ", with k-mers" : "");
}

static void show_job(const fq_Job *job)
{
	char times[3][64], done[16], all[16], nodes[sizeof job->node_names + 8];

	(void)printf("Job %llu  %s\n", (unsigned long long)job->job, job_told_name(job_told(job)));
	(void)printf("  Name       %s\n  User       %s\n", SENTENCE(job->name), TEXT(job->owner));
	show_modules(job);
	if (job->profile[0])
		(void)printf("  Profile    %s%s\n", TEXT(job->profile), job->profile[0] == '.' ? ": a file of the submitter's" : "");
	(void)printf("  Submitted  %s\n  Started    %s\n  Ended      %s\n", when(times[0], job->submitted_ms),
	             when(times[1], job->started_ms), when(times[2], job->ended_ms));
	(void)printf("  Files      %u of %u done\n", job->files_done, job->files);
	if (job->merge != fq_MergeLevel_MERGE_LEVEL_NONE)
		(void)printf("  Merge      %s\n", merge_level_name((enum merge_level)job->merge));
	if (job->cached > 0)
		(void)printf("  Cached     %u: counted by an earlier job\n", job->cached < job->files ? job->cached : job->files);
	(void)printf("  Bytes      %s of %s\n", text_bytes(done, job->bytes_done), text_bytes(all, job->bytes));
	(void)printf("  Reads      %llu\n  Bases      %llu\n", (unsigned long long)job->records,
	             (unsigned long long)job->bases);
	if (job->node_names[0])
		(void)printf("  Nodes      %s\n", TEXT(hostlist_fold(nodes, sizeof nodes, job->node_names,
		                                                   strlen(job->node_names) == sizeof job->node_names - 1)));
	if (job->reason[0])
		(void)printf("  Waits for  %s\n", TEXT(job->reason));
	if (job->error.text[0])
		(void)printf("  Error      %s (exit status %u)\n", SENTENCE(job->error.text), job->error.class);
}

/* Which way the file went, and why. */
static void show_way(const fq_File *file)
{
	char size[16];

	if (file->cached) {
		(void)printf("    Read as   %s, cached: counted by an earlier job\n", file_kind_name((enum file_kind)file->kind));
		return;
	}
	switch (file->kind) {
	case FILE_PLAIN:
	case FILE_BGZF:
		(void)printf("    Read as   %s, cut every %s: %llu slice%s\n", file_kind_name((enum file_kind)file->kind),
		             text_bytes(size, file->slice_size), (unsigned long long)file->slices,
		             file->slices == 1 ? "" : "s");
		break;
	case FILE_GZIP:
		if (file->split && file->way[0])
			(void)printf("    Read as   gzip, one stream cut every %s: %llu slices, %s\n", text_bytes(size, file->slice_size),
			             (unsigned long long)file->slices, TEXT(file->way));
		else if (file->split)
			(void)printf("    Read as   gzip, one stream cut every %s: %llu slices, %llu inflated that are to be counted\n",
			             text_bytes(size, file->slice_size), (unsigned long long)file->slices,
			             (unsigned long long)file->inflated);
		else
			(void)printf("    Read as   gzip, one slice%s%s\n", file->way[0] ? ": " : "", TEXT(file->way));
		break;
	default:
		(void)printf("    Read as   - (not opened yet)\n");
	}
}

/* What is counted again of a member for what comes before it. */
static void show_second(const fq_File *file)
{
	static const struct {
		uint32_t module;
		const char *name;
	} names[] = {{COUNT_GC, "GC"}, {COUNT_TILES, "tiles"}, {COUNT_SEQUENCES, "sequences"}, {COUNT_KMERS, "k-mers"}};
	const char *between = "";

	(void)printf("    Counts    file %u again for group %u: ", file->member, file->of);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (file->modules & names[i].module) {
			(void)printf("%s%s", between, names[i].name);
			between = ", ";
		}
	(void)printf("%s\n", between[0] ? "" : job_ended(file->state) ? "nothing, since nothing depends on files before it"
	                                                                : "not known yet");
}

static void show_group(const fq_File *file)
{
	(void)printf("  Group %u  %s  %s\n    Files     %u, the first is file %u, the others are those of the next rows\n", file->file,
	             file->cached ? "CACHED" : job_told_name(file->state), TEXT(file->path), file->of, file->member);
	if (file->again > 0)
		(void)printf("    Again     %llu of these files counted a second time, for what comes before them\n",
		             (unsigned long long)file->again);
	(void)printf("    Reads     %llu\n    Bases     %llu\n", (unsigned long long)file->records, (unsigned long long)file->bases);
	if (file->error.text[0])
		(void)printf("    Error     %s (exit status %u)\n", SENTENCE(file->error.text), file->error.class);
}

static void show_file(const fq_File *file)
{
	char done[16], all[16];

	if (file->role == fq_FileRole_ROLE_GROUP) {
		show_group(file);
		return;
	}
	(void)printf("  File %u  %s  %s\n", file->file, file->cached ? "CACHED" : job_told_name(file->state), TEXT(file->path));
	if (file->role == fq_FileRole_ROLE_SECOND)
		show_second(file);
	if (file->role == fq_FileRole_ROLE_SECOND && file->kind == 0 && job_ended(file->state))
		return; /* nothing was counted */
	show_way(file);
	if (!file->cached)
		(void)printf("    Slices    %llu of %llu done, %llu counted again from a better start\n",
		             (unsigned long long)file->slices_done, (unsigned long long)file->slices,
		             (unsigned long long)file->redone);
	if (file->again > 0)
		(void)printf("    Again     %llu of %llu slices counted a second time, for what lies before them\n",
		             (unsigned long long)file->again_done, (unsigned long long)file->again);
	(void)printf("    Bytes     %s of %s\n", text_bytes(done, file->bytes_done), text_bytes(all, file->bytes));
	(void)printf("    Reads     %llu\n    Bases     %llu\n", (unsigned long long)file->records,
	             (unsigned long long)file->bases);
	if (file->warning[0])
		(void)printf("    Warning   %s\n", TEXT(file->warning));
	if (file->error.text[0])
		(void)printf("    Error     %s (exit status %u)\n", SENTENCE(file->error.text), file->error.class);
}

static int show(void *data, uint16_t type, const void *message, struct error *err)
{
	const struct show_options *options = data;
	const fq_Slice *slice = message;

	switch (type) {
	case fq_Type_JOB:
		show_job(message);
		return 0;
	case fq_Type_FILE:
		show_file(message);
		return 0;
	case fq_Type_SLICE:
		if (options->slices)
			(void)printf("      %8llu  [%llu, %llu)  %-8s %-16s %llu reads  %u crashes  %u losses\n",
			             (unsigned long long)slice->slice, (unsigned long long)slice->begin,
			             (unsigned long long)slice->end, TEXT(slice->state),
			             slice->node[0] ? TEXT(slice->node) : "-", (unsigned long long)slice->records,
			             slice->crashes, slice->losses);
		return 0;
	default:
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to SHOW", message_name(type));
	}
}

static int run(struct call *call, struct error *err)
{
	const struct show_options *options = call->options;
	struct failures failures = {0};
	struct client client = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err);

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		fq_JobsRequest request = {0};

		r = client_job_number(call->arguments[i], &request.job, err);
		if (r == 0 && call->settings.json)
			r = show_json(call, &client, &request, options->slices, stdout, err);
		else if (r == 0)
			r = list_ask(call, &client, fq_Type_SHOW, &request, show, call->options, err);
		r = failures_pass(&failures, r, err);
	}
	client_close(&client);
	return r < 0 ? r : (int)failures.class;
}

const struct verb verb_show = {
	.name = "show",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Tell all about jobs: files, how each was read, slices.",
	.detail = "Of each file the way it was read and why, slices, bytes, reads, bases, and what was wrong with it. With --slices a "
	          "line for each: number, bytes from [first, to), state, node, reads, and how often it crashed its reader or was lost "
	          "with its node. One that is not there costs the others nothing.",
	.example = "fqctl show -h coord --slices 17",
	.table = &show_table,
	.json = true,
	.run = run,
};
