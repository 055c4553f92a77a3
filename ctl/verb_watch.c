/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl watch: a job for each FASTQ file below a folder as soon as it is complete, or with --merge for the files of each sample.
 *
 *     round: look (watch_find.c) -> submit what is complete, ask for open jobs (watch_jobs.c) -> write results (watch_out.c), tell -> wait
 *
 * It may be ended at any time: whoever watches again submits under the same uuids, which are the same jobs.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/given.h"
#include "ctl/watch_jobs.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define LOOK_MS 500 /* between two looks, whatever happens */

static const struct option_row watch_rows[] = {
	{.long_name = "outdir", .letter = 'o', .argument = "DIR", .type = OPTION_PATH,
	 .help = "Write the results below DIR, in folders as those of the files; otherwise none are written.",
	 OPTION_FIELD(struct watch_options, folder)},
	{.long_name = "after", .argument = "NAME", .type = OPTION_LIST,
	 .help = "Wait for a file of this name in the file's folder or above; may be given several times.",
	 OPTION_FIELD(struct watch_options, after)},
	{.long_name = "settle", .argument = "DURATION", .type = OPTION_DURATION, .default_text = "10s", .largest = 86400000,
	 .help = "A file is complete when it has not changed for so long.", OPTION_FIELD(struct watch_options, settle_ms)},
	{.long_name = "every", .argument = "DURATION", .type = OPTION_DURATION, .default_text = "30s", .smallest = 500,
	 .largest = 86400000, .help = "Look for files so often where the kernel tells of none, as on network file systems.",
	 OPTION_FIELD(struct watch_options, every_ms)},
	{.long_name = "merge", .argument = "LEVEL", .type = OPTION_CHOICE, .default_text = "none", .choices = "none|lane|sample|all",
	 .help = "Take the files of a sample in one folder as one job when all are complete, and count those that belong together as one, too; "
	         "all: all files of a folder.",
	 OPTION_FIELD(struct watch_options, merge)},
	{.long_name = "once", .type = OPTION_BOOL, .help = "Submit what is there now, and end.",
	 OPTION_FIELD(struct watch_options, once)},
	{.long_name = "lenient", .type = OPTION_BOOL,
	 .help = "Take records that FastQC takes: lengths may differ, any byte may stand in a line.",
	 OPTION_FIELD(struct watch_options, lenient)},
};

static int watch_finish(struct conf *conf, struct error *err)
{
	const struct watch_options *options = conf->settings;

	return given_name(CONF_SOURCE(conf, struct watch_options, folder), options->folder, "-o: the name of the folder", err);
}

static const struct option_table watch_table = {
	.name = "watch",
	.rows = watch_rows,
	.n = sizeof watch_rows / sizeof *watch_rows,
	.settings_size = sizeof(struct watch_options),
	.finish = watch_finish,
};

static volatile sig_atomic_t ended; /* a signal says so */

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

/* A signal that was ignored when fqctl began (nohup) stays so. */
static void signals_take(void)
{
	const int numbers[] = {SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = on_end, .sa_flags = SA_RESTART}, old;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
}

static void tell(void *data, const char *sentence)
{
	say(((struct watching *)data)->call, "%s", sentence);
}

static bool is_open(const struct watch_set *set)
{
	return set->n > 0 && set->files[0]->state == WATCH_OPEN;
}

/* Jobs of files that have changed since are nobody's any more. */
static void count_open(struct watching *watching)
{
	watching->open = 0;
	for (size_t i = 0; i < watching->tree.sets_n; i++)
		watching->open += is_open(&watching->tree.sets[i]);
}

static int look(struct watching *watching, struct error *err)
{
	uint64_t now = clock_monotonic_ms();
	int r;

	watching->looked_ms = now;
	(void)watch_events(&watching->tree);
	r = watch_find(&watching->tree, tell, watching, err);
	count_open(watching);
	return r;
}

