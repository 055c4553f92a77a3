/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection to the coordinator: dialled for ever with growing, random pauses; HELLO says what is still held here.
 *
 * Counting goes on while there is no connection. A refusal at the very first connection ends the program with its
 * sentence (the key is not enrolled, or the coordinator is another one); later it is logged and tried again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/worker/worker.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"
#include "lib/wire/dial.h"
#include "lib/wire/durable.h"
#include "lib/wire/trust.h"

#define PAUSE_FIRST_MS 100
#define CONNECT_MS 5000
#define HELD_MAX (sizeof((fq_Hello){0}.held) / sizeof *(fq_Hello){0}.held)

static void redial_later(struct worker *worker)
{
	uint64_t random = 0, pause = worker->pause_ms;

	(void)digest_random(&random, sizeof random); /* without it, no jitter */
	worker->pause_ms = pause * 2 > worker->settings->reconnect_max_ms ? worker->settings->reconnect_max_ms : pause * 2;
	if (sd_event_source_set_time_relative(worker->redial, (PAUSE_FIRST_MS / 4 + random % pause) * 1000) < 0 ||
	    sd_event_source_set_enabled(worker->redial, SD_EVENT_ONESHOT) < 0)
		log_error("a timer cannot be set");
}

/* There is no connection, for this reason. */
static void link_failed(struct worker *worker, const struct error *error)
{
	worker->welcome = false;
	if (!worker->outage_said) {
		log_warning("%s; trying again until it works", error->text);
		worker->outage_said = true;
	}
	service_status(worker->service, "Looking for %s:%u: %.150s", worker->settings->host.host, worker->settings->host.port,
	               error->text);
	if (worker->stopping)
		service_exit(worker->service, EXIT_SUCCESS);
	else
		redial_later(worker);
}

void link_send(struct worker *worker, uint16_t type, const void *message)
{
	if (worker->peer && worker->welcome)
		(void)peer_send(worker->peer, type, 0, message); /* a peer that does not read ends by itself */
}

void link_result(struct worker *worker, const struct pending *pending)
{
	uint8_t *copy = NULL;

	if (!worker->peer || !worker->welcome)
		return;
	if (pending->message.blob_bytes == 0) {
		(void)peer_send(worker->peer, fq_Type_RESULT, 0, &pending->message);
		return;
	}
	copy = malloc(pending->message.blob_bytes);
	if (!copy)
		return; /* it is held still: a later connection may have the memory */
	memcpy(copy, pending->counters, pending->message.blob_bytes);
	(void)peer_send_blob(worker->peer, fq_Type_RESULT, 0, &pending->message, copy, pending->message.blob_bytes);
}

/* ---- greeting */

static void on_ready(struct peer *peer, void *userdata)
{
	struct worker *worker = userdata;
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);

	if (!hello) {
		peer_end(peer, "out of memory");
		return;
	}
	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = PROTO_VERSION;
	hello->role = fq_Role_ROLE_WORKER;
	(void)snprintf(hello->name, sizeof hello->name, "%s", worker->settings->name);
	(void)snprintf(hello->version, sizeof hello->version, "%s", PACKAGE_VERSION);
	memcpy(hello->instance, worker->instance, sizeof hello->instance);
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = worker->slots_n;
	hello->generation_seen = worker->generation;
	hello->draining = worker->stopping;
	for (uint32_t i = 0; i < worker->slots_n && hello->held_count < HELD_MAX; i++)
		if (worker->slots[i].busy && !worker->slots[i].dropped)
			hello->held[hello->held_count++] = worker->slots[i].work.ref;
	for (uint32_t i = 0; i < worker->waiting_n && hello->held_count < HELD_MAX; i++)
		hello->held[hello->held_count++] = worker->waiting[i].ref;
	for (uint32_t i = 0; i < worker->pending_n && hello->held_count < HELD_MAX; i++)
		hello->held[hello->held_count++] = worker->pending[i].message.ref;
	(void)peer_send(peer, fq_Type_HELLO, 1, hello);
}

/* Remembers the highest start of this coordinator; an older one must not steer. */
static int generation_check(struct worker *worker, const fq_Welcome *welcome, struct error *err)
{
	char text[64 + 2 * sizeof worker->coordinator], uuid[2 * sizeof worker->coordinator + 1];
	bool same = memcmp(worker->coordinator, welcome->coordinator, sizeof worker->coordinator) == 0;

	if (same && welcome->generation < worker->generation)
		return error_set(err, -ESTALE, ERROR_DENIED,
		                 "the coordinator is at start %llu, but start %llu of it was seen: its state was put back, or a "
		                 "second one runs",
		                 (unsigned long long)welcome->generation, (unsigned long long)worker->generation);
	if (same && welcome->generation == worker->generation)
		return 0;
	memcpy(worker->coordinator, welcome->coordinator, sizeof worker->coordinator);
	worker->generation = welcome->generation;
	(void)snprintf(text, sizeof text, "%s %llu\n", text_hex(uuid, worker->coordinator, sizeof worker->coordinator),
	               (unsigned long long)worker->generation);
	return durable_write(worker->generation_path, text, strlen(text), 0600, true, err);
}

