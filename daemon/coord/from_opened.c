/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OPENED: what a worker says of a file that it was asked to open, with the result that is kept of it, as the event for the core. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/convert.h"
#include "daemon/coord/session.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"

/* A worker that was asked for a proof has compared the size; what it tells now is the size that the submitter read. */
static int check_size(const struct server *server, const fq_Opened *opened, const struct file_facts *facts, struct error *err)
{
	struct file_view view;

	if (!coord_find_file(server->coord, opened->job, opened->file, &view) || !view.row->proof.wanted ||
	    view.row->proof.size == facts->fingerprint.size)
		return 0;
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "it opened a file of %llu bytes, of which its submitter has read %llu",
	                 (unsigned long long)facts->fingerprint.size, (unsigned long long)view.row->proof.size);
}

/* What is kept of the file as it was counted so. 0, STORE_NONE (also where the job wants none), or negative with a sentence. */
static int find_way(struct server *server, const struct event *event, const struct counted_way *way, struct kept_row *ret,
                    struct error *err)
{
	uint8_t key[RESULT_KEY_SIZE];

	return coord_result_key_as(server->coord, event->opened.job, event->opened.file, &event->opened.facts, way, key)
	           ? store_find_kept(server->store, key, ret, err)
	           : STORE_NONE;
}

/* Means are in every report: in one by the rules that nobody has to ask for. */
static int find_report(struct server *server, const struct event *event, struct kept_row *ret, struct error *err)
{
	int r = STORE_NONE;

	for (enum compat compat = _COMPAT_MAX; r == STORE_NONE && compat-- > 0;) {
		struct packer packer = {0};
		struct count_rules rules;

		rules_default(&rules, compat);
		rules_pack(&rules, &packer);
		for (uint32_t kmers = 0; r == STORE_NONE && !packer.oom && kmers <= COUNT_KMERS; kmers += COUNT_KMERS)
			r = find_way(server, event, &(struct counted_way){COUNT_REPORT | kmers, packer.bytes, (uint32_t)packer.n}, ret, err);
		free(packer.bytes);
	}
	return r;
}

/* The job's own counts, or such as have more than it asks for: k-mers beside a report, a report instead of means. */
static int find_any(struct server *server, const struct event *event, struct kept_row *ret, struct error *err)
{
	const struct job_row *row = coord_find_row(server->coord, event->opened.job);
	struct counted_way way;
	int r;

	if (!row)
		return STORE_NONE;
	way = (struct counted_way){row->modules, row->rules, row->rules_n};
	r = find_way(server, event, &way, ret, err);
	if (row->files > row->inputs) /* with more in them its members make no group of what it asks for */
		return r;
	if (r == STORE_NONE && row->modules == COUNT_REPORT) {
		way.modules |= COUNT_KMERS;
		r = find_way(server, event, &way, ret, err);
	}
	if (r == STORE_NONE && (row->modules & ~COUNT_QUALITY_TABLE) == COUNT_MEAN)
		r = find_report(server, event, ret, err);
	return r;
}

/*
 * A result that an earlier job has left, or where slices begin: nothing else happens to the store before the core has said whether it is
 * used. Of a second count, which is no result of its file, only the latter.
 */
static int find_kept(struct server *server, struct event *event, struct error *err)
{
	uint8_t key[RESULT_KEY_SIZE];
	struct kept_row kept;
	int r = STORE_NONE;

	if (server->fallen || server->settings->cache_size == 0)
		return 0; /* none may be trusted */
	if (coord_result_key(server->coord, event->opened.job, event->opened.file, &event->opened.facts, key)) {
		r = find_any(server, event, &kept, err);
		server->cache_misses += r == STORE_NONE;
	}
	if (r == STORE_NONE && event->opened.facts.kind == FILE_GZIP &&
	    coord_content_key(server->coord, event->opened.job, event->opened.file, &event->opened.facts, key))
		r = store_find_seek(server->store, key, &event->opened.seek.id, &event->opened.seek.slice_size, err) < 0 ? -EIO : STORE_NONE;
	if (r == 0) {
		event->opened.kept.id = kept.id;
		event->opened.kept.records = kept.records;
		event->opened.kept.bases = kept.bases;
	}
	return r < 0 ? r : 0;
}

void from_opened(struct session *session, uint16_t tag, const void *message)
{
	const fq_Opened *opened = message;
	struct event event = {.kind = EVENT_OPENED, .peer = session->number};
	bool class_known = opened->error.class == ERROR_JOB ||
	                   (opened->error.class >= ERROR_USAGE && opened->error.class <= ERROR_CONFIG);
	struct error error;

	(void)tag;
	event.opened.job = opened->job;
	event.opened.file = opened->file;
	if (opened->has_error) {
		event.opened.error_number = opened->error_number;
		event.opened.unproven = opened->unproven;
		event.opened.error.class = class_known ? (enum error_class)opened->error.class : ERROR_NO_INPUT;
		(void)text_sentence(event.opened.error.text, sizeof event.opened.error.text, opened->error.text);
	} else if (facts_from_message(opened, &event.opened.facts, &error) < 0 ||
	           check_size(session->server, opened, &event.opened.facts, &error) < 0) {
		session_refuse(session, &error);
		return;
	} else if (find_kept(session->server, &event, &error) < 0) {
		(void)fall(session->server, &error);
		return;
	}
	drive(session->server, &event);
}
