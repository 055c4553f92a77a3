/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a hostile coordinator says: frames, the first of which should be WELCOME, into a worker's own supervisor over a socket pair.
 * Its slots and openers are there but do nothing: one slot counts slice 0 of job 1, which can be dropped; what is to be opened is
 * refused, as where all storage hangs. The first byte of an input is not used.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/worker/uplink_internal.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/wire/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TURNS_MAX 2000
#define PIECE 4096

static struct worker_settings settings;
static struct service *service;
static struct worker worker;
static char folder[64];

static void must(bool fact)
{
	if (!fact)
		abort();
}

static int clear_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)remove(path); /* it is in a temporary folder */
	return 0;
}

static void clear_all(void)
{
	(void)nftw(folder, clear_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void enrol(void)
{
	const uint8_t pin[PIN_SIZE] = {1};
	struct key *key = NULL;
	struct error err;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/key.pem", folder);
	must(key_load_or_make(path, &key, NULL, &err) == 0);
	key_free(key);
	(void)snprintf(path, sizeof path, "%s/known", folder);
	must(known_add(path, "127.0.0.1", 1, pin, &err) == 0);
}

/* The processes are ended, and their places taken by nobody. */
static void still_slots(void)
{
	for (size_t i = 0; i < worker.slots_begun; i++) {
		struct slot *slot = &worker.slots[i];

		slot->io = sd_event_source_disable_unref(slot->io);
		process_end(&slot->process);
	}
}

static void still_openers(void)
{
	struct opener *warm = &worker.openers.all[0];

	warm->io = sd_event_source_disable_unref(warm->io);
	process_end(&warm->process);
	for (size_t i = 0; i < OPENERS_MAX; i++)
		worker.openers.all[i].state = OPENER_HUNG;
	worker.openers.told = true;
}

static void prepare(void)
{
	static const struct service_callbacks callbacks = {0};
	const char *arguments[] = {"fqworkerd", "--config", "/dev/null", "--state", folder, "-h", "127.0.0.1:1", "-n", "2", "--name", "fuzz", NULL};
	struct error err;

	(void)snprintf(folder, sizeof folder, "%s/fqfuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(folder) != NULL && atexit(clear_all) == 0);
	enrol();
	must(conf_start(&worker_program, 11, (char **)arguments, &settings, NULL, &err) == 0);
	must(service_new(&callbacks, SERVICE_CHILDREN, NULL, &service, &err) == 0);
	log_set_level(LOG_EMERG);
	must(worker_init(&worker, &settings, service, "/bin/true", &err) == 0);
	still_slots();
	still_openers();
	worker.ready = true;
}

/* As if nothing had been; one slot is busy. */
static void begin(void)
{
	fq_Task *task = calloc(1, sizeof *task);
	const struct prior prior = PRIOR_UNKNOWN;
	const struct slice_task slice = {.end = 1000, .file_size = 1000};
	struct held_slice *held;

	must(task != NULL);
	held_clear(&worker.held);
	take_briefs_clear(&worker);
	worker.paused = worker.draining = worker.has_coordinator = false;
	worker.uplink->was_ever_up = true; /* else it ends where it is turned away */
	worker.uplink->refused = false;
	for (size_t i = 0; i < worker.slots_begun; i++)
		worker.slots[i].state = i == 0 ? SLOT_BUSY : SLOT_IDLE;
	task->has_ref = task->has_fingerprint = true;
	task->ref.job = 1;
	held = held_add(&worker.held, task, &slice, &prior, NULL);
	must(held != NULL);
	held_opening(&worker.held, held, ++worker.requests);
	held_open(&worker.held, held, open("/dev/null", O_RDONLY | O_CLOEXEC), &(struct fingerprint){.size = slice.file_size});
	held_begin(&worker.held, held, &worker.slots[0], worker_now_ms(&worker));
	free(task);
}

static bool turn(int fd)
{
	uint8_t bytes[65536];
	int r = sd_event_run(service_event(service), 0);

	must(r >= 0);
	while (recv(fd, bytes, sizeof bytes, 0) > 0)
		continue;
	(void)sd_event_source_set_enabled(worker.uplink->timer, SD_EVENT_OFF); /* nobody is dialled */
	return r > 0;
}

static void feed(int fd, const uint8_t *data, size_t size)
{
	int turns = 0;

	while (size > 0 && turns++ < TURNS_MAX) {
		ssize_t n = send(fd, data, size < PIECE ? size : PIECE, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			size -= (size_t)n;
		} else if (errno != EAGAIN) {
			break;
		}
		(void)turn(fd);
	}
	(void)shutdown(fd, SHUT_WR);
	while (turn(fd) && turns++ < TURNS_MAX)
		continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connection *connection;
	struct error err;
	int fds[2];

	if (size < 1)
		return 0;
	if (!service)
		prepare();
	begin();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	must(connection_new_plain(fds[1], &connection, &err) == 0 && uplink_greet(worker.uplink, connection, &err) == 0);
	feed(fds[0], data + 1, size - 1);
	closep(&fds[0]);
	worker.uplink->peer = peer_free(worker.uplink->peer);
	worker.uplink->state = UPLINK_WAITING;
	return 0;
}
