/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job of a worker:
 *
 *     sbatch words (an array of one-node jobs, what people ask for) + script on its standard input
 *     script: fqworkerd --batch in the background -> TERM (time limit, scancel) is passed on: the worker drains -> its status
 *
 * An array of one-node jobs, since Slurm kills all of a job with any of its nodes. The shell stays, for its trap.
 */
#include "ctl/slurm/script.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

#define FIELD(field) OPTION_FIELD(struct slurm_options, field)
#define DAY (UINT64_C(24) * 60 * 60 * 1000)
#define WORDS_MAX (OPTION_LIST_MAX * 2 + 32)
#define TERM_SECONDS 60 /* before the time limit: drain_timeout is 30, and Slurm may be late by as much */

static const struct option_row rows[] = {
	{.long_name = "workers", .letter = 'N', .argument = "N", .type = OPTION_NUMBER, .default_text = "1", .smallest = 1,
	 .largest = SLURM_WORKERS_MAX, .unit = "workers", .help = "How many workers to ask Slurm for, each a job of one node.", FIELD(workers)},
	{.long_name = "partition", .argument = "NAME", .type = OPTION_STRING, .largest = 256, .help = "Slurm's partition of the workers.",
	 FIELD(partition)},
	{.long_name = "account", .argument = "NAME", .type = OPTION_STRING, .largest = 256, .help = "Slurm's account that pays for them.",
	 FIELD(account)},
	{.long_name = "qos", .argument = "NAME", .type = OPTION_STRING, .largest = 256, .help = "Slurm's quality of service for them.",
	 FIELD(qos)},
	{.long_name = "time", .argument = "LIMIT", .type = OPTION_STRING, .largest = 64,
	 .help = "Longest time of a worker, as Slurm takes it: minutes, H:MM:SS or D-HH. It drains before.", FIELD(time)},
	{.long_name = "cpus-per-task", .argument = "N", .type = OPTION_NUMBER, .largest = 4096, .unit = "cores",
	 .help = "Cores of a worker; 0 is Slurm's default.", FIELD(cpus)},
	{.long_name = "mem", .argument = "SIZE", .type = OPTION_STRING, .largest = 64,
	 .help = "Memory of a worker's node, as Slurm takes it.", FIELD(memory)},
	{.long_name = "sbatch", .argument = "WORD", .type = OPTION_LIST,
	 .help = "A further option for sbatch, as --constraint=NAME; may be given several times.", FIELD(sbatch)},
	{.long_name = "idle-exit", .argument = "TIME", .type = OPTION_DURATION, .default_text = "5m", .largest = 365 * DAY,
	 .help = "A worker that has had nothing to do for so long gives its node back; 0 means never.", FIELD(idle_exit_ms)},
	{.long_name = "address", .argument = "HOST[:PORT]", .type = OPTION_ADDRESS,
	 .help = "Where workers reach the coordinator; empty means as fqctl does, or this host.", FIELD(address)},
	{.long_name = "worker", .argument = "FILE", .type = OPTION_PATH,
	 .help = "The program fqworkerd, on a file system that nodes have; empty means the one beside fqctl.", FIELD(worker)},
	{.long_name = "folder", .argument = "DIR", .type = OPTION_PATH,
	 .help = "Folder for keys and logs of the workers, on a file system that nodes have; empty means .fqcluster/slurm in your home.",
	 FIELD(folder)},
};

const struct option_table slurm_table = {
	.name = "slurm",
	.rows = rows,
	.n = sizeof rows / sizeof *rows,
	.settings_size = sizeof(struct slurm_options),
};

/* ---- for shells */

static void put_quoted(FILE *out, const char *text)
{
	(void)fputc('\'', out);
	for (; *text; text++)
		if (*text == '\'')
			(void)fputs("'\\''", out);
		else
			(void)fputc(*text, out);
	(void)fputc('\'', out);
}