static int generation_load(struct worker *worker, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	char *space;
	size_t n;
	int r;

	r = durable_read(worker->generation_path, 256, &text, &n, err);
	if (r != 0)
		return r < 0 ? r : 0;
	space = strchr(text, ' ');
	if (space) {
		*space = '\0';
		space[1 + strcspn(space + 1, "\n")] = '\0';
	}
	if (!space || text_unhex(text, worker->coordinator, sizeof worker->coordinator) < 0 ||
	    text_to_number(space + 1, &worker->generation) < 0)
		return error_set(err, -EBADMSG, ERROR_CONFIG, "%s is damaged; it can be removed", worker->generation_path);
	return 0;
}

static void greeted(struct worker *worker, const fq_Welcome *welcome)
{
	const fq_Empty empty = {0};
	struct error error;

	if (generation_check(worker, welcome, &error) < 0) {
		log_error("%s", error.text);
		peer_end(worker->peer, error.text);
		return;
	}
	peer_set_times(worker->peer, welcome->ping_ms, welcome->dead_ms);
	worker->welcome = worker->ever = true;
	worker->outage_said = false;
	worker->pause_ms = PAUSE_FIRST_MS;
	log_info("connected to %s:%u, start %llu of fqcoordd %s", worker->settings->host.host, worker->settings->host.port,
	         (unsigned long long)welcome->generation, welcome->version);
	for (size_t i = 0; i < welcome->drop_count; i++)
		slots_drop(worker, &welcome->drop[i]);
	for (uint32_t i = 0; i < worker->pending_n; i++)
		link_result(worker, &worker->pending[i]);
	if (worker->stopping)
		link_send(worker, fq_Type_DRAINING, &empty);
	worker_settle(worker);
}

/* ---- what the coordinator asks */

static void on_open(struct worker *worker, const fq_Open *open)
{
	fq_Opened opened = {.job = open->job, .file = open->file};
	_cleanup_(closep) int fd = -1;
	struct file_facts facts;
	struct error error;
	int r;

	r = roots_open(&worker->roots, open->path, &fd, &error);
	if (r == 0) {
		r = file_facts_take(fd, &facts, &error);
		if (r < 0)
			error_prefix(&error, "%s ", TEXT(open->path));
	}
	if (r < 0) {
		opened.has_error = true;
		opened.error.class = (uint32_t)error.class;
		(void)snprintf(opened.error.text, sizeof opened.error.text, "%s", error.text);
		opened.error_number = -r;
	} else {
		facts_to_message(&facts, &opened);
	}
	link_send(worker, fq_Type_OPENED, &opened);
}

static void task_failed(struct worker *worker, const fq_SliceRef *ref, int r, const struct error *error)
{
	fq_IoError message = {.has_ref = true, .ref = *ref, .error_number = -r};

	(void)snprintf(message.text, sizeof message.text, "%s", error->text);
	link_send(worker, fq_Type_IO_ERROR, &message);
}

/* Another file lies there than the one that was planned. */
static void task_changed(struct worker *worker, const fq_Task *task)
{
	const struct slice_fault fault = {.kind = FAULT_CHANGED};
	fq_Result message = {
		.has_ref = true,
		.ref = task->ref,
		.outcome = SLICE_FAULT,
		.start_known = task->start_known,
		.has_start = true,
		.start = task->start,
		.has_seam = true,
		.has_fault = true,
	};

	fault_to_message(&fault, &message.fault);
	link_send(worker, fq_Type_RESULT, &message);
}

static void on_task(struct worker *worker, const fq_Task *task)
{
	struct work work = {.ref = task->ref, .fd = -1, .task = {.modules = task->modules}};
	_cleanup_(closep) int fd = -1;
	struct fingerprint now;
	struct error error;
	int r;

	r = task_from_message(task, worker->settings->read_max, &work.task.task, &error);
	if (r < 0 || task->algorithm != COUNTERS_ALGORITHM) {
		log_error("the coordinator gave a task that makes no sense");
		peer_end(worker->peer, "a task makes no sense");
		return;
	}
	fingerprint_from_message(&task->fingerprint, &work.task.fingerprint);
	r = roots_open(&worker->roots, task->path, &fd, &error);
	if (r == 0)
		r = fingerprint_take(fd, &now, &error);
	if (r < 0) {
		task_failed(worker, &task->ref, r, &error);
		return;
	}
	if (!fingerprint_equal(&now, &work.task.fingerprint)) {
		task_changed(worker, task);
		return;
	}
	work.fd = take_fd(&fd);
	slots_take(worker, &work);
}

static void on_resume(struct worker *worker)
{
	const fq_Empty empty = {0};

	if (worker->stopping)
		link_send(worker, fq_Type_DRAINING, &empty);
	else
		log_info("takes slices again");
}

