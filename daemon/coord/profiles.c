/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Profiles of limits (lib/qc/profiles.h): those that this coordinator knows by name, of which SUBMIT takes one, and those that jobs were
 * submitted with, which stay with them. PROFILES tells of both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/qc/counters.h"

_Static_assert(JOB_PROFILE_MAX == PROFILE_SHOWN_MAX && sizeof((fq_Job){0}.profile) == PROFILE_SHOWN_MAX, "one size of names");
_Static_assert(sizeof((fq_Profile){0}.text.bytes) == PROFILE_TEXT_MAX, "one size of texts");

static void on_wrong(void *data, const struct error *error)
{
	(void)data;
	log_event(LOG_ERR, &(struct log_about){.event = TOLD_PROFILE_NOT_READ}, "a profile is left out, or stays as it was: %s", error->text);
}

void profiles_begin(struct server *server)
{
	struct error error;

	if (profiles_load(&server->profiles, server->settings->profiles, on_wrong, NULL, &error) < 0)
		on_wrong(NULL, &error);
}

int submit_profile(const struct session *session, struct job_row *row, struct error *err)
{
	const fq_Submit *submit = &session->submitting.message;
	const bool own = profile_is_own(submit->profile);
	const struct profile_entry *entry = profiles_find(&session->server->profiles, submit->profile);
	struct profile profile;
	int r;

	if (!submit->profile[0] && submit->profile_text.size == 0)
		return 0;
	if (!own && submit->profile_text.size > 0)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "a profile that comes with a job is called ./NAME, not '%s'",
		                 TEXT(submit->profile));
	if (!own && !entry)
		return profiles_unknown(&session->server->profiles, "this coordinator", submit->profile, err);
	row->limits = own ? submit->profile_text.bytes : (const uint8_t *)entry->text;
	row->limits_n = own ? submit->profile_text.size : (uint32_t)entry->n;
	(void)snprintf(row->profile, sizeof row->profile, "%s", submit->profile);
	r = profile_read(&profile, row->profile, (const char *)row->limits, row->limits_n, row->profile, err);
	if (r == 0 && (row->modules & COUNT_REPORT) == COUNT_REPORT && profile.limits.of[LIMIT_KMER].ignore <= 0)
		row->modules |= COUNT_KMERS;
	return r;
}

static void send(struct session *session, uint16_t tag, fq_Profile *message, const char *name, const char *source, const void *text,
                 size_t n)
{
	(void)snprintf(message->name, sizeof message->name, "%s", name);
	(void)snprintf(message->source, sizeof message->source, "%s", source);
	message->text.size = (pb_size_t)n;
	if (n > 0)
		memcpy(message->text.bytes, text, n);
	session_send(session, fq_Type_PROFILE, tag, message);
}

static int send_next(struct session *session, struct listing *listing, struct error *err)
{
	_cleanup_(freep) fq_Profile *message = calloc(1, sizeof *message);
	const struct profiles *profiles = &session->server->profiles;
	const struct profile_entry *entry;

	if (!message)
		return error_oom(err);
	if (listing->cursor >= profiles->n)
		return 1;
	entry = &profiles->items[listing->cursor++];
	send(session, listing->tag, message, entry->name, entry->source, entry->text, entry->n);
	return 0;
}

static int send_named(struct session *session, uint16_t tag, const char *name, struct error *err)
{
	_cleanup_(freep) fq_Profile *message = calloc(1, sizeof *message);
	const struct profile_entry *entry = profiles_find(&session->server->profiles, name);

	if (!message)
		return error_oom(err);
	if (!entry)
		return profiles_unknown(&session->server->profiles, "this coordinator", name, err);
	send(session, tag, message, entry->name, entry->source, entry->text, entry->n);
	return 0;
}

static int send_of_job(struct session *session, uint16_t tag, uint64_t job, struct error *err)
{
	_cleanup_(freep) fq_Profile *message = calloc(1, sizeof *message);
	struct job_row row;
	int r = message ? may_find(session, job, &row, err) : error_oom(err);

	if (r < 0)
		return r;
	if (!row.profile[0])
		return error_set(err, -ENOENT, ERROR_NO_INPUT, "job %llu was submitted without a profile", (unsigned long long)job);
	if (row.limits_n > PROFILE_TEXT_MAX)
		return error_set(err, -EUCLEAN, ERROR_SOFTWARE, "the profile of job %llu is larger than any may be", (unsigned long long)job);
	send(session, tag, message, row.profile, "", row.limits, row.limits_n);
	return 0;
}

void from_profiles(struct session *session, uint16_t tag, const void *message)
{
	const fq_ProfilesRequest *request = message;
	const struct listing listing = {.more = send_next, .tag = tag};
	struct error error;

	if (request->job > 0)
		listing_end(session, tag, send_of_job(session, tag, request->job, &error), &error);
	else if (request->name[0])
		listing_end(session, tag, send_named(session, tag, request->name, &error), &error);
	else
		listing_begin(session, &listing);
}
