/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LOOK: what the coordinator asks that belongs to no job: the time here, and whether a file can be opened. The file is opened as
 * one of a job is, proof of reading first, but aside of them (openers.h).
 */
#include <errno.h>
#include <string.h>

#include "conf/roots.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/message.h"

#define LINES_MS 10000 /* in so long not more than */
#define LINES_MOST 20  /* so many lines of the log, however much is asked */

/* What every answer holds. */
static fq_Looked answer_of(const struct worker *worker, uint32_t number)
{
	return (fq_Looked){.number = number, .clock_ms = clock_wall_ms(), .hung = (uint32_t)openers_hung(&worker->openers)};
}

static void send_failed(struct worker *worker, uint32_t number, int r, bool busy, bool unproven, const struct error *error)
{
	fq_Looked looked = answer_of(worker, number);

	looked.has_error = true;
	looked.error_number = -r;
	looked.busy = busy;
	looked.unproven = unproven;
	looked.error.class = error->class;
	(void)text_sentence(looked.error.text, sizeof looked.error.text, error->text);
	(void)uplink_send(worker->uplink, fq_Type_LOOKED, &looked); /* a failure ends the connection */
}

int take_look(struct worker *worker, const void *message, struct error *err)
{
	const fq_Look *look = message;
	struct open_request request;
	struct error error;
	int r;

	(void)err;
	if (!look->path[0]) {
		const fq_Looked looked = answer_of(worker, look->number);

		(void)uplink_send(worker->uplink, fq_Type_LOOKED, &looked); /* as above */
		return 0;
	}
	opener_request_init(&request, OPEN_FACTS, look->path);
	request.aside = true;
	request.file = look->number;
	request.connection = worker->connections;
	if (look->proof_wanted) {
		request.proof = (struct file_proof){.wanted = true, .size = look->size};
		memcpy(request.proof.key, look->proof_key.bytes, sizeof request.proof.key);
		memcpy(request.proof.proof, look->proof.bytes, sizeof request.proof.proof);
	}
	request.number = ++worker->requests;
	r = openers_ask(&worker->openers, &request, -1);
	if (r == -EBUSY)
		(void)error_set(&error, r, ERROR_TEMPORARY, "%s was not looked at: this node still looks at others that were asked for",
		                TEXT(look->path));
	else if (r < 0)
		(void)error_set(&error, r, ERROR_OS, "%s cannot be looked at: %s", TEXT(look->path), strerror(-r));
	if (r < 0)
		send_failed(worker, look->number, r, r == -EBUSY, false, &error);
	return 0;
}

static void log_answer(struct worker *worker, const struct open_request *request, const struct open_answer *answer)
{
	uint64_t left_out = 0;

	if (answer->r >= 0 || !rate_take(&worker->look_lines, clock_monotonic_ms(), LINES_MS, LINES_MOST, &left_out))
		return;
	if (left_out > 0)
		log_info("%llu other questions had no better answer", (unsigned long long)left_out);
	if (answer->unproven)
		log_info("asked for %s, of which nobody has shown that he can read it: %s", TEXT(request->path), answer->reason);
	else
		log_info("asked for %s", answer->error.text);
}

void look_answer(struct worker *worker, const struct open_request *request, const struct open_answer *answer)
{
	fq_Looked looked = answer_of(worker, request->file);

	if (request->connection != worker->connections)
		return; /* who asked was told that this node went away */
	log_answer(worker, request, answer);
	if (answer->r < 0) {
		send_failed(worker, request->file, answer->r, false, answer->unproven, &answer->error);
		return;
	}
	looked.size = answer->facts.fingerprint.size;
	looked.kind = (uint32_t)answer->facts.kind;
	looked.ends.size = sizeof answer->facts.fingerprint.ends;
	memcpy(looked.ends.bytes, answer->facts.fingerprint.ends, sizeof answer->facts.fingerprint.ends);
	(void)uplink_send(worker->uplink, fq_Type_LOOKED, &looked); /* as above */
}

void root_ask(struct worker *worker, size_t first)
{
	const struct conf_list *roots = &worker->settings->roots;

	for (size_t i = first; i < roots->n; i++) {
		struct open_request request;
		struct root root;
		char site[sizeof request.path];

		if (root_parse(roots->items[i], &root, NULL) < 0 || root.site_n >= sizeof site)
			continue;
		(void)snprintf(site, sizeof site, "%.*s", root.site_n ? (int)root.site_n : 1, root.site_n ? root.site : "/");
		opener_request_init(&request, OPEN_ROOT, site);
		request.file = (uint32_t)i;
		request.number = ++worker->requests;
		if (openers_ask(&worker->openers, &request, -1) == 0)
			return;
	}
}

void root_answer(struct worker *worker, const struct open_request *request, const struct open_answer *answer)
{
	if (answer->r == -ETIMEDOUT) {
		log_warning("the folder of the root %s does not answer, and the roots behind it were not looked at: look for storage that "
		            "hangs, 'findmnt -t nfs,nfs4,fuse'",
		            TEXT(request->path));
		return;
	}
	if (answer->r < 0)
		log_warning("nothing can be opened beneath %s; right are roots, in fqworkerd.conf, whose folders are there",
		            answer->error.text);
	root_ask(worker, request->file + 1);
}

void look_roots(const struct conf_list *roots, fq_Hello *hello)
{
	const size_t room = sizeof hello->roots / sizeof *hello->roots;

	hello->roots_n = (uint32_t)roots->n;
	for (size_t i = 0; i < roots->n && hello->roots_count < room; i++) {
		char *out = hello->roots[hello->roots_count];
		struct root root;

		if (root_parse(roots->items[i], &root, NULL) < 0 || root.site_n >= sizeof *hello->roots)
			continue; /* it is one of those that are not named */
		(void)snprintf(out, sizeof *hello->roots, "%.*s", root.site_n ? (int)root.site_n : 1, root.site_n ? root.site : "/");
		hello->roots_count++;
	}
}
