/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts a file in this process, slice by slice, and prints its fastqc_data.txt, which tests compare with FastQC's own; or another
 * form of the report.
 *
 *     qc_report [--compat 0.11.9|0.12.1] [--nogroup] [--expgroup] [--java 17|19] [--slice-size BYTES] [--kmers SIZE]
 *               [--as text|summary|json|html|zip|csv] FILE
 *
 * Slices are counted one after the other; every second one is told nothing of what lies before it, as if it were counted
 * first, so that it may have to be counted again (lib/qc/assembly.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/fastq/chain.h"
#include "lib/qc/archive.h"
#include "lib/qc/assembly.h"
#include "lib/qc/count.h"
#include "lib/qc/csv.h"
#include "lib/qc/html.h"
#include "lib/qc/json.h"
#include "lib/qc/report.h"
#include "lib/qc/text.h"

#define SLICES_MAX 10000000

/* A way to print a report. */
struct form {
	const char *name;
	int (*write)(FILE *out, const struct report *report, struct error *err); /* NULL: the CSV, made of counters */
};

static int zip_write(FILE *out, const struct report *report, struct error *err)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t n;
	int r = report_archive_make(report, "report_fastqc", &bytes, &n, err);

	if (r == 0 && fwrite(bytes, 1, n, out) != n)
		r = error_set(err, -EIO, ERROR_CANT_CREATE, "cannot write the zip");
	return r;
}

static const struct form forms[] = {
	{"text", report_text_write}, {"summary", report_summary_write}, {"json", report_json_write},
	{"html", report_html_write}, {"zip", zip_write},                {"csv", NULL},
};

struct run {
	const char *path;
	int fd;
	uint64_t slice_size; /* 0: the whole file */
	const struct form *form;
	struct count_rules rules;
	uint32_t modules;
	struct report_options options;
	struct chain chain;
	struct assembly *assembly;
};

static const char usage[] =
	"usage: qc_report [--compat 0.11.9|0.12.1] [--nogroup] [--expgroup] [--java 17|19] [--slice-size BYTES]\n"
	"                 [--kmers SIZE] [--as text|summary|json|html|zip|csv] FILE\n";

static int run_open(struct run *run, struct error *err)
{
	struct file_facts facts;
	uint64_t size;
	int r;

	run->fd = open(run->path, O_RDONLY | O_CLOEXEC);
	if (run->fd < 0)
		return error_set(err, -errno, ERROR_NO_INPUT, "%s cannot be opened: %s", TEXT(run->path), strerror(errno));
	r = file_facts_take(run->fd, &facts, err);
	if (r < 0)
		return r;
	size = run->slice_size > 0 ? run->slice_size : facts.fingerprint.size + 1;
	r = chain_init(&run->chain, &facts, size, SLICES_MAX, err);
	if (r == 0 && assembly_new(run->modules, &run->rules, &run->assembly) < 0)
		r = error_oom(err);
	return r;
}

/* Hands over what was proven: the counters of one slice, and slices in which no record begins. */
static int run_take(struct run *run, struct slice_count *count, struct error *err)
{
	uint64_t i;
	int r = 0;

	while (r == 0 && (i = assembly_n(run->assembly)) < run->chain.proven)
		if (run->chain.links[i].empty)
			assembly_skip(run->assembly);
		else
			r = assembly_take(run->assembly, TAKE(count->counters), err);
	return r;
}

/* Counts the slice that the proof waits for. An enum chain_outcome or negative errno. */
static int run_step(struct run *run, struct error *err)
{
	_cleanup_(slice_count_deinit) struct slice_count count = {0};
	uint64_t i = run->chain.proven;
	enum chain_outcome outcome;
	struct slice_task task;
	struct prior prior = PRIOR_UNKNOWN;
	bool used;
	int r;

	chain_task(&run->chain, i, READ_MAX_DEFAULT, false, &task);
	if (i % 2 == 0)
		assembly_prior(run->assembly, i, &prior);
	r = count_slice(run->fd, &task, run->modules, &run->rules, &prior, NULL, NULL, &count, err);
	if (r < 0)
		return r;
	outcome = chain_offer(&run->chain, i, &task, count.outcome, &count.seam, &count.fault, &used);
	if (outcome == CHAIN_FAULT)
		return fault_sentence(&run->chain.links[run->chain.proven].fault, run->chain.kind, run->path,
		                      run->chain.records, err);
	r = run_take(run, &count, err);
	return r < 0 ? r : (int)outcome;
}

