/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl submit: files -> one job -> its results, or its number (submit.c does it). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/submit.h"
#include "lib/base/text.h"

struct submit_options {
	bool wait, detach, parsable, lenient, no_cache;
	char *name, *id;
	uint64_t slice_size, chunks;
	fq_SplitGzip split_gzip;
	enum merge_level merge;
};

static const struct option_row submit_rows[] = {
	{.long_name = "wait", .type = OPTION_BOOL,
	 .help = "Wait for the result and write it; so it is on a terminal, and with -o or --output-dir.",
	 OPTION_FIELD(struct submit_options, wait)},
	{.long_name = "detach", .type = OPTION_BOOL, .help = "Do not wait; say the job's number.",
	 OPTION_FIELD(struct submit_options, detach)},
	{.long_name = "parsable", .type = OPTION_BOOL, .help = "Do not wait; print nothing but the job's number.",
	 OPTION_FIELD(struct submit_options, parsable)},
	{.long_name = "name", .argument = "NAME", .type = OPTION_STRING, .largest = 255,
	 .help = "Name of the job in tables; otherwise its first file.", OPTION_FIELD(struct submit_options, name)},
	{.long_name = "id", .argument = "UUID", .type = OPTION_STRING, .smallest = 1, .largest = 36,
	 .help = "Id of the job, 32 hexadecimal digits as uuidgen makes them: submitted again with the same one it is the same job.",
	 OPTION_FIELD(struct submit_options, id)},
	{.long_name = "slice-size", .argument = "SIZE", .type = OPTION_SIZE, .default_text = "0",
	 .help = "Bytes of a file in one slice; 0 lets the coordinator choose.",
	 OPTION_FIELD(struct submit_options, slice_size)},
	{.long_name = "chunks", .argument = "N", .type = OPTION_NUMBER, .default_text = "0", .largest = 1000000,
	 .unit = "slices", .help = "Cut the largest file into about N slices; 0 lets the coordinator choose.",
	 OPTION_FIELD(struct submit_options, chunks)},
	{.long_name = "split-gzip", .argument = "WHEN", .type = OPTION_CHOICE, .default_text = "default",
	 .choices = "default|auto|always|never",
	 .help = "Cut ordinary gzip files into slices: as the coordinator is set up, where that is quicker (auto), always, or never.",
	 OPTION_FIELD(struct submit_options, split_gzip)},
	{.long_name = "merge", .argument = "LEVEL", .type = OPTION_CHOICE, .default_text = "none", .choices = "none|lane|sample|all",
	 .help = "Also count files that belong together by their names as one: each lane, also each sample, also all of them.",
	 OPTION_FIELD(struct submit_options, merge)},
	{.long_name = "lenient", .type = OPTION_BOOL,
	 .help = "Take records that FastQC takes: lengths may differ, any byte may stand in a line.",
	 OPTION_FIELD(struct submit_options, lenient)},
	{.long_name = "no-cache", .type = OPTION_BOOL,
	 .help = "Count all files, even those that an earlier job has counted in the same way.",
	 OPTION_FIELD(struct submit_options, no_cache)},
};

static const struct option_table submit_table = {
	.name = "submit",
	.rows = submit_rows,
	.n = sizeof submit_rows / sizeof *submit_rows,
	.settings_size = sizeof(struct submit_options),
};

/* Bytes in a slice, so that the largest file gives so many of them. */
static int chunk_size(const struct call *call, uint64_t chunks, uint64_t *ret, struct error *err)
{
	uint64_t largest = 1;

	for (size_t i = 0; i < call->arguments_n; i++) {
		struct stat st;

		if (stat(call->arguments[i], &st) < 0)
			return error_set(err, -errno, ERROR_NO_INPUT, "--chunks needs the size of %s here: %s",
			                 TEXT(call->arguments[i]), strerror(errno));
		if ((uint64_t)st.st_size > largest)
			largest = (uint64_t)st.st_size;
	}
	*ret = (largest + chunks - 1) / chunks;
	return 0;
}

/* 32 hexadecimal digits, and dashes anywhere. */
static int id_parse(const char *text, uint8_t ret[16], struct error *err)
{
	char digits[33];
	size_t n = 0;

	for (const char *s = text; *s; s++)
		if (*s != '-' && n < sizeof digits)
			digits[n++] = *s;
	if (n == sizeof digits - 1) {
		digits[n] = '\0';
		if (text_unhex(digits, ret, 16) == 0)
			return 0;
	}
	return error_set(err, -EINVAL, ERROR_USAGE, "--id: '%s' is no UUID: right are 32 hexadecimal digits, as uuidgen prints them",
	                 TEXT(text));
}

static int run(struct call *call, struct error *err)
{
	const struct submit_options *options = call->options;
	struct submission submission = {
		.name = options->name[0] ? options->name : NULL,
		.lenient = options->lenient,
		.fresh = options->no_cache,
		.split_gzip = options->split_gzip,
		.slice_size = options->slice_size,
		.merge = options->merge,
		.wait = options->wait || call->output.file[0] || call->output.folder[0] || isatty(STDOUT_FILENO) ||
		        isatty(STDERR_FILENO),
	};
	uint8_t uuid[16];
	uint64_t job;
	int r;

	if (options->id[0]) {
		if (id_parse(options->id, uuid, err) < 0)
			return -EINVAL;
		submission.uuid = uuid;
	}
	if (options->detach || options->parsable) {
		if (options->wait)
			return error_set(err, -EINVAL, ERROR_USAGE, "give either --wait or --detach, not both");
		if (call->output.file[0] || call->output.folder[0])
			return error_set(err, -EINVAL, ERROR_USAGE, "%s does not wait for what %s is to write: right is one of them, or 'fqctl fetch' of "
			                 "the job when it has ended", options->parsable ? "--parsable" : "--detach",
			                 call->output.file[0] ? "--output" : "--output-dir");
		submission.wait = false;
	}
	if (call->reporting.fail_on && !submission.wait)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "--fail-on needs the results: right is --wait, or 'fqctl fetch --fail-on' of the job when it has ended");
	if (options->chunks && options->slice_size)
		return error_set(err, -EINVAL, ERROR_USAGE, "give either --chunks or --slice-size, not both");
	r = stdin_refuse(call, err);
	if (r == 0 && options->chunks)
		r = chunk_size(call, options->chunks, &submission.slice_size, err);
	if (r == 0)
		r = submit(call, &submission, &job, err);
	if (r == 0 && !submission.wait)
		(void)printf(options->parsable ? "%llu\n" : "Submitted job %llu: %zu file%s\n", (unsigned long long)job,
		             call->arguments_n, call->arguments_n == 1 ? "" : "s");
	return r;
}

const struct verb verb_submit = {
	.name = "submit",
	.arguments = "FILE...",
	.arguments_min = 1,
	.arguments_max = 10000,
	.help = "Count FASTQ files on the cluster.",
	.detail = "The files are opened by the workers, under the same absolute path as here, and fqctl proves to them that you "
	          "can read them too. Plain FASTQ and any gzip are recognised by content. When fqctl is interrupted while it waits, the job goes on.",
	.example = "fqctl submit -h coord run42/lane1.fastq.gz\n"
	           "fqctl submit -h coord --as fastqc,csv --output-dir reports/ run42/*.fastq.gz",
	.forms = OUTPUT_SET(OUTPUT_CSV),
	.counts = true,
	.table = &submit_table,
	.run = run,
};
