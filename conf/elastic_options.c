/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The group `elastic` of fqcoordd.conf: one row a key, in the order of the shipped file and the man page. */
#include "conf/elastic_settings.h"

#include <errno.h>

#include "conf/coord_settings.h"

#define FIELD(field) OPTION_FIELD(struct elastic_settings, field)

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)
#define WORKERS_MAX 10000

static const struct option_row rows[] = {
	{.key = "min", .type = OPTION_NUMBER, .largest = WORKERS_MAX, .unit = "workers",
	 .help = "So many workers are held even where nothing is to be counted.", FIELD(min)},
	{.key = "max", .type = OPTION_NUMBER, .largest = WORKERS_MAX, .unit = "workers",
	 .help = "Never more than so many, those that wait in Slurm's queue among them; 0 holds none and needs no Slurm.", FIELD(max)},
	{.key = "bytes_per_worker", .type = OPTION_SIZE, .default_text = "16G", .smallest = 1 << 20, .largest = UINT64_C(1) << 50,
	 .help = "A worker for each so many bytes of files that are still to be counted, and one at least while there is a job.",
	 FIELD(bytes_per_worker)},
	{.key = "idle", .type = OPTION_DURATION, .default_text = "5m", .smallest = SECOND, .largest = DAY,
	 .help = "A worker that is not needed is ended when it has had nothing to do, and fewer were needed, for so long.", FIELD(idle_ms)},
	{.key = "every", .type = OPTION_DURATION, .default_text = "15s", .smallest = 100, .largest = MINUTE,
	 .help = "How often the coordinator and Slurm are asked.", FIELD(every_ms)},
	{.key = "settle", .type = OPTION_DURATION, .default_text = "1m", .largest = 60 * MINUTE,
	 .help = "After its own start, and after an sbatch that failed, no workers are started for so long, since some may be on their way.",
	 FIELD(settle_ms)},
	{.key = "worker_keys", .type = OPTION_PATH,
	 .help = "Folder with key.pem and known of a worker that has joined, on a file system that Slurm's nodes have; needed.",
	 FIELD(worker_keys)},
	{.key = "address", .type = OPTION_ADDRESS, .port = 5381,
	 .help = "Where workers reach the coordinator, as in the file known; empty means this host's name and port 5381.",
	 FIELD(slurm.address)},
	{.key = "worker", .type = OPTION_PATH,
	 .help = "The program fqworkerd as Slurm's nodes find it; empty means the one beside fqctl.", FIELD(slurm.worker)},
	{.key = "folder", .type = OPTION_PATH,
	 .help = "Folder for the logs of workers, on a file system that Slurm's nodes have; empty means .fqcluster/slurm in the home of the "
	         "user who asks Slurm.",
	 FIELD(slurm.folder)},
	{.key = "partition", .type = OPTION_STRING, .largest = 256, .help = "Slurm's partition of the workers.", FIELD(slurm.partition)},
	{.key = "account", .type = OPTION_STRING, .largest = 256, .help = "Slurm's account that pays for them.", FIELD(slurm.account)},
	{.key = "qos", .type = OPTION_STRING, .largest = 256, .help = "Slurm's quality of service for them.", FIELD(slurm.qos)},
	{.key = "time", .type = OPTION_STRING, .largest = 64,
	 .help = "Longest time of a worker, as Slurm takes it: minutes, H:MM:SS or D-HH.", FIELD(slurm.time)},
	{.key = "cpus_per_task", .type = OPTION_NUMBER, .largest = 4096, .unit = "cores", .help = "Cores of a worker; 0 is Slurm's default.",
	 FIELD(slurm.cpus)},
	{.key = "mem", .type = OPTION_STRING, .largest = 64, .help = "Memory of a worker's node, as Slurm takes it.", FIELD(slurm.memory)},
	{.key = "sbatch", .type = OPTION_LIST, .help = "Further options for sbatch, as --constraint=NAME.", FIELD(slurm.sbatch)},
};

static int elastic_finish(struct conf *conf, struct error *err)
{
	struct elastic_settings *settings = conf->settings;

	if (settings->min > settings->max)
		return error_set(err, -EINVAL, ERROR_CONFIG, "elastic: min is above max: right is min at most max");
	if (settings->max > 0 && settings->worker_keys[0] == '\0')
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "elastic: worker_keys is not set: right is the state folder of a worker that has joined, for its key");
	/* One that is left alone, because nobody keeps it any more, gives its node back by itself, unless some are always held. */
	settings->slurm.idle_exit_ms = settings->min > 0 ? 0 : settings->idle_ms * 4;
	settings->slurm.workers = 1;
	return 0;
}

const struct option_table elastic_table = {
	.name = "elastic",
	.rows = rows,
	.n = sizeof rows / sizeof *rows,
	.settings_size = sizeof(struct elastic_settings),
	.finish = elastic_finish,
};

int elastic_load(const char *path, struct elastic_settings *settings, struct error *err)
{
	struct coord_settings others;
	struct conf conf, group;
	int r = conf_init(&group, &elastic_table, settings, err);

	if (r < 0)
		return r;
	r = conf_init(&conf, &coord_table, &others, err);
	if (r < 0)
		return r;
	conf.group = &group;
	r = conf_load_file(&conf, path, err);
	if (r == 0) {
		r = conf_finish(&group, err);
		if (r < 0)
			error_prefix(err, "%s: ", TEXT(path));
	}
	conf_deinit(&coord_table, &others);
	return r;
}

void elastic_settings_deinit(struct elastic_settings *settings)
{
	conf_deinit(&elastic_table, settings);
}
