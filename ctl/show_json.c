/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl show --json: see show_json.h. */
#include "ctl/show_json.h"

#include <errno.h>
#include <stdlib.h>

#include "ctl/job.h"
#include "ctl/json.h"
#include "ctl/list.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/streams.h"
#include "lib/fastq/kind.h"
#include "lib/qc/counters.h"
#include "lib/qc/groups.h"
#include "lib/qc/rules.h"

struct printing {
	FILE *out;
	bool slices, job;  /* job: it was told */
	uint32_t files;    /* that were begun */
	uint64_t in_file;  /* slices that were printed of the last one */
};

static void put_number(FILE *out, const char *key, uint64_t number)
{
	(void)fprintf(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

static void put_text(FILE *out, const char *key, const char *text)
{
	(void)fprintf(out, ",\"%s\":", key);
	json_text(out, text);
}

static void put_when(FILE *out, const char *key, uint64_t ms)
{
	(void)fprintf(out, ",\"%s\":", key);
	json_time(out, ms);
}

/* Seconds from a to b, or null where one of them is not yet, or the clock was set back between. */
static void put_seconds(FILE *out, const char *key, uint64_t a, uint64_t b)
{
	if (a > 0 && b >= a)
		(void)fprintf(out, ",\"%s\":%llu.%03u", key, (unsigned long long)((b - a) / 1000), (unsigned)((b - a) % 1000));
	else
		(void)fprintf(out, ",\"%s\":null", key);
}

static void put_job(FILE *out, const fq_Job *job)
{
	const bool report = (job->modules & COUNT_REPORT) == COUNT_REPORT;
	struct error error;

	(void)fputs("{\"schema\":\"fqcluster.job/1\"", out);
	put_number(out, "id", job->job);
	put_text(out, "name", job->name);
	put_text(out, "user", job->owner);
	put_text(out, "state", job_told_name(job_told(job)));
	if (job_ended(job->state))
		(void)fprintf(out, ",\"exit_code\":%d", job_result(job, &error) < 0 ? (int)error.class : 0);
	else
		(void)fputs(",\"exit_code\":null", out);
	put_when(out, "submitted", job->submitted_ms);
	put_when(out, "started", job->started_ms);
	put_when(out, "ended", job->ended_ms);
	put_seconds(out, "wait_s", job->submitted_ms, job->started_ms);
	put_seconds(out, "elapsed_s", job->started_ms, job->ended_ms ? job->ended_ms : clock_wall_ms());
	put_text(out, "counts", report ? "report" : "means");
	put_text(out, "compat", report && job->compat > 0 ? compat_name((enum compat)(job->compat - 1)) : "");
	put_text(out, "profile", job->profile);
	put_text(out, "merge", merge_level_name((enum merge_level)job->merge));
	put_number(out, "files_done", job->files_done);
	put_number(out, "files_cached", job->cached < job->files ? job->cached : job->files);
	put_number(out, "bytes", job->bytes);
	put_number(out, "bytes_done", job->bytes_done);
	put_number(out, "reads", job->records);
	put_number(out, "bases", job->bases);
	put_number(out, "nodes", job->nodes);
	put_text(out, "nodelist", job->node_names);
	put_text(out, "reason", job->reason);
	put_text(out, "error", job->error.text);
	(void)fputs(",\"files\":[", out);
}

/* Up to where its slices would stand. */
static void put_file(FILE *out, const fq_File *file)
{
	static const char *const roles[] = {"file", "group", "second"};

	(void)fprintf(out, "{\"file\":%u", file->file);
	put_text(out, "role", file->role < sizeof roles / sizeof *roles ? roles[file->role] : "?");
	put_text(out, "path", file->path);
	put_text(out, "state", job_told_name(file->state));
	put_text(out, "kind", file->kind ? file_kind_name((enum file_kind)file->kind) : "");
	(void)fprintf(out, ",\"cached\":%s", file->cached ? "true" : "false");
	(void)fprintf(out, ",\"split\":%s", file->split ? "true" : "false");
	put_text(out, "way", file->way);
	put_number(out, "bytes", file->bytes);
	put_number(out, "bytes_done", file->bytes_done);
	put_number(out, "reads", file->records);
	put_number(out, "bases", file->bases);
	put_number(out, "slices", file->slices);
	put_number(out, "slices_done", file->slices_done);
	put_number(out, "slice_size", file->slice_size);
	put_number(out, "redone", file->redone);
	put_number(out, "again", file->again);
	put_number(out, "again_done", file->again_done);
	if (file->role == fq_FileRole_ROLE_GROUP) {
		put_number(out, "members", file->of);
		put_number(out, "first_member", file->member);
	} else if (file->role == fq_FileRole_ROLE_SECOND) {
		put_number(out, "group", file->of);
		put_number(out, "member", file->member);
	}
	put_text(out, "warning", file->warning);
	put_text(out, "error", file->error.text);
	put_number(out, "exit_code", file->error.class);
}

static void put_slice(FILE *out, const fq_Slice *slice)
{
	(void)fprintf(out, "{\"slice\":%llu", (unsigned long long)slice->slice);
	put_number(out, "begin", slice->begin);
	put_number(out, "end", slice->end);
	put_text(out, "state", slice->state);
	put_text(out, "node", slice->node);
	put_number(out, "reads", slice->records);
	put_number(out, "crashes", slice->crashes);
	put_number(out, "losses", slice->losses);
	(void)fputc('}', out);
}

static void end_file(struct printing *printing)
{
	if (printing->files > 0)
		(void)fputs(printing->slices ? "]}" : "}", printing->out);
}

static int put(void *data, uint16_t type, const void *message, struct error *err)
{
	struct printing *printing = data;

	if ((type == fq_Type_JOB) == printing->job) /* it is told first, and once */
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to SHOW out of order", message_name(type));
	switch (type) {
	case fq_Type_JOB:
		printing->job = true;
		put_job(printing->out, message);
		return 0;
	case fq_Type_FILE:
		end_file(printing);
		(void)fputs(printing->files++ ? "," : "", printing->out);
		put_file(printing->out, message);
		(void)fputs(printing->slices ? ",\"slice_list\":[" : "", printing->out);
		printing->in_file = 0;
		return 0;
	case fq_Type_SLICE:
		if (!printing->slices || printing->files == 0)
			return 0;
		(void)fputs(printing->in_file++ ? "," : "", printing->out);
		put_slice(printing->out, message);
		return 0;
	default:
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to SHOW", message_name(type));
	}
}

int show_json(const struct call *call, struct client *client, const fq_JobsRequest *request, bool slices, FILE *out, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	struct printing printing = {.slices = slices, .out = open_memstream(&text, &n)};
	int r, failed;

	if (!printing.out)
		return error_oom(err);
	r = list_ask(call, client, fq_Type_SHOW, request, put, &printing, err);
	if (r == 0 && !printing.job)
		r = error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator told no job");
	end_file(&printing);
	(void)fputs("]}\n", printing.out);
	failed = ferror(printing.out);
	if (fclose(printing.out) != 0 || failed)
		return r < 0 ? r : error_oom(err);
	if (r == 0 && fwrite(text, 1, n, out) != n)
		r = stdout_finish(err);
	return r;
}
