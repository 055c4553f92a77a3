/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one owner has unfinished, and the most of it: jobs and files are limited at their submit, which is refused. Slices are known
 * only when a file is opened: as long as the owner has the most, his other files wait to be opened; a file that would exceed it is
 * cut into larger slices, but into SLICES_LEAST where it is large enough, so that it is never one slice after the other. So an owner
 * has at most the limit, and SLICES_LEAST for each file that is being opened.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SLICES_LEAST 16

/* NULL: it has nothing. */
static struct owner *owner_find(const struct coord *coord, const char *name)
{
	for (uint32_t i = 0; i < coord->owners_n; i++)
		if (strcmp(coord->owners[i]->name, name) == 0)
			return coord->owners[i];
	return NULL;
}

static struct owner *owner_new(struct coord *coord, const char *name)
{
	struct owner *owner;

	if (coord->owners_n == coord->owners_room) {
		uint32_t room = coord->owners_room ? 2 * coord->owners_room : 8;
		struct owner **owners = reallocarray(coord->owners, room, sizeof(struct owner *));

		if (!owners)
			return NULL;
		coord->owners = owners;
		coord->owners_room = room;
	}
	owner = calloc(1, sizeof *owner);
	if (!owner)
		return NULL;
	(void)snprintf(owner->name, sizeof owner->name, "%s", name);
	coord->owners[coord->owners_n++] = owner;
	return owner;
}

int owner_add(struct coord *coord, struct job *job)
{
	struct owner *owner = owner_find(coord, job->row.owner);

	if (!owner)
		owner = owner_new(coord, job->row.owner);
	if (!owner)
		return -ENOMEM;
	owner->jobs++;
	owner->files += job->row.inputs;
	job->owner = owner;
	return 0;
}

void owner_remove(struct coord *coord, struct job *job)
{
	struct owner *owner = job->owner;

	if (!owner)
		return;
	owner->files -= job->row.inputs;
	job->owner = NULL;
	if (--owner->jobs > 0)
		return;
	for (uint32_t i = 0; i < coord->owners_n; i++)
		if (coord->owners[i] == owner)
			coord->owners[i] = coord->owners[--coord->owners_n];
	free(owner);
}

int owner_check(const struct coord *coord, const struct job_row *row, struct error *err)
{
	const struct owner *owner = owner_find(coord, row->owner);
	uint64_t files = owner ? owner->files : 0, most = coord->limits.files_owner_max;

	if (owner && owner->jobs >= coord->limits.jobs_max)
		return error_set(err, -EDQUOT, ERROR_TEMPORARY,
		                 "%s has %u unfinished jobs, which is the most; submit again when some have ended", row->owner,
		                 owner->jobs);
	if (most > 0 && files + row->files > most && !MUTANT(MUTANT_OWNER_FILES))
		return error_set(err, -EDQUOT, ERROR_TEMPORARY,
		                 "%s has %llu files in unfinished jobs, and with these %u it would be more than %llu, which is the "
		                 "most; submit again when some have ended, or fewer files",
		                 row->owner, (unsigned long long)files, row->files, (unsigned long long)most);
	return 0;
}

bool owner_full(const struct coord *coord, const struct owner *owner)
{
	uint64_t most = coord->limits.slices_owner_max;

	return most > 0 && owner->slices >= most && !MUTANT(MUTANT_OWNER_SLICES);
}

uint64_t owner_slice_size(struct coord *coord, struct job *job, const struct file *file, uint64_t size)
{
	const uint64_t bytes = file->row.facts.fingerprint.size;
	uint64_t most = coord->limits.slices_owner_max, used = job->owner->slices;
	uint64_t left = most > used + SLICES_LEAST ? most - used : SLICES_LEAST, larger = size;

	if (most == 0 || MUTANT(MUTANT_OWNER_SLICES))
		return size;
	while (file_slices(&file->row, larger) > left && larger < bytes)
		larger = larger < bytes / 2 ? 2 * larger : bytes;
	if (larger == size)
		return size;
	emit_log(coord, job->larger_told ? LOG_DEBUG : LOG_NOTICE, about_slice(TOLD_FILE_SLICES_LARGER, file, SLICE_ALL, NULL),
	         "job %llu: %s is cut into slices of %llu bytes instead of %llu: its owner %s has %llu slices to be counted, and "
	         "the most is %llu", (unsigned long long)job->row.id, TEXT(file->path), (unsigned long long)larger,
	         (unsigned long long)size, job->row.owner, (unsigned long long)used, (unsigned long long)most);
	job->larger_told = true;
	return larger;
}
