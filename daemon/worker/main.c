/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqworkerd: one a node; opens files for the coordinator and counts slices of them in warm children. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "lib/base/log.h"

static void on_stop(struct service *service, void *userdata)
{
	(void)service;
	worker_stop(userdata);
}

static const struct service_callbacks callbacks = {.on_stop = on_stop};

static int serve(const struct worker_settings *settings, struct error *err)
{
	struct worker worker = {0};
	struct service *service = NULL;
	int r;

	r = service_new(&callbacks, SERVICE_CHILDREN, &worker, &service, err);
	if (r < 0)
		return r;
	r = worker_init(&worker, settings, service, err);
	if (r == 0) {
		service_ready(service, "Looking for %s:%u", settings->host.host, settings->host.port);
		r = service_run(service, err);
	}
	worker_deinit(&worker);
	service_free(service);
	return r;
}

int main(int argc, char **argv)
{
	struct conf_arguments arguments = {0};
	struct worker_settings settings = {0};
	struct error error = {0};
	int r;

	if (argc == 3 && strcmp(argv[1], "--child") == 0) /* how slot.c starts its children */
		return child_main(atol(argv[2]));
	r = conf_start(&worker_program, argc, argv, &settings, &arguments, &error);
	if (r == 0) {
		if (settings.verbose)
			log_set_level(LOG_DEBUG);
		r = settings.join ? worker_join(&settings, arguments.rest[0], arguments.rest[1], &error) : serve(&settings, &error);
	} else if (r == CONF_EXIT_OK) {
		r = 0;
	}
	arguments_deinit(&arguments);
	worker_settings_deinit(&settings);
	if (r < 0) {
		(void)fprintf(stderr, "fqworkerd: %s\n", error.text);
		return (int)error.class;
	}
	return r;
}
