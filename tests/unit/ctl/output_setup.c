/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See output_setup.h. */
#include "tests/unit/ctl/output_setup.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/qc/prior.h"

struct reporting reporting;
static char folder_name[PATH_MAX];

static void reporting_make(void)
{
	static struct report_choices report;
	static struct rules_choices rules;
	struct error err = {0};
	struct conf conf;

	if (conf_init(&conf, &report_table, &report, NULL) < 0 || conf_init(&conf, &rules_table, &rules, NULL) < 0 ||
	    reporting_load(&report, &rules, &reporting, &err) < 0)
		abort();
	conf_deinit(&report_table, &report);
	conf_deinit(&rules_table, &rules);
}

bool setup_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	FILE *file;

	(void)snprintf(folder_name, sizeof folder_name, "%s/fqoutput.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder_name) || chdir(folder_name) < 0 || mkdir("d", 0700) < 0 || !(file = fopen("file", "we")))
		return false;
	(void)fclose(file);
	reporting_make();
	return true;
}

void setup_end(void)
{
	reporting_deinit(&reporting);
	(void)rmdir("d");
	(void)entries(".", true);
	(void)rmdir(folder_name);
}

struct counters *counters_make(uint32_t bases)
{
	struct batch *batch = calloc(1, sizeof *batch);
	uint8_t *quality = calloc(1, bases + BATCH_SLACK), *sequence = calloc(1, bases + BATCH_SLACK);
	struct counters *counters = NULL;

	if (!batch || !quality || !sequence || counters_new(COUNT_MEAN | COUNT_REPORT, NULL, &PRIOR_FIRST, &counters) < 0)
		abort();
	memset(quality, 'I', bases);
	memset(sequence, 'A', bases);
	batch->n = 1;
	batch->records[0] = (struct record){
		.name = sequence, .name_length = 1, .sequence = sequence, .quality = quality, .length = bases, .quality_length = bases};
	if (counters_add(counters, batch) < 0)
		abort();
	quality[0] = '5';
	batch->records[0].length = batch->records[0].quality_length = 2;
	if (counters_add(counters, batch) < 0)
		abort();
	free(sequence);
	free(quality);
	free(batch);
	return counters;
}

struct output_options options_make(const char *as, const char *file, const char *folder)
{
	struct output_options options;
	struct error err = {0};
	struct conf conf;

	if (conf_init(&conf, &output_table, &options, NULL) < 0 || conf_replace(&options.as, as, NULL) < 0 ||
	    conf_replace(&options.file, file, NULL) < 0 || conf_replace(&options.folder, folder, NULL) < 0)
		abort();
	for (size_t i = 0; i < output_table.n; i++)
		if (strcmp(output_table.rows[i].long_name, "as") == 0)
			conf.source[i] = CONF_COMMAND;
	if (conf_finish(&conf, &err) < 0)
		abort();
	return options;
}

int check_as(const char *as, const char *file, const char *folder, const char *const *paths, size_t n,
                    struct error *err)
{
	struct output_options options = options_make(as, file, folder);
	int r;

	*err = (struct error){0};
	r = output_check(&options, &reporting, paths, n, err);
	conf_deinit(&output_table, &options);
	return r;
}

int write_as(const char *as, const char *file, const char *folder, const char *path, size_t n,
                    const struct counters *counters, struct error *err)
{
	struct output_options options = options_make(as, file, folder);
	int r = output_write(&options, &reporting, path, n, counters, err);

	conf_deinit(&output_table, &options);
	return r;
}

const char *text_of(const char *name, char text[4096])
{
	FILE *in = fopen(name, "re");

	if (!in)
		return "(none)";
	text[fread(text, 1, 4095, in)] = '\0';
	(void)fclose(in);
	return text;
}

unsigned int entries(const char *folder, bool remove)
{
	DIR *dir = opendir(folder);
	unsigned int n = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.'))
			continue;
		n++;
		if (remove && unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			abort();
	}
	if (dir)
		(void)closedir(dir);
	return n;
}
