/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's start, its drain, its end, and joining. */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"

#define DRAIN_MARGIN 3 /* a slice must be done in the drain's time less a third of it */

uint64_t worker_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int paths_make(const struct worker_settings *settings, char **ret_known, char **ret_generation, struct error *err)
{
	char *known, *generation;

	if (asprintf(&known, "%s/known", settings->state) < 0)
		return error_oom(err);
	if (asprintf(&generation, "%s/generation", settings->state) < 0) {
		free(known);
		return error_oom(err);
	}
	*ret_known = known;
	*ret_generation = generation;
	return 0;
}

int worker_init(struct worker *worker, const struct worker_settings *settings, struct service *service, struct error *err)
{
	int r;

	*worker = (struct worker){.settings = settings, .service = service};
	r = paths_make(settings, &worker->known_path, &worker->generation_path, err);
	if (r == 0)
		r = roots_init(&worker->roots, &settings->roots, err);
	if (r == 0)
		r = slots_init(worker, err); /* before the key is read: children have none of it */
	if (r == 0 && (r = digest_random(worker->instance, sizeof worker->instance)) < 0)
		r = error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	if (r == 0)
		r = key_load(settings->key, &worker->key, err);
	if (r == -ENOENT)
		r = error_set(err, r, ERROR_CONFIG,
		              "this node has no key in %s; on the coordinator run 'fqctl token --role worker' and here "
		              "'fqworkerd --join %s TOKEN'",
		              TEXT(settings->key), settings->host.host);
	if (r == 0)
		r = tls_new(worker->key, &worker->tls, err);
	return r < 0 ? r : link_start(worker, err);
}

void worker_deinit(struct worker *worker)
{
	link_deinit(worker);
	slots_deinit(worker);
	worker->deadline = sd_event_source_disable_unref(worker->deadline);
	tls_free(worker->tls);
	key_free(worker->key);
	roots_deinit(&worker->roots);
	free(worker->known_path);
	free(worker->generation_path);
}

void worker_settle(struct worker *worker)
{
	uint32_t busy = slots_busy(worker);

	if (worker->welcome)
		service_status(worker->service, "%s to %s:%u, %u of %u slots busy",
		               worker->stopping ? "Draining, connected" : "Connected", worker->settings->host.host,
		               worker->settings->host.port, busy, worker->slots_n);
	if (!worker->stopping || busy > 0 || worker->waiting_n > 0 || worker->pending_n > 0)
		return;
	if (worker->peer)
		peer_end(worker->peer, "drained"); /* what is queued is sent; then on_end ends the loop */
	else
		service_exit(worker->service, EXIT_SUCCESS);
}

/* The drain's time is over: what is still counted goes back. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct worker *worker = userdata;

	(void)source;
	(void)usec;
	log_warning("the drain's time is over, %u slices go back", slots_busy(worker));
	slots_return(worker, 0);
	if (worker->peer)
		peer_end(worker->peer, "drained");
	else
		service_exit(worker->service, EXIT_SUCCESS);
	return 0;
}

void worker_stop(struct worker *worker)
{
	uint64_t time = worker->settings->drain_timeout_ms;
	const fq_Empty empty = {0};

	worker->stopping = true;
	log_info("draining: %u slices are being counted", slots_busy(worker));
	if (!worker->welcome) {
		service_exit(worker->service, EXIT_SUCCESS);
		return;
	}
	link_send(worker, fq_Type_DRAINING, &empty);
	slots_return(worker, time - time / DRAIN_MARGIN);
	if (sd_event_add_time_relative(service_event(worker->service), &worker->deadline, CLOCK_MONOTONIC, time * 1000, 0,
	                               on_deadline, worker) < 0)
		service_exit(worker->service, EXIT_SUCCESS);
	worker_settle(worker);
}

/* ---- joining */

/* Made by root for a service of another user: the files must be that user's. */
static void give_to_owner(const struct worker_settings *settings, const char *path)
{
	struct stat folder;

	if (geteuid() == 0 && stat(settings->state, &folder) == 0 && folder.st_uid != 0 &&
	    chown(path, folder.st_uid, folder.st_gid) < 0)
		log_warning("%s cannot be given to the owner of %s: %s", path, settings->state, strerror(errno));
}

int worker_join(const struct worker_settings *settings, const char *address, const char *token, struct error *err)
{
	_cleanup_(freep) char *known = NULL, *generation = NULL;
	char host[TEXT_HOST_MAX];
	struct key *key = NULL;
	fq_Role role;
	uint16_t port;
	bool made;
	int r;

	r = text_to_address(address, settings->port ? (uint16_t)settings->port : PORT_DEFAULT, host, &port, err);
	if (r == 0)
		r = paths_make(settings, &known, &generation, err);
	if (r == 0)
		r = key_load_or_make(settings->key, &key, &made, err);
	if (r < 0)
		return r;
	r = dial_join(host, port, token, key, settings->name, known, &role, err);
	key_free(key);
	if (r < 0)
		return r;
	give_to_owner(settings, settings->key);
	give_to_owner(settings, known);
	if (role != fq_Role_ROLE_WORKER)
		return error_set(err, -EINVAL, ERROR_CONFIG, "the token is not for a worker; make one by 'fqctl token --role worker'");
	(void)printf("Joined %s:%u as worker %s\n", host, port, settings->name);
	return 0;
}