char *slurm_line(char *const *words)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,=+@%-";
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		if (i > 0)
			(void)fputc(' ', out);
		if (words[i][0] && strspn(words[i], plain) == strlen(words[i]))
			(void)fputs(words[i], out);
		else
			put_quoted(out, words[i]);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int put_script(FILE *out, const struct slurm_array *array, const struct slurm_options *options)
{
	_cleanup_(freep) char *key = NULL;

	if (asprintf(&key, "%s/key.pem", array->keys) < 0)
		key = NULL;
	(void)fputs("#!/bin/sh\n"
	            "# A worker of fqcluster. TERM comes before the time limit, or from scancel --batch --signal=TERM, and lets it drain.\n"
	            "worker= told=0 heard=0\n"
	            "trap 'told=$((told + 1)); [ -z \"$worker\" ] || kill -TERM \"$worker\" 2>/dev/null' TERM\n", out);
	put_quoted(out, array->worker);
	(void)fputs(" --config /dev/null --batch --key ", out);
	put_quoted(out, key ? key : "");
	(void)fputs(" -h ", out);
	put_quoted(out, array->host);
	(void)fprintf(out, " -p %u --idle-exit %llums &\n"
	              "worker=$!\n"
	              "[ $told = 0 ] || kill -TERM \"$worker\" 2>/dev/null\n"
	              "while wait \"$worker\"; status=$?; [ $told != $heard ]; do heard=$told; done\n"
	              "exit $status\n", array->port, (unsigned long long)options->idle_exit_ms);
	return key ? 0 : -ENOMEM;
}

char *slurm_script(const struct slurm_array *array, const struct slurm_options *options)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	int r;

	if (!out)
		return NULL;
	r = put_script(out, array, options);
	if (fclose(out) == 0 && r == 0)
		return text;
	free(text);
	return NULL;
}

/* ---- for sbatch */

/* What makes it our array of workers is not for further words to change. */
static int word_check(const char *word, struct error *err)
{
	static const char *const ours[] = {"--array", "--comment", "--job-name", "--nodes", "--ntasks", "--wrap", "--wait", "--parsable",
	                                   "--test-only", "--output", "--open-mode", "--signal", "--chdir", "--help", "--version", "--usage"};
	size_t name = strcspn(word, "=");

	if (word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "'%s' would be a script's name for sbatch: right is an option with its value in one word, as --constraint=NAME",
		                 TEXT(word));
	for (const char *c = word; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return error_set(err, -EINVAL, ERROR_USAGE, "'%s' has bytes that no option of sbatch has", TEXT(word));
	if (word[1] != '-' && strchr("aJNnWoDVhHuQ", word[1]))
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is set by fqctl itself, or would not submit", TEXT(word));
	if (strchr("IkOsv", word[1]) && word[2] != '\0') /* these have no value: behind them another letter would be an option too */
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is several options: right is one in a word", TEXT(word));
	for (size_t i = 0; word[1] == '-' && i < sizeof ours / sizeof *ours; i++)
		if (name > 3 && strncmp(word, ours[i], name) == 0) /* sbatch takes beginnings too */
			return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is set by fqctl itself, or would not submit", TEXT(word));
	return 0;
}

struct words {
	char **words;
	size_t n;
	bool oom;
};

static void add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct words *words, const char *format, ...)
{
	va_list args;
	int n;

	if (words->oom || words->n == WORDS_MAX - 1) {
		words->oom = true;
		return;
	}
	va_start(args, format);
	n = vasprintf(&words->words[words->n], format, args);
	va_end(args);
	if (n < 0)
		words->words[words->n] = NULL;
	words->oom = n < 0;
	words->n += n >= 0;
}

static void add_value(struct words *words, const char *name, const char *value)
{
	if (value[0])
		add(words, "--%s=%s", name, value);
}

