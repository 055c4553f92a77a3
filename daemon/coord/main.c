/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqcoordd: the coordinator. It cuts files into slices, hands them to workers, merges results; it never opens a FASTQ file. */
#include <malloc.h>
#include <stdlib.h>

#include "daemon/coord/copies.h"
#include "daemon/coord/server.h"
#include "daemon/events.h"
#include "daemon/journal.h"
#include "daemon/own_key.h"
#include "lib/base/log.h"

#define OWN_NAME "fqcoordd"

/* What it was started with: its file is looked at again on reload, so that a mistake is told before the next start fails by it. */
static int started_n;
static char **started;

static void look_at_configuration(void)
{
	struct coord_settings settings = {0};
	struct error error = {0};

	if (conf_start(&coord_program, started_n, started, &settings, NULL, &error) < 0)
		log_event(LOG_ERR, &(struct log_about){0}, "the configuration stays as it was at the start, and the next start would fail: %s",
		          error.text);
	coord_settings_deinit(&settings);
}

static void on_reload(struct service *service, void *userdata)
{
	struct error error;

	(void)service;
	look_at_configuration();
	if (server_reload(userdata, &error) < 0)
		log_event(LOG_ERR, &(struct log_about){.event = TOLD_KEYS_NOT_READ}, "the peers file stays as it was: %s", error.text);
	else
		log_event(LOG_INFO, &(struct log_about){.event = TOLD_KEYS_READ}, "read the peers file again; the configuration is read at a start");
}

static const struct service_callbacks callbacks = {.on_reload = on_reload};

static void tell_start(const struct server *server)
{
	const uint64_t generation = store_generation(server->store);

	log_event(LOG_INFO, &(struct log_about){.event = TOLD_COORDINATOR_STARTED, .generation = LOG_ID(generation)},
	          "the coordinator serves; this is its start %llu", (unsigned long long)generation);
}

static int serve(const struct coord_settings *settings, struct error *err)
{
	struct server server = {0};
	struct service *service = NULL;
	int r;

	journal_open(OWN_NAME);
	r = service_new(&callbacks, 0, &server, &service, err);
	if (r == 0) {
		r = server_init(&server, settings, service, err);
		if (r == 0) {
			service_ready(service, "waiting for workers");
			server_status(&server);
			tell_start(&server);
			r = service_run(service, err);
			if (r >= 0)
				log_event(LOG_INFO, &(struct log_about){.event = TOLD_COORDINATOR_ENDED}, "the coordinator ends");
		}
		server_deinit(&server);
	}
	service_free(service);
	return r;
}

static int run(const struct coord_settings *settings, struct error *err)
{
	if (settings->backup[0])
		return backup_command(settings, err);
	if (settings->restore[0])
		return restore_command(settings, err);
	if (settings->print_pin)
		return own_key_print_pin(settings->key, settings->state, err);
	return serve(settings, err);
}

/*
 * What is large comes from the kernel and goes back to it, whatever was freed before: glibc would keep results and counters of many
 * megabytes for later ones once some were freed. Of what is small so much stays: giving back and fetching the memory of each result's counters
 * was a third of the time that a slice cost.
 */
#define LARGE (1 << 20)
#define WARM (16 << 20)

int main(int argc, char **argv)
{
	struct coord_settings settings = {0};
	struct error error = {0};
	int r;

	started_n = argc;
	started = argv;
	(void)mallopt(M_MMAP_THRESHOLD, LARGE); /* these fail for no such numbers */
	(void)mallopt(M_TRIM_THRESHOLD, WARM);
	r = conf_start(&coord_program, argc, argv, &settings, NULL, &error);
	if (r == 0) {
		if (settings.verbose)
			log_set_level(LOG_DEBUG);
		r = run(&settings, &error);
	} else if (r == CONF_EXIT_OK) {
		r = 0;
	}
	coord_settings_deinit(&settings);
	if (r < 0) {
		journal_failed(OWN_NAME, &error);
		return (int)error.class;
	}
	return r;
}