/* With --once: nothing is left to be waited for. What goes on to change is told. */
static bool finished(struct watching *watching)
{
	bool late = clock_monotonic_ms() >= watching->begun_ms + watching->options->settle_ms + 4 * (uint64_t)LOOK_MS;

	if (!watching->options->once || watching->more || watching->open > 0 || (watching->due_ms != UINT64_MAX && !late))
		return false;
	for (size_t i = 0; i < watching->tree.n; i++)
		if (watching->tree.files[i]->state == WATCH_GROWS)
			say(watching->call, "%s is not complete yet: it was not submitted", TEXT(watching->tree.files[i]->path));
	return true;
}

/* Until something may have to be done. */
static void pause_until_due(struct watching *watching)
{
	uint64_t now = clock_monotonic_ms(), look_at = watching->looked_ms + watching->options->every_ms, until;
	struct pollfd events = {.fd = watching->tree.events, .events = POLLIN};
	struct timespec time;
	sigset_t held, before;

	if (watching->due_ms < look_at)
		look_at = watching->due_ms;
	until = look_at;
	if (watching->open > 0 && watching->asked_ms + WATCH_ASK_MS < until)
		until = watching->asked_ms + WATCH_ASK_MS;
	if (watching->more && watching->away)
		until = watching->tried_ms + WATCH_AWAY_MS;
	else if (watching->more && watching->open < WATCH_OPEN_MAX)
		until = now;
	if (now < watching->looked_ms + LOOK_MS)
		events.fd = -1; /* events wait for the next look */
	if (events.fd < 0 && watching->tree.events >= 0 && until > watching->looked_ms + LOOK_MS)
		until = watching->looked_ms + LOOK_MS;
	until = until > now ? until - now : 0;
	time = (struct timespec){.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000L};
	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	if (!ended)
		(void)ppoll(&events, 1, &time, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Whether it is time for a look. */
static bool look_due(const struct watching *watching)
{
	uint64_t now = clock_monotonic_ms();
	struct pollfd events = {.fd = watching->tree.events, .events = POLLIN};

	if (!watching->looked_ms)
		return true;
	if (now < watching->looked_ms + LOOK_MS && now < watching->due_ms)
		return false;
	return now >= watching->looked_ms + watching->options->every_ms || now >= watching->due_ms ||
	       poll(&events, 1, 0) > 0;
}

static void farewell(const struct watching *watching)
{
	char jobs[256] = "";
	size_t n = 0, told = 0;

	for (size_t i = 0; i < watching->tree.sets_n && n < sizeof jobs - 32; i++)
		if (is_open(&watching->tree.sets[i])) {
			n += (size_t)snprintf(jobs + n, sizeof jobs - n, " %llu", (unsigned long long)watching->tree.sets[i].files[0]->job);
			told++;
		}
	if (watching->open > 0)
		say(watching->call, "%zu job%s on:%s%s; watching again comes back to %s", watching->open,
		    watching->open == 1 ? " goes" : "s go", jobs, told < watching->open ? " ..." : "", watching->open == 1 ? "it" : "them");
	else
		say(watching->call, "no job goes on");
}

static int watch(struct watching *watching, struct error *err)
{
	int r = 0;

	watching->begun_ms = clock_monotonic_ms();
	watching->due_ms = UINT64_MAX;
	while (!ended) {
		bool looks = look_due(watching);

		r = looks ? look(watching, err) : 0;
		if (r == 0 && (looks || watching->more))
			r = watch_submit_some(watching, err);
		if (r == 0 && !ended)
			r = watch_ask_some(watching, err);
		if (r < 0)
			return r;
		if (finished(watching))
			return (int)watching->failures.class;
		pause_until_due(watching);
	}
	farewell(watching);
	return 0;
}

/* By what files are counted, and whose jobs they are. */
static int way_make(const struct watching *watching, uint8_t ret[DIGEST_SIZE], struct error *err)
{
	const struct call *call = watching->call;
	struct packer packer = {0};
	int r;

	pack_u64(&packer, output_modules(&call->output, &call->reporting));
	pack_u64(&packer, watching->options->lenient);
	pack_u64(&packer, getuid());
	if (watching->options->merge != MERGE_NONE)
		pack_u64(&packer, (uint64_t)watching->options->merge);
	rules_pack(&call->reporting.rules, &packer);
	if (call->reporting.asked[0]) {
		pack_bytes(&packer, call->reporting.asked, strlen(call->reporting.asked) + 1);
		pack_bytes(&packer, call->reporting.own.text, call->reporting.own.n);
	}
	r = packer.oom ? -ENOMEM : digest_sha256(packer.bytes, packer.n, NULL, 0, ret);
	free(packer.bytes);
	return r < 0 ? error_set(err, r, ERROR_OS, "no SHA-256: %s", strerror(-r)) : 0;
}

static int check(struct call *call, const struct watch_options *options, struct error *err)
{
	if (options->folder[0]) {
		int r = conf_replace(&call->output.folder, options->folder, err);

		if (r < 0)
			return r;
	}
	if (call->output.file[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "watch writes the results of many files: right is -o DIR");
	if (call->output.forms & OUTPUT_SET(OUTPUT_TSV))
		return error_set(err, -EINVAL, ERROR_USAGE, "--as tsv is one table of all files, and watch knows no end: 'fqctl fetch --as tsv' of "
		                                            "the jobs writes it");
	if (call->reporting.fail_on)
		return error_set(err, -EINVAL, ERROR_USAGE, "watch has no --fail-on; 'fqctl fetch --fail-on' of a job has");
	if (call->reporting.shown.name)
		return error_set(err, -EINVAL, ERROR_USAGE, "--sample names one file, and watch takes many");
	return call->output.folder[0] ? output_check(&call->output, &call->reporting, NULL, 0, err) : 0;
}

static int run(struct call *call, struct error *err)
{
	const struct watch_options *options = call->options;
	struct watching watching = {.call = call, .options = options, .tree = {.events = -1}, .ended = &ended};
	char root[PATH_MAX];
	struct stat st;
	int r = check(call, options, err);

	if (r < 0)
		return r;
	if (!realpath(call->arguments[0], root) || stat(root, &st) < 0)
		return error_set(err, -errno, ERROR_NO_INPUT, "the folder %s cannot be watched: %s", TEXT(call->arguments[0]),
		                 strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(err, -ENOTDIR, ERROR_NO_INPUT, "%s is no folder; files are submitted by 'fqctl submit'",
		                 TEXT(call->arguments[0]));
	call->output.run = NULL; /* nothing is said of all files together */
	signals_take();
	r = watch_tree_init(&watching.tree, root, &options->after, options->settle_ms, options->merge, err);
	if (r == 0)
		r = way_make(&watching, watching.tree.way, err);
	if (r == 0)
		r = watch_out_init(&watching.out, call, root, err);
	if (r == 0)
		r = watch_reach(&watching, err);
	if (r >= 0)
		r = watch(&watching, err);
	client_close(&watching.client);
	watch_out_deinit(&watching.out);
	watch_tree_deinit(&watching.tree);
	return r;
}

const struct verb verb_watch = {
	.name = "watch",
	.arguments = "DIR",
	.arguments_min = 1,
	.arguments_max = 1,
	.help = "Submit each FASTQ file below a folder once it is complete.",
	.detail = "Files named .fastq, .fq, .fastq.gz or .fq.gz, in DIR and its folders. One is complete when a CopyComplete.txt or "
	          "RTAComplete.txt (--after) newer than it is in its folder or above, or else when it has not changed for --settle. "
	          "A line a file is printed when its job has ended: id, path, state, with tabs between; a line a group, too. With --merge a "
	          "sample whose files came at different times is one job once each of them is complete, and another one where a further "
	          "file comes later. Watching again submits nothing twice.",
	.example = "fqctl watch -h coord --merge sample -o reports/ --once --settle 1s run42/",
	.forms = OUTPUT_SET(OUTPUT_FASTQC),
	.counts = true,
	.table = &watch_table,
	.run = run,
};
