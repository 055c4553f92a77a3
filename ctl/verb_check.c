/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl check: whether files are valid FASTQ, read to the end on this machine; a line a file. */
#include <errno.h>
#include <stdio.h>

#include "ctl/local/local.h"
#include "ctl/progress.h"
#include "ctl/verb.h"
#include "lib/base/text.h"

struct check_options {
	bool lenient;
};

static const struct option_row check_rows[] = {
	{.long_name = "lenient", .type = OPTION_BOOL, .help = "Take records that FastQC takes: lengths may differ, any byte may stand in a line.",
	 OPTION_FIELD(struct check_options, lenient)},
};

static const struct option_table check_table = {
	.name = "check",
	.rows = check_rows,
	.n = sizeof check_rows / sizeof *check_rows,
	.settings_size = sizeof(struct check_options),
};

struct checking {
	struct call *call;
	struct progress progress;
	struct failures failures;
};

static void file_done(void *data, size_t i, const struct local_result *result)
{
	struct checking *checking = data;
	const char *path = checking->call->arguments[i];

	progress_end(&checking->progress);
	if (result->error.class != ERROR_NONE) {
		failures_add(&checking->failures, &result->error);
		return;
	}
	(void)printf("%s: valid, %s, %llu reads, %llu bases%s\n", TEXT(path), file_kind_name(result->facts.kind),
	             (unsigned long long)result->records, (unsigned long long)counters_bases(result->counters),
	             result->facts.bgzf_unended ? "; without BGZF's end-of-file block, perhaps cut" : "");
}

static void file_progress(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done)
{
	struct checking *checking = data;

	(void)ended;
	progress_show(&checking->progress, bytes, bytes_done, "");
}

static int run(struct call *call, struct error *err)
{
	const struct check_options *options = call->options;
	struct checking checking = {.call = call};
	struct local_watch watch = {.done = file_done, .progress = file_progress, .data = &checking};
	struct count_rules rules;
	struct local_options local = {
		.threads = local_cores(),
		.modules = COUNT_LENGTHS,
		.rules = &rules,
		.read_max = READ_MAX_DEFAULT,
		.lenient = options->lenient,
	};
	int r;

	r = stdin_refuse(call, err);
	if (r < 0)
		return r;
	rules_default(&rules, COMPAT_0_12_1);
	progress_begin(&checking.progress, &call->settings, call->arguments_n == 1 ? call->arguments[0] : "all", PROGRESS_NONE);
	r = local_count((const char *const *)call->arguments, call->arguments_n, &local, &watch, err);
	progress_end(&checking.progress);
	return r < 0 ? r : (int)checking.failures.class;
}

const struct verb verb_check = {
	.name = "check",
	.arguments = "FILE...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Read files to their end here and tell whether they are valid FASTQ.",
	.detail = "Prints of each that is: how it is packed, reads, bases. Needs no coordinator. The exit status is that of the first "
	          "file that is not: 65 no valid FASTQ (with record and byte), 66 it cannot be opened, 74 a gzip stream that is cut or "
	          "damaged.",
	.example = "fqctl check run42/*.fastq.gz",
	.table = &check_table,
	.run = run,
};
