/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What openers are asked, and what follows from their answers. */
#include <errno.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/events.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* ---- asking ---- */

static int ask(struct worker *worker, struct open_request *request, int file, struct error *err)
{
	int r;

	request->number = ++worker->requests;
	r = openers_ask(&worker->openers, request, file);
	return r < 0 ? error_set(err, r, ERROR_OS, "%s cannot be opened: %s", TEXT(request->path), strerror(-r)) : 0;
}

static void send_opened(struct worker *worker, uint64_t job, uint32_t file, int r, bool unproven, const struct file_facts *facts,
                        const struct error *error)
{
	fq_Opened opened = {.job = job, .file = file};

	if (r < 0) {
		opened.has_error = true;
		opened.error_number = -r;
		opened.unproven = unproven;
		opened.error.class = error->class;
		(void)text_escape(opened.error.text, sizeof opened.error.text, error->text);
	} else {
		facts_to_message(facts, &opened);
	}
	(void)uplink_send(worker->uplink, fq_Type_OPENED, &opened); /* a failure ends the connection */
}

void give_facts(struct worker *worker, const fq_Open *open)
{
	struct open_request request;
	struct error error;
	int r;

	opener_request_init(&request, OPEN_FACTS, open->path);
	request.job = open->job;
	request.file = open->file;
	request.connection = worker->connections;
	if (open->proof_wanted) {
		request.proof = (struct file_proof){.wanted = true, .size = open->size};
		memcpy(request.proof.key, open->proof_key.bytes, sizeof request.proof.key);
		memcpy(request.proof.proof, open->proof.bytes, sizeof request.proof.proof);
	}
	r = ask(worker, &request, -1, &error);
	if (r < 0)
		send_opened(worker, open->job, open->file, r, false, NULL, &error);
}

void give_opening(struct worker *worker, struct held_slice *slice)
{
	struct open_request request;
	struct error error;
	int r;

	opener_request_init(&request, OPEN_SLICE, slice->task.path);
	request.job = slice->task.ref.job;
	request.file = slice->task.ref.file;
	fingerprint_from_message(&slice->task.fingerprint, &request.planned);
	r = ask(worker, &request, -1, &error);
	if (r < 0)
		give_io_error(worker, slice, -r, error.text);
	else
		held_opening(&worker->held, slice, request.number);
}

void give_check(struct worker *worker, struct held_slice *slice, const fq_Result *result, uint8_t *blob, size_t n)
{
	struct open_request request;
	struct error error;
	int r;

	opener_request_init(&request, OPEN_CHECK, slice->task.path);
	request.job = slice->task.ref.job;
	request.file = slice->task.ref.file;
	request.planned = slice->opened;
	r = ask(worker, &request, slice->file, &error);
	held_check(&worker->held, slice, request.number, result, blob, n);
	if (r < 0)
		give_io_error(worker, slice, -r, error.text);
}

/* ---- answers ---- */

#define LINES_MS 60000
#define LINES_MOST 32 /* about files that could not be opened, in LINES_MS */

/* A job may have thousands of files that this node does not see. */
static void tell_unopened(struct worker *worker, const struct open_request *request, const struct open_answer *answer)
{
	const struct log_about about = {
		.event = TOLD_FILE_NOT_OPENED, .job = LOG_ID(request->job), .file = LOG_ID(request->file), .path = request->path};
	const int level = answer->unproven ? LOG_NOTICE : LOG_INFO;
	uint64_t left_out;

	if (!log_wanted(level) || !rate_take(&worker->unopened_lines, worker_now_ms(worker), LINES_MS, LINES_MOST, &left_out))
		return;
	if (left_out > 0)
		log_line(level, "%llu lines about files that could not be opened were left out", (unsigned long long)left_out);
	if (answer->unproven)
		log_event(level, &about,
		          "job %llu: %s: nobody has shown that he can read it: %s", (unsigned long long)request->job, TEXT(request->path),
		          answer->reason);
	else
		log_event(level, &about, "job %llu: %s", (unsigned long long)request->job, answer->error.text);
}

static void take_facts(struct worker *worker, const struct open_request *request, const struct open_answer *answer)
{
	if (request->connection != worker->connections)
		return; /* who wanted to know asks again */
	if (answer->r < 0)
		tell_unopened(worker, request, answer);
	send_opened(worker, request->job, request->file, answer->r, answer->unproven, &answer->facts, &answer->error);
}

static void take_slice(struct worker *worker, struct held_slice *slice, const struct open_answer *answer, int *fd)
{
	if (answer->r == OPEN_CHANGED)
		give_changed(worker, slice);
	else if (answer->r < 0)
		give_io_error(worker, slice, -answer->r, answer->error.text);
	else
		held_open(&worker->held, slice, take_fd(fd), &answer->facts.fingerprint);
}

bool give_reopen(struct worker *worker, struct held_slice *slice)
{
	const struct log_about about = about_held(TOLD_SLICE_STALE, slice);

	if (slice->reopened)
		return false;
	log_event(LOG_NOTICE, &about,
	          "job %llu: the handle of %s is stale; it is opened and counted again", (unsigned long long)slice->task.ref.job,
	          TEXT(slice->task.path));
	slice->reopened = true;
	held_wait(&worker->held, slice);
	return true;
}

static void take_check(struct worker *worker, struct held_slice *slice, const struct open_answer *answer)
{
	if (answer->r == OPEN_CHANGED)
		give_changed(worker, slice);
	else if (answer->r == 0)
		give_counted(worker, slice);
	else if (answer->r != -ESTALE || !give_reopen(worker, slice))
		give_io_error(worker, slice, -answer->r, answer->error.text);
}

void give_answer(const struct open_request *request, const struct open_answer *answer, int fd, void *userdata)
{
	struct worker *worker = userdata;
	struct held_slice *slice = held_of_request(&worker->held, request->number);
	_cleanup_(closep) int file = fd;

	if (request->kind == OPEN_ROOT)
		root_answer(worker, request, answer);
	else if (request->kind == OPEN_FACTS && request->aside)
		look_answer(worker, request, answer);
	else if (request->kind == OPEN_FACTS)
		take_facts(worker, request, answer);
	else if (slice && slice->state == HELD_OPENING)
		take_slice(worker, slice, answer, &file);
	else if (slice)
		take_check(worker, slice, answer);
	give_slots(worker);
	give_results(worker);
	worker_changed(worker);
	drain_step(worker);
}
