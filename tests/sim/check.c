/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must hold, whatever happened: no acknowledged job is lost, each ends once and rightly. A completed file has the
 * oracle's sum and all its records. A failed one has the reason that its file was made with: the first fault by its right
 * number, the slice that kills or cannot be read by its bytes. A sound file fails never, or by losses where few are allowed.
 * A file about which a node lied that had been asked may end in any way: that it does not, where the lie is seen, is checked when that
 * happens (observe.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

/* ---- always */

void check_acked(struct sim *sim)
{
	for (uint32_t j = 0; j < sim->jobs_n; j++)
		if (sim->clients[j].acked && !image_job(&sim->committed, sim->clients[j].id))
			sim_fail(sim, "lost", "job %" PRIu64 " is acknowledged and not durable", sim->clients[j].id);
}

/* ---- of files, at the end */

static bool sound(const struct sim_file *file)
{
	return file->fault == UINT32_MAX && file->poison == UINT32_MAX && file->damaged == UINT32_MAX && file->killer == UINT32_MAX &&
	       !file->crc_wrong;
}

/* Whether the sentence names a slice in which the record begins. */
static bool names_slice(const char *sentence, const struct sim_file *file, uint32_t record)
{
	const char *range = strstr(sentence, "slice of bytes ");
	uint64_t begin, end;

	if (!range || sscanf(range, "slice of bytes %" SCNu64 " to %" SCNu64, &begin, &end) != 2)
		return false;
	return file->starts[record] >= (file->blocks ? gzip_block(file, begin) : begin) &&
	       file->starts[record] < (file->blocks ? gzip_block(file, end) : end);
}

static bool names_fault(const char *sentence, const struct sim_file *file)
{
	struct slice_fault fault = {
	    .kind = FAULT_NO_PLUS, .record = file->fault, .at = gzip_place(file, file->starts[file->fault]), .value = 'x'};
	struct error error;

	(void)fault_sentence(&fault, file->blocks ? FILE_GZIP : FILE_PLAIN, file->path, 0, &error);
	return strcmp(error.text, sentence) == 0;
}

static bool some_node(const struct sim *sim, bool (*is)(const struct sim_node *))
{
	for (uint32_t i = 0; i < sim->nodes_n; i++)
		if (is(&sim->nodes[i]))
			return true;
	return false;
}

static bool was_hole(const struct sim_node *node)
{
	return node->was_hole;
}

static bool was_blind(const struct sim_node *node)
{
	return node->was_blind;
}

/* The file could not be opened: what is said of it. */
static bool opening_right(const struct sim *sim, const char *sentence, const struct sim_file *file, bool proof)
{
	bool seen = !file->unreadable_on && !file->lacking_on && !file->other_on && !sim->open_stalled &&
	            !some_node(sim, was_hole) && !some_node(sim, was_blind);

	if (seen)
		return false;
	if (proof)
		return strncmp(sentence, "no worker sees at /data/", 24) == 0 &&
		       strstr(sentence, ".fq the file that you read: it may be missing there, not readable for the service, or another "
		                        "file (n");
	return strncmp(sentence, "no worker can open the file: ", 29) == 0;
}

static bool reason_right(const struct sim *sim, const char *sentence, const struct sim_file *file, bool proof)
{
	char crashes[96], losses[64];

	(void)snprintf(crashes, sizeof crashes, "ended the process that counted it %u times (the last time by signal 11)",
	               sim->limits.crashes_max);
	(void)snprintf(losses, sizeof losses, "was lost %u times", sim->limits.losses_max);
	if (strncmp(sentence, "no worker ", 10) == 0)
		return opening_right(sim, sentence, file, proof);
	if (strstr(sentence, losses))
		return sim->limits.losses_max <= 12 || (file->killer != UINT32_MAX && names_slice(sentence, file, file->killer));
	if (strstr(sentence, "no node that is there can count") && strstr(sentence, ": the file has changed)"))
		return file->other_on || file->changes_at <= sim->now;
	if (strstr(sentence, "no node that is there can count") && (file->lacking_on || some_node(sim, was_blind)))
		return true;
	if (strstr(sentence, "unreadable here") || strstr(sentence, "no node that is there can count"))
		return file->unreadable_on || sim->p_io > 0 || some_node(sim, was_hole) ||
		       (file->damaged != UINT32_MAX && names_slice(sentence, file, file->damaged));
	if (strstr(sentence, "is not here"))
		return file->lacking_on || some_node(sim, was_blind);
	if (strstr(sentence, "changed while it was read"))
		return file->other_on || file->changes_at <= sim->now;
	if (file->fault != UINT32_MAX)
		return names_fault(sentence, file);
	if (file->crc_wrong)
		return strstr(sentence, "CRC or length of the gzip member");
	return file->poison != UINT32_MAX && strstr(sentence, crashes) && names_slice(sentence, file, file->poison);
}

static void check_completed(struct sim *sim, const struct file_row *row, const struct sim_file *file, uint64_t sum, uint32_t algorithm)
{
	uint64_t right = file->sum * (algorithm == 1 ? 1 : ALGORITHM_TIMES);

	if (!sound(file))
		sim_fail(sim, "completed", "file %u of job %" PRIu64 " completed, which cannot be counted", row->file, row->job);
	if (sum != right || row->records != file->records_n)
		sim_fail(sim, "wrong", "file %u of job %" PRIu64 ": sum %" PRIu64 " instead of %" PRIu64 ", records %" PRIu64
		         " instead of %u", row->file, row->job, sum, right, row->records, file->records_n);
}

static void check_file(struct sim *sim, const struct sim_client_job *client, const struct job_row *job, uint32_t f)
{
	const struct sim_file *file = &sim->files[client->files[f]];
	uint32_t index = 0;
	const struct file_row *row = image_file(&sim->committed, job->id, f, &index);

	if (row && row->state > JOB_RUNNING && client->lied & (1u << f))
		return;
	if (!row)
		sim_fail(sim, "lost", "file %u of job %" PRIu64 " is not in the store", f, job->id);
	else if (row->state == JOB_COMPLETED && !sim->committed.has_result[index])
		sim_fail(sim, "no result", "file %u of job %" PRIu64 " completed and has no result", f, job->id);
	else if (row->state == JOB_COMPLETED)
		check_completed(sim, row, file, sim->committed.results[index], job->algorithm);
	else if (row->state == JOB_FAILED && !reason_right(sim, row->error.text, file, row->proof.wanted))
		sim_fail(sim, "reason", "file %u of job %" PRIu64 " is told to be wrong in another way than it is: %s", f, job->id,
		         row->error.text);
	else if (row->state != JOB_FAILED && (row->state != JOB_CANCELLED || job->state != JOB_CANCELLED))
		sim_fail(sim, "open", "file %u of the ended job %" PRIu64 " is in state %d", f, job->id, row->state);
}

/* ---- of jobs, at the end */

/* That its state and sentence follow from those of its files. */
static void check_state(struct sim *sim, const struct sim_client_job *client, const struct job_row *job)
{
	uint32_t failed = 0, index = 0;
	bool named = false;

	for (uint32_t f = 0; f < client->files_n + (client->group.n > 0); f++) {
		const struct file_row *row = image_file(&sim->committed, job->id, f, &index);

		if (!row || row->state != JOB_FAILED)
			continue;
		failed++;
		named = named || (row->error.class == job->error.class &&
		                  strncmp(job->error.text, row->error.text, strlen(row->error.text)) == 0);
	}
	if (job->state == JOB_CANCELLED && !client->cancel_sent)
		sim_fail(sim, "cancelled", "job %" PRIu64 " was cancelled by nobody", job->id);
	if (job->state == JOB_COMPLETED && failed > 0)
		sim_fail(sim, "state", "job %" PRIu64 " completed with %u failed files", job->id, failed);
	if (job->state == JOB_FAILED && !named)
		sim_fail(sim, "state", "job %" PRIu64 " failed for a reason that none of its files has: %s", job->id,
		         job->error.text);
}

static void check_job(struct sim *sim, const struct sim_client_job *client)
{
	const struct job_row *job = image_job(&sim->committed, client->id);

	if (!job || memcmp(job->uuid, client->uuid, sizeof job->uuid) != 0) {
		sim_fail(sim, "lost", "the acknowledged job %" PRIu64 " is not in the store", client->id);
		return;
	}
	if (job->state <= JOB_RUNNING) {
		sim_fail(sim, "liveness", "job %" PRIu64 " never ended (state %d)", job->id, job->state);
		return;
	}
	for (uint32_t f = 0; f < client->files_n; f++)
		check_file(sim, client, job, f);
	check_group(sim, client, job);
	check_state(sim, client, job);
}

void check_end(struct sim *sim)
{
	for (uint32_t j = 0; j < sim->jobs_n && !sim->failure; j++) {
		if (sim->clients[j].acked)
			check_job(sim, &sim->clients[j]);
		else
			sim_fail(sim, "not accepted", "job %u was never accepted", j);
	}
	if (!sim->failure && sim->committed.slices_n > 0)
		sim_fail(sim, "left over", "%u slices are stored although all jobs have ended", sim->committed.slices_n);
	if (!sim->failure && sim->committed.troubles_n > 0)
		sim_fail(sim, "left over", "%u troubles are stored although all jobs have ended", sim->committed.troubles_n);
}
