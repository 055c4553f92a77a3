/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Slurm says of our jobs, and what is said to it of them: see slurm.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/slurm/slurm.h"
#include "lib/base/cleanup.h"

#define ASK_MS 30000
#define FIELDS 8
#define PREFIX SLURM_NAME ":"

/* Array, task, state, node, time left, reason, name, comment: what may have a bar in it comes last. */
#define FORMAT "%F|%K|%T|%N|%L|%r|%j|%k"

void slurm_comment(char ret[SLURM_COMMENT_MAX], const char *host, uint16_t port, const char *id)
{
	(void)snprintf(ret, SLURM_COMMENT_MAX, PREFIX "%s:%u:%s", host, port, id);
}

bool slurm_id_valid(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n < SLURM_ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

bool slurm_comment_parse(const char *text, char ret_host[TEXT_HOST_MAX], uint16_t *ret_port, char ret_id[SLURM_ID_MAX])
{
	char copy[SLURM_COMMENT_MAX], *id, *port;
	uint64_t number;
	size_t n = strlen(text);

	if (n >= sizeof copy || strncmp(text, PREFIX, sizeof PREFIX - 1) != 0)
		return false;
	memcpy(copy, text, n + 1);
	id = strrchr(copy, ':');
	*id++ = '\0';
	port = strrchr(copy, ':');
	if (!port || port < copy + sizeof PREFIX - 1 || !slurm_id_valid(id))
		return false;
	*port++ = '\0';
	if (text_to_number(port, &number) < 0 || number == 0 || number > UINT16_MAX)
		return false;
	n = strlen(copy + sizeof PREFIX - 1);
	if (n == 0 || n >= TEXT_HOST_MAX)
		return false;
	memcpy(ret_host, copy + sizeof PREFIX - 1, n + 1);
	*ret_port = (uint16_t)number;
	memcpy(ret_id, id, strlen(id) + 1);
	return true;
}

bool slurm_is_pending(const struct slurm_job *job)
{
	return strcmp(job->state, "PENDING") == 0;
}

const char *slurm_number(const struct slurm_job *job, char out[SLURM_NUMBER_MAX])
{
	(void)snprintf(out, SLURM_NUMBER_MAX, "%llu_%u", (unsigned long long)job->array, job->task);
	return out;
}

void slurm_jobs_deinit(struct slurm_jobs *jobs)
{
	free(jobs->jobs);
	*jobs = (struct slurm_jobs){0};
}

/* ---- reading */

/* Copies a field that is printable, whole. */
static bool take(char *out, size_t size, const char *field)
{
	size_t n = strlen(field);

	for (size_t i = 0; i < n; i++)
		if (!isprint((unsigned char)field[i]))
			return false;
	if (n >= size)
		return false;
	memcpy(out, field, n + 1);
	return true;
}

/* 1: ours, 0: another's, negative: no line of squeue. */
static int parse_fields(char *fields[FIELDS], struct slurm_job *ret)
{
	struct slurm_job job = {0};
	uint64_t task = 0;

	if (strcmp(fields[6], SLURM_NAME) != 0 || !slurm_comment_parse(fields[7], job.host, &job.port, job.id))
		return 0;
	if (text_to_number(fields[0], &job.array) < 0 || job.array == 0)
		return -EPROTO;
	if (strcmp(fields[1], "N/A") != 0 && (text_to_number(fields[1], &task) < 0 || task > SLURM_WORKERS_MAX))
		return -EPROTO;
	job.task = (uint32_t)task;
	if (!fields[2][0] || strspn(fields[2], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(fields[2]))
		return -EPROTO;
	if (!take(job.state, sizeof job.state, fields[2]) || !take(job.node, sizeof job.node, fields[3]) ||
	    !take(job.left, sizeof job.left, fields[4]))
		return -EPROTO;
	(void)text_escape(job.reason, sizeof job.reason, fields[5]);
	*ret = job;
	return 1;
}

static int parse_line(char *line, struct slurm_job *ret)
{
	char *fields[FIELDS];

	for (size_t i = 0; i < FIELDS; i++) {
		char *bar = i + 1 < FIELDS ? strchr(line, '|') : NULL;

		if (!bar && i + 1 < FIELDS)
			return -EPROTO;
		fields[i] = line;
		if (bar) {
			*bar = '\0';
			line = bar + 1;
		}
	}
	return parse_fields(fields, ret);
}

int slurm_parse_jobs(const char *text, size_t n, struct slurm_jobs *ret, struct error *err)
{
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	_cleanup_(freep) char *copy = strndup(text, n);
	size_t lines = 0, size = 0;
	char *next;

	if (!copy)
		return error_oom(err);
	if (strlen(copy) != n || (n > 0 && copy[n - 1] != '\n'))
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "squeue's answer ends in the middle or has a zero byte");
	for (char *line = copy; *line; line = next) {
		struct slurm_job job;
		int r;

		next = strchr(line, '\n');
		*next++ = '\0';
		if (++lines > SLURM_JOBS_MAX)
			return error_set(err, -EFBIG, ERROR_PROTOCOL, "squeue lists more than %d jobs", SLURM_JOBS_MAX);
		r = parse_line(line, &job);
		if (r < 0)
			return error_set(err, r, ERROR_PROTOCOL, "squeue printed '%s', which is no job as %s has it", TEXT(line), FORMAT);
		if (r == 0)
			continue;
		if (jobs.n == size) {
			struct slurm_job *more = reallocarray(jobs.jobs, size = size * 2 + 16, sizeof *more);

			if (!more)
				return error_oom(err);
			jobs.jobs = more;
		}
		jobs.jobs[jobs.n++] = job;
	}
	*ret = jobs;
	jobs = (struct slurm_jobs){0};
	return 0;
}

int slurm_parse_submitted(const char *text, size_t n, uint64_t *ret_array, struct error *err)
{
	char copy[128] = "";
	size_t digits;

	if (n > 1 && n < sizeof copy && text[n - 1] == '\n' && !memchr(text, '\0', n))
		memcpy(copy, text, n - 1);
	digits = strspn(copy, "0123456789");
	if (copy[digits] == ';' && copy[digits + 1] && !strpbrk(copy, " \n"))
		copy[digits] = '\0';
	if (text_to_number(copy, ret_array) < 0 || *ret_array == 0)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "sbatch printed '%s', which is no job's number",
		                 text_escape_bytes((char[200]){0}, 200, text, n));
	return 0;
}

