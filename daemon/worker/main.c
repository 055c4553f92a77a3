/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqworkerd: the worker. Its supervisor serves a coordinator; its children, which are the same program, open files and count. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/journal.h"
#include "daemon/own_key.h"
#include "daemon/own_place.h"
#include "daemon/worker/batch.h"
#include "daemon/worker/child.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/join.h"
#include "daemon/worker/opener.h"
#include "daemon/worker/opener_ipc.h"
#include "daemon/worker/worker.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

#define OWN_NAME "fqworkerd"
#define OWN_PROGRAM "/proc/self/exe" /* stays what it is when a package replaces the file */

static void on_stop(struct service *service, void *userdata)
{
	worker_stop(userdata);
}

static const struct service_callbacks callbacks = {.on_stop = on_stop};

static int work(struct service *service, struct worker *worker, const struct worker_settings *settings, struct error *err)
{
	int r = worker_init(worker, settings, service, OWN_PROGRAM, err);

	if (r == 0)
		r = service_run(service, err);
	if (r > 0 && worker->failure.class != ERROR_NONE) {
		*err = worker->failure;
		r = -EPERM;
	}
	worker_deinit(worker);
	return r;
}

static int serve(struct worker_settings *settings, struct error *err)
{
	struct worker worker = {0};
	struct service *service = NULL;
	_cleanup_(closep) int held = -1;
	int r;

	journal_open(OWN_NAME);
	r = settings->batch ? 0 : own_place_folder(settings->state, &held, err); /* jobs may share one */
	if (r < 0)
		return r;
	r = service_new(&callbacks, SERVICE_CHILDREN | (settings->batch ? SERVICE_ECHOES : 0), &worker, &service, err);
	if (r < 0)
		return r;
	if (settings->batch)
		r = batch_begin(settings, err);
	if (r == 0)
		r = work(service, &worker, settings, err);
	else if (r == BATCH_TOLD_TO_END)
		r = 0;
	if (settings->batch)
		batch_end(settings);
	service_free(service);
	return r;
}

static int run(struct worker_settings *settings, const struct conf_arguments *arguments,
               struct error *err)
{
	if (settings->verbose)
		log_set_level(LOG_DEBUG);
	if (settings->join)
		return join_coordinator(settings, arguments->rest[0], arguments->rest[1], err);
	if (settings->print_pin)
		return own_key_print_pin(settings->key, settings->state, err);
	return serve(settings, err);
}

int main(int argc, char **argv)
{
	_cleanup_(worker_settings_deinit) struct worker_settings settings = {0};
	_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
	struct error err = {0};
	int r;

	if (argc == 2 && strcmp(argv[1], CHILD_OPTION) == 0)
		return child_main();
	if (argc >= 2 && strcmp(argv[1], OPENER_OPTION) == 0)
		return opener_main(argc - 2, argv + 2);
	r = conf_start(&worker_program, argc, argv, &settings, &arguments, &err);
	if (r == CONF_EXIT_OK)
		return EXIT_SUCCESS;
	if (r == 0)
		r = run(&settings, &arguments, &err);
	if (r < 0) {
		journal_failed(OWN_NAME, &err);
		return (int)err.class;
	}
	return r;
}