/* Counts one slice again, for what it lacked. */
static int run_again(struct run *run, const struct again *again, struct error *err)
{
	_cleanup_(slice_count_deinit) struct slice_count count = {0};
	const struct link *link = &run->chain.links[again->slice];
	struct slice_task task;
	struct prior prior;
	int r;

	chain_task(&run->chain, again->slice, READ_MAX_DEFAULT, false, &task);
	task.start_known = true;
	task.start = link->seam.first;
	if (assembly_again_prior(run->assembly, again, &prior) < 0)
		return error_oom(err);
	r = count_slice(run->fd, &task, again->modules, &run->rules, &prior, NULL, NULL, &count, err);
	if (r < 0)
		return r;
	if (count.outcome != SLICE_END || count.seam.records != link->seam.records)
		return error_set(err, -EIO, ERROR_SOFTWARE, "a slice was counted again and has other records now");
	return assembly_patch(run->assembly, again->slice, count.counters, err);
}

static int run_count(struct run *run, struct counters **ret, struct error *err)
{
	const struct again *again;
	size_t n;
	int r;

	do
		r = run_step(run, err);
	while (r == CHAIN_MORE);
	if (r < 0)
		return r;
	for (r = 0; r == 0 && (again = assembly_again(run->assembly, &n), n > 0);)
		r = run_again(run, again, err);
	return r < 0 ? r : assembly_result(run->assembly, ret, err);
}

static int run_all(struct run *run, struct error *err)
{
	struct contaminants *contaminants = NULL;
	struct counters *counters = NULL;
	struct report *report = NULL;
	int r;

	r = run_open(run, err);
	if (r == 0)
		r = run_count(run, &counters, err);
	if (r == 0 && contaminants_default(&contaminants) < 0)
		r = error_oom(err);
	run->options.contaminants = contaminants;
	if (r == 0 && !run->form->write)
		r = csv_write(stdout, counters, &(struct csv_options){.phred = PHRED_33}, err);
	else if (r == 0)
		r = report_make(counters, &run->options, &report, err);
	if (report)
		r = run->form->write(stdout, report, err);
	report_free(report);
	contaminants_free(contaminants);
	counters_free(counters);
	assembly_free(run->assembly);
	chain_deinit(&run->chain);
	closep(&run->fd);
	return r;
}

static int compat_read(const char *text, enum compat *ret)
{
	for (int compat = 0; compat < _COMPAT_MAX; compat++)
		if (strcmp(text, compat_name((enum compat)compat)) == 0) {
			*ret = (enum compat)compat;
			return 0;
		}
	return -EINVAL;
}

static int form_read(const char *text, const struct form **ret)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (strcmp(text, forms[i].name) == 0) {
			*ret = &forms[i];
			return 0;
		}
	return -EINVAL;
}

static int arguments_read(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{"compat", required_argument, NULL, 'c'}, {"nogroup", no_argument, NULL, 'n'},
		{"expgroup", no_argument, NULL, 'e'},     {"java", required_argument, NULL, 'j'},
		{"slice-size", required_argument, NULL, 's'}, {"as", required_argument, NULL, 'a'},
		{"kmers", required_argument, NULL, 'k'}, {0},
	};
	enum compat compat = COMPAT_0_12_1;
	uint64_t kmers = 0;
	int option, r = 0;

	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			r = compat_read(optarg, &compat);
		else if (option == 'n')
			run->options.nogroup = true;
		else if (option == 'e')
			run->options.expgroup = true;
		else if (option == 'j')
			run->options.java = strcmp(optarg, "19") == 0 ? JAVA_19 : JAVA_17;
		else if (option == 'a')
			r = form_read(optarg, &run->form);
		else if (option == 's')
			r = text_to_size(optarg, &run->slice_size);
		else if (option == 'k')
			r = text_to_number(optarg, &kmers);
		else
			r = -EINVAL;
	}
	if (r < 0 || optind + 1 != argc)
		return -EINVAL;
	run->path = argv[optind];
	run->options.name = strrchr(run->path, '/') ? strrchr(run->path, '/') + 1 : run->path;
	rules_default(&run->rules, compat);
	run->modules = COUNT_REPORT;
	if (kmers == 0)
		return 0;
	run->modules |= COUNT_KMERS;
	run->rules.kmer_size = (uint32_t)kmers;
	return 0;
}

int main(int argc, char **argv)
{
	struct run run = {.fd = -1, .form = &forms[0]};
	struct limits limits;
	struct error err = {0};

	if (arguments_read(&run, argc, argv) < 0) {
		fputs(usage, stderr);
		return ERROR_USAGE;
	}
	limits_default(&limits);
	if (run.modules & COUNT_KMERS)
		limits.of[LIMIT_KMER].ignore = 0;
	run.options.limits = &limits;
	if (run_all(&run, &err) == 0)
		return 0;
	fprintf(stderr, "qc_report: %s\n", err.text);
	return err.class > 0 ? (int)err.class : ERROR_SOFTWARE;
}