/* A folder in sbatch's pattern for file names. */
static char *pattern(const char *folder)
{
	char *out = malloc(2 * strlen(folder) + 1), *to = out;

	for (const char *c = folder; out && *c; c++) {
		if (*c == '%')
			*to++ = '%';
		*to++ = *c;
	}
	if (out)
		*to = '\0';
	return out;
}

static void add_all(struct words *words, const struct slurm_array *array, const struct slurm_options *options)
{
	_cleanup_(freep) char *logs = pattern(array->folder);
	char comment[SLURM_COMMENT_MAX];

	slurm_comment(comment, array->host, array->port, array->id);
	add(words, "sbatch");
	add(words, "--parsable");
	add(words, "--job-name=" SLURM_NAME);
	add(words, "--comment=%s", comment);
	add(words, "--array=1-%u", array->workers);
	add(words, "--nodes=1");
	add(words, "--ntasks=1");
	add(words, "--requeue");
	add(words, "--signal=B:TERM@%d", TERM_SECONDS);
	add(words, "--open-mode=append");
	add(words, "--output=%s/%%A_%%a.log", logs ? logs : "");
	words->oom = words->oom || !logs;
	add(words, "--chdir=%s", array->folder);
	add_value(words, "partition", options->partition);
	add_value(words, "account", options->account);
	add_value(words, "qos", options->qos);
	add_value(words, "time", options->time);
	add_value(words, "mem", options->memory);
	if (options->cpus)
		add(words, "--cpus-per-task=%llu", (unsigned long long)options->cpus);
}

char **slurm_argv_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
	return NULL;
}

int slurm_argv(const struct slurm_array *array, const struct slurm_options *options, char *const *further, size_t further_n, char ***ret,
               struct error *err)
{
	struct words words = {.words = calloc(WORDS_MAX, sizeof *words.words)};
	int r = 0;

	if (!words.words)
		return error_oom(err);
	if (strchr(array->folder, '\\'))
		r = error_set(err, -EINVAL, ERROR_USAGE, "%s: sbatch knows no folder with a backslash in its name: right is another --folder",
		              TEXT(array->folder));
	if (r == 0)
		add_all(&words, array, options);
	if (further_n > OPTION_LIST_MAX)
		r = error_set(err, -E2BIG, ERROR_USAGE, "%zu words are too many for sbatch; the most is %d", further_n, OPTION_LIST_MAX);
	for (size_t i = 0; r == 0 && i < options->sbatch.n + further_n; i++) {
		const char *word = i < options->sbatch.n ? options->sbatch.items[i] : further[i - options->sbatch.n];

		r = word_check(word, err);
		if (r == 0)
			add(&words, "%s", word);
	}
	if (r == 0 && words.oom)
		r = error_oom(err);
	if (r < 0) {
		slurm_argv_free(words.words);
		return r;
	}
	*ret = words.words;
	return 0;
}

/* ---- programs */

static int place(const char *path, char **ret)
{
	char *found = realpath(path, NULL);

	if (!found || access(found, X_OK) < 0) {
		free(found);
		return 1;
	}
	*ret = found;
	return 0;
}

int slurm_program(const char *named, const char *program, char **ret, struct error *err)
{
	static const char *const beside[] = {"", "../sbin/", "../daemon/"};
	char self[PATH_MAX], *slash, path[PATH_MAX + 64];
	ssize_t n;

	if (named[0])
		return place(named, ret) == 0 ? 0
		                              : error_set(err, -ENOENT, ERROR_USAGE, "%s is no program that can be run: right is the path of %s",
		                                          TEXT(named), program);
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		slash[1] = '\0';
	for (size_t i = 0; slash && i < sizeof beside / sizeof *beside; i++) {
		(void)snprintf(path, sizeof path, "%s%s%s", self, beside[i], program);
		if (place(path, ret) == 0)
			return 0;
	}
	return error_set(err, -ENOENT, ERROR_USAGE, "there is no %s beside fqctl: right is its path on a file system that nodes have", program);
}