static void on_error_message(struct worker *worker, const fq_Error *message)
{
	struct error error;

	(void)error_set(&error, 0, message->class ? (enum error_class)message->class : ERROR_PROTOCOL, "%s",
	                TEXT(message->text));
	log_error("the coordinator says: %s", error.text);
	if (worker->ever || error.class == ERROR_TEMPORARY || error.class == ERROR_UNAVAILABLE)
		return; /* the connection ends now, and is dialled again */
	service_exit(worker->service, (int)error.class);
}

static void handle(struct worker *worker, uint16_t type, const void *message)
{
	switch (type) {
	case fq_Type_WELCOME:
		greeted(worker, message);
		break;
	case fq_Type_ERROR:
		on_error_message(worker, message);
		break;
	case fq_Type_OPEN:
		on_open(worker, message);
		break;
	case fq_Type_TASK:
		on_task(worker, message);
		break;
	case fq_Type_RESULT_ACK:
		pending_done(worker, &((const fq_Ref *)message)->ref);
		worker_settle(worker);
		break;
	case fq_Type_DROP:
		slots_drop(worker, &((const fq_Ref *)message)->ref);
		worker_settle(worker);
		break;
	case fq_Type_DRAIN:
		log_info("is drained: takes no new slices");
		break;
	case fq_Type_RESUME:
		on_resume(worker);
		break;
	default:
		log_warning("the coordinator sent %s, which is not for a worker", message_name(type));
		peer_end(worker->peer, "not for a worker");
	}
}

static void on_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct worker *worker = userdata;
	_cleanup_(freep) void *message = malloc(message_struct_size_largest());
	struct error error;

	if (!message)
		(void)error_oom(&error);
	else if (frame->type == fq_Type_DATA || (!worker->welcome && frame->type != fq_Type_WELCOME && frame->type != fq_Type_ERROR))
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "%s comes at a wrong time", message_name(frame->type));
	else if (message_decode(frame->type, frame->payload, frame->n, message, &error) == 0) {
		handle(worker, frame->type, message);
		return;
	}
	log_error("%s", error.text);
	peer_end(peer, error.text);
}

static void on_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct worker *worker = userdata;
	struct error error = *err;

	worker->peer = peer_free(peer);
	if (r == -EKEYREJECTED && !worker->ever) {
		log_error("%s", err->text);
		service_exit(worker->service, ERROR_DENIED);
		return;
	}
	if (worker->welcome)
		(void)error_set(&error, r, ERROR_UNAVAILABLE, "connection to %s:%u lost: %.200s", worker->settings->host.host,
		                worker->settings->host.port, err->text);
	link_failed(worker, &error);
}

static const struct peer_callbacks callbacks = {.on_ready = on_ready, .on_frame = on_frame, .on_end = on_end};

/* ---- dialling */

static int dial(struct worker *worker, struct error *err)
{
	const struct conf_address *host = &worker->settings->host;
	struct connection *connection;
	uint8_t pin[PIN_SIZE];
	int fd, r;

	r = known_find(worker->known_path, host->host, host->port, pin, err);
	if (r < 0)
		return r;
	if (r > 0)
		return error_set(err, -ENOKEY, ERROR_DENIED,
		                 "this node is not enrolled with %s:%u; on the coordinator run 'fqctl token --role worker' and here "
		                 "'fqworkerd --join %s TOKEN'",
		                 host->host, host->port, host->host);
	r = dial_tcp(host->host, host->port, CONNECT_MS, &fd, err);
	if (r == 0)
		r = connection_new_client(worker->tls, fd, pin, &connection, err);
	if (r == 0)
		r = peer_new(service_event(worker->service), connection, &callbacks, 1000, CONNECT_MS, worker, &worker->peer, err);
	return r;
}

static int on_redial(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct worker *worker = userdata;
	struct error error;

	(void)source;
	(void)usec;
	if (!worker->peer && dial(worker, &error) < 0)
		link_failed(worker, &error);
	return 0;
}

int link_start(struct worker *worker, struct error *err)
{
	int r = generation_load(worker, err);

	worker->pause_ms = PAUSE_FIRST_MS;
	if (r == 0) {
		r = sd_event_add_time_relative(service_event(worker->service), &worker->redial, CLOCK_MONOTONIC, 0, 0, on_redial,
		                               worker);
		if (r < 0)
			return error_set(err, r, ERROR_OS, "timer: %s", strerror(-r));
		(void)sd_event_source_set_enabled(worker->redial, SD_EVENT_OFF);
		r = dial(worker, err);
	}
	if (r < 0 && (err->class == ERROR_UNAVAILABLE || err->class == ERROR_NO_HOST || err->class == ERROR_TEMPORARY)) {
		link_failed(worker, err);
		return 0;
	}
	return r;
}

void link_deinit(struct worker *worker)
{
	worker->peer = peer_free(worker->peer);
	worker->redial = sd_event_source_disable_unref(worker->redial);
}