/* ---- asking */

static int failed(const char *name, const struct slurm_output *output, enum error_class class, struct error *err)
{
	return error_set(err, -EREMOTEIO, class, "%s: %s (exit status %d)", name, output->said[0] ? output->said : "it said nothing",
	                 output->status);
}

int slurm_find(struct slurm_jobs *ret, struct error *err)
{
	char user[32];
	const char *arguments[] = {"squeue", "--noheader", "--array", user, "--name=" SLURM_NAME, "--format=" FORMAT, NULL};
	struct slurm_output output = {0};
	int r;

	(void)snprintf(user, sizeof user, "--user=%u", getuid());
	r = slurm_run(arguments, NULL, ASK_MS, &output, err);
	if (r == 0 && output.status != 0)
		r = failed("squeue", &output, ERROR_UNAVAILABLE, err);
	if (r == 0)
		r = slurm_parse_jobs(output.out, output.out_n, ret, err);
	free(output.out);
	return r;
}

int slurm_submit(char *const *arguments, const char *script, uint64_t *ret_array, struct error *err)
{
	struct slurm_output output = {0};
	int r = slurm_run((const char *const *)arguments, script, 2 * ASK_MS, &output, err);

	if (r == 0 && output.status != 0)
		r = failed("sbatch", &output, ERROR_UNAVAILABLE, err);
	if (r == 0)
		r = slurm_parse_submitted(output.out, output.out_n, ret_array, err);
	free(output.out);
	return r;
}

int slurm_cancel(enum slurm_cancel how, uint64_t array, uint32_t task, struct error *err)
{
	static const char *const words[][2] = {
	    [SLURM_CANCEL_PENDING] = {"--state=PENDING", NULL},
	    [SLURM_CANCEL_DRAIN] = {"--batch", "--signal=TERM"},
	    [SLURM_CANCEL_ALL] = {NULL, NULL},
	};
	const char *arguments[6] = {"scancel"};
	char job[48];
	struct slurm_output output = {0};
	size_t n = 1;
	int r;

	for (size_t i = 0; i < 2; i++)
		if (words[how][i])
			arguments[n++] = words[how][i];
	if (task)
		(void)snprintf(job, sizeof job, "%llu_%u", (unsigned long long)array, task);
	else
		(void)snprintf(job, sizeof job, "%llu", (unsigned long long)array);
	arguments[n] = job;
	r = slurm_run(arguments, NULL, ASK_MS, &output, err);
	if (r == 0 && output.status != 0 && !strcasestr(output.said, "invalid job id") && !strcasestr(output.said, "already complet"))
		r = failed("scancel", &output, ERROR_UNAVAILABLE, err);
	free(output.out);
	return r;
}
