/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What squeue and sbatch print, and comments of jobs: any bytes. What is taken is printable and within bounds; a comment comes back. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/slurm/slurm.h"
#include "lib/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			abort();
}

static void check_job(const struct slurm_job *job)
{
	char comment[SLURM_COMMENT_MAX], host[TEXT_HOST_MAX], id[SLURM_ID_MAX];
	uint16_t port;

	check_text(job->state, sizeof job->state);
	check_text(job->reason, sizeof job->reason);
	check_text(job->node, sizeof job->node);
	check_text(job->left, sizeof job->left);
	if (job->array == 0 || job->task > SLURM_WORKERS_MAX || !slurm_id_valid(job->id))
		abort();
	slurm_comment(comment, job->host, job->port, job->id);
	if (!slurm_comment_parse(comment, host, &port, id) || strcmp(host, job->host) != 0 || port != job->port || strcmp(id, job->id) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	struct slurm_jobs jobs = {0};
	struct error err = {0};
	uint64_t array;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (slurm_parse_jobs(text, size, &jobs, &err) < 0 && (err.text[0] == '\0' || strpbrk(err.text, "\n\x1b")))
		abort();
	for (size_t i = 0; i < jobs.n; i++)
		check_job(&jobs.jobs[i]);
	slurm_jobs_deinit(&jobs);
	if (slurm_parse_submitted(text, size, &array, &err) == 0 && array == 0)
		abort();
	return 0;
}
