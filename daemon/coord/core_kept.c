/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results that are kept: which file has which, and a file that is known already.
 *
 * Who gets one has proved by the OPEN before it that he can read the file, at this path, on a worker: he could count it himself. So it
 * does not matter whose job counted it, and nobody is told.
 *
 * That it is the file which was counted is known by its fingerprint with the time of the last change of its status, which nobody can
 * set: a file that is written to in the middle and gets its old time of change back is another one. And by its path: numbers that look
 * the same on another file system are of no use. Inode and times are what the worker's file system says; where two nodes are told
 * different ones, slices of one file could not be counted on both either.
 *
 * The result of a group is kept by those of its members, in order: they have all been opened for the job that finds it, too.
 *
 * Times come in steps of some milliseconds, on some servers of seconds: who writes to a file just when it is counted may leave the
 * same time. So what was changed less than SETTLED_MS before its job was submitted is not kept.
 */
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/digest.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SETTLED_MS 2000

static bool is_settled(const struct job *job, const struct fingerprint *print)
{
	return print->ctime_ns > 0 && (job->row.submitted_ms >= print->ctime_ns / 1000000 + SETTLED_MS || MUTANT(MUTANT_KEPT_AT_ONCE));
}

/* Numbers first, of one size each; behind them the rules, whose length is among them, then the path. */
static int key_make(const struct coord *coord, const struct job *job, const struct file *file, const struct file_facts *facts,
                    const struct counted_way *way, uint8_t ret[RESULT_KEY_SIZE])
{
	static const struct file_facts none;
	const struct file_facts *of = MUTANT(MUTANT_KEPT_PRINT) ? &none : facts;
	const bool any = MUTANT(MUTANT_KEPT_OPTIONS);
	struct {
		uint64_t size, mtime_ns, ctime_ns, inode, kind, modules, lenient, algorithm, read_max, rules_n;
		uint8_t ends[DIGEST_SIZE];
	} numbers = {
		.size = of->fingerprint.size,
		.mtime_ns = of->fingerprint.mtime_ns,
		.ctime_ns = of->fingerprint.ctime_ns,
		.inode = of->fingerprint.inode,
		.kind = of->kind,
		.modules = any ? 0 : way->modules,
		.lenient = any ? 0 : job->row.lenient,
		.algorithm = MUTANT(MUTANT_KEPT_ALGORITHM) ? 0 : job->row.algorithm,
		.read_max = coord->limits.read_max,
		.rules_n = any ? 0 : way->rules_n,
	};
	const char *path = MUTANT(MUTANT_KEPT_PATH) ? "" : file->path;
	int r;

	memcpy(numbers.ends, of->fingerprint.ends, sizeof numbers.ends);
	r = digest_sha256(&numbers, sizeof numbers, way->rules, numbers.rules_n, ret);
	if (r == 0 && job_grouped(job)) /* such a result has more in it (prior.h: ordinals) */
		r = digest_sha256(ret, RESULT_KEY_SIZE, "grouped", 7, ret);
	return r < 0 ? r : digest_sha256(ret, RESULT_KEY_SIZE, path, strlen(path), ret);
}

bool coord_result_key(const struct coord *coord, uint64_t id, uint32_t index, const struct file_facts *facts, uint8_t ret[RESULT_KEY_SIZE])
{
	const struct job *job = job_find(coord, id);

	return job && coord_result_key_as(coord, id, index, facts,
	                                  &(struct counted_way){job->row.modules, job->row.rules, job->row.rules_n}, ret);
}

bool coord_result_key_as(const struct coord *coord, uint64_t id, uint32_t index, const struct file_facts *facts,
                         const struct counted_way *way, uint8_t ret[RESULT_KEY_SIZE])
{
	struct job *job;
	const struct file *file = file_find(coord, id, index, &job);

	if (!file || file->ended || file->row.role != FILE_ALONE || (facts && job->row.fresh && !MUTANT(MUTANT_KEPT_FRESH)))
		return false;
	facts = facts ? facts : &file->row.facts;
	return is_settled(job, &facts->fingerprint) && key_make(coord, job, file, facts, way, ret) == 0;
}

bool coord_group_key(const struct coord *coord, uint64_t id, uint32_t index, uint32_t k, bool find, uint8_t key[RESULT_KEY_SIZE])
{
	struct job *job;
	const struct file *group = file_find(coord, id, index, &job), *member;
	uint8_t both[2][RESULT_KEY_SIZE];

	if (!group || group->ended || group->row.role != FILE_GROUP || k >= group->row.of || (find && job->row.fresh))
		return false;
	member = group_member(job, group, k);
	memcpy(both[0], key, RESULT_KEY_SIZE);
	return is_settled(job, &member->row.facts.fingerprint) &&
	       key_make(coord, job, member, &member->row.facts, &(struct counted_way){job->row.modules, job->row.rules, job->row.rules_n},
	                both[1]) == 0 &&
	       digest_sha256(both, sizeof both, "member", 6, key) == 0;
}

bool coord_content_key(const struct coord *coord, uint64_t id, uint32_t index, const struct file_facts *facts,
                       uint8_t ret[RESULT_KEY_SIZE])
{
	struct job *job;
	const struct file *file = file_find(coord, id, index, &job);
	struct {
		uint64_t size, mtime_ns, ctime_ns, inode;
		uint8_t ends[DIGEST_SIZE];
	} numbers;

	if (!file || file->ended || (facts && job->row.fresh))
		return false;
	facts = facts ? facts : &file->row.facts;
	if (!is_settled(job, &facts->fingerprint))
		return false;
	numbers.size = facts->fingerprint.size;
	numbers.mtime_ns = facts->fingerprint.mtime_ns;
	numbers.ctime_ns = facts->fingerprint.ctime_ns;
	numbers.inode = facts->fingerprint.inode;
	memcpy(numbers.ends, facts->fingerprint.ends, sizeof numbers.ends);
	return digest_sha256(&numbers, sizeof numbers, (const uint8_t *)file->path, strlen(file->path), ret) == 0;
}

void file_use_kept(struct coord *coord, struct file *file, uint64_t kept)
{
	struct action *action = MUTANT(MUTANT_KEPT_NOT_SAVED) ? NULL : emit(coord, ACTION_USE_RESULT, 0);

	file->row.cached = true;
	if (!action)
		return;
	action->use.job = file->row.job;
	action->use.file = file->row.file;
	action->use.kept = kept;
}

void file_kept(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	struct log_about about = about_slice(TOLD_FILE_COMPLETED, file, SLICE_ALL, NULL);

	file->row.facts = event->opened.facts;
	file->row.slice_size = 0;
	file->row.planned = true;
	file->row.state = JOB_COMPLETED;
	file->row.records = event->opened.kept.records;
	file->row.bases = event->opened.kept.bases;
	job_begin(coord, job);
	file_use_kept(coord, file, event->opened.kept.id);
	about.records = LOG_ID(file->row.records);
	emit_log(coord, LOG_DEBUG, about,
	         "job %llu: %s has %llu reads, as an earlier job has counted", (unsigned long long)job->row.id, TEXT(file->path),
	         (unsigned long long)file->row.records);
	file_end(coord, job, file);
	job_end_if_done(coord, job);
}
