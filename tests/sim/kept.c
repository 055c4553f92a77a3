/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results that are kept: as daemon/coord/from_worker.c and merge.c look for them and save them. Each knows what it is the result of,
 * so that one which is used for anything else is seen, whatever its key.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/sim.h"

#define SETTLED_MS 2000

uint64_t file_version(const struct sim *sim, const struct sim_file *file)
{
	return 1 + (sim->now >= file->changes_at ? file->changes_at * 1000000 : 0);
}

/* The newest points of a file that another job has counted otherwise. */
static const struct sim_kept *seek_newest(const struct sim_image *image, const char *path, uint64_t version)
{
	const struct sim_kept *newest = NULL;

	for (uint32_t i = 0; i < image->kept_n; i++)
		if (image->kept[i].slice_size > 0 && strcmp(image->kept[i].path, path) == 0 && image->kept[i].version == version)
			newest = &image->kept[i];
	return newest;
}

static void seek_find(struct sim *sim, struct event *opened)
{
	uint8_t key[RESULT_KEY_SIZE];
	uint32_t index;
	const struct file_row *row = image_file(&sim->working, opened->opened.job, opened->opened.file, &index);
	const struct sim_kept *kept;

	if (!row || !coord_content_key(sim->coord, opened->opened.job, opened->opened.file, &opened->opened.facts, key))
		return;
	kept = seek_newest(&sim->working, row->path, opened->opened.facts.fingerprint.ctime_ns);
	if (!kept)
		return;
	opened->opened.seek.id = kept->id;
	opened->opened.seek.slice_size = kept->slice_size;
}

void kept_load_seek(struct sim *sim, uint32_t index)
{
	const struct file_row *row = &sim->committed.files[index];
	const struct job_row *job = image_job(&sim->committed, row->job);
	const struct sim_kept *kept;
	uint8_t key[RESULT_KEY_SIZE];

	sim->seeks[index] = 0;
	if (!row->planned || row->state > JOB_RUNNING || !way_cuts(row->way) ||
	    !coord_content_key(sim->coord, row->job, row->file, NULL, key))
		return;
	kept = seek_newest(&sim->committed, row->path, row->facts.fingerprint.ctime_ns);
	if (!kept)
		return;
	(void)coord_load_seek(sim->coord, row->job, row->file, kept->id, kept->slice_size);
	if (row->slice_size == kept->slice_size && !job->fresh && job->algorithm == sim->algorithm)
		sim->seeks[index] = kept->id;
}

bool kept_has_seek(struct sim *sim, uint32_t index)
{
	const struct sim_kept *kept = sim->seeks[index] > 0 ? image_kept(&sim->working, NULL, sim->seeks[index]) : NULL;

	return kept && kept->slice_size > 0;
}

struct event kept_point(struct sim *sim, const struct sim_point *point)
{
	struct event event = {.kind = EVENT_POINT};
	const struct sim_kept *kept = image_kept(&sim->working, NULL, point->seek);
	const struct sim_file *file = kept ? file_made_of(sim, kept->path) : NULL;
	uint64_t begin, end, from, to;

	event.point.job = point->job;
	event.point.file = point->file;
	event.point.slice = point->slice;
	event.point.gone = !kept || sim_chance(sim, 10);
	if (event.point.gone)
		return event;
	begin = event.point.slice * kept->slice_size;
	end = begin + kept->slice_size < file->size ? begin + kept->slice_size : file->size;
	from = gzip_block(file, begin);
	to = gzip_block(file, end);
	event.point.found = from < end;
	if (!event.point.found)
		return event;
	gzip_report(file, from, to, &event.point.report);
	gzip_window(sim, file, to);
	sim->window[SPLIT_WINDOW - 1] ^= sim_chance(sim, sim->p_false / 10); /* the disk is not what it was */
	if (sim_chance(sim, sim->p_false))
		event.point.report.text += 8;
	event.point.window = sim->window;
	return event;
}

void kept_find(struct sim *sim, struct event *opened)
{
	uint8_t key[RESULT_KEY_SIZE];
	const struct sim_kept *kept;

	if (opened->opened.error_number != 0)
		return;
	kept = coord_result_key(sim->coord, opened->opened.job, opened->opened.file, &opened->opened.facts, key)
	           ? image_kept(&sim->working, key, 0)
	           : NULL;
	if (!kept) {
		seek_find(sim, opened);
		return;
	}
	opened->opened.kept.id = kept->id;
	opened->opened.kept.records = kept->records;
	opened->opened.kept.bases = kept->bases;
}

/* The result at this place of the image is one of the file as it was planned. */
void kept_save(struct sim *sim, uint64_t job, uint32_t file, uint32_t index)
{
	const struct job_row *of = image_job(&sim->working, job);
	const struct file_row *row = &sim->working.files[index];
	const uint64_t version = row->facts.fingerprint.ctime_ns;
	struct sim_kept kept = {
		.sum = sim->working.results[index],
		.path = row->path,
		.version = version,
		.modules = of->modules,
		.algorithm = of->algorithm,
		.lenient = of->lenient,
		.lied = lied_about(sim, job, file),
		.slice_size = way_cuts(row->way) ? row->slice_size : 0,
	};
	struct file_view view;

	if (!coord_result_key(sim->coord, job, file, NULL, kept.key) || !coord_find_file(sim->coord, job, file, &view))
		return;
	if (of->submitted_ms < version / 1000000 + SETTLED_MS)
		sim_fail(sim, "kept at once", "file %u of job %" PRIu64 " was changed just before", file, job);
	kept.records = view.chain->records;
	image_keep(&sim->working, &kept);
}

void kept_drop_seek(struct sim *sim, const struct action *action)
{
	struct sim_kept *kept = image_kept(&sim->working, NULL, action->find.seek);

	if (kept)
		kept->slice_size = 0;
}

void kept_use(struct sim *sim, const struct action *action)
{
	const struct job_row *job = image_job(&sim->working, action->use.job);
	struct sim_client_job *client = client_of(sim, action->use.job);
	const struct sim_kept *kept = image_kept(&sim->working, NULL, action->use.kept);
	const struct file_facts *facts = sim->seen.event ? &sim->seen.event->opened.facts : NULL;
	uint32_t index = 0;
	const struct file_row *row = image_file(&sim->working, action->use.job, action->use.file, &index);

	if (!kept || !row || !job || !facts || sim->seen.event->kind != EVENT_OPENED) {
		sim_fail(sim, "kept", "a result is used that nobody has opened the file for, or that is not there");
		return;
	}
	if (strcmp(kept->path, row->path) != 0 || kept->version != facts->fingerprint.ctime_ns || kept->modules != job->modules ||
	    kept->algorithm != job->algorithm || kept->lenient != job->lenient || job->fresh)
		sim_fail(sim, "kept", "file %u of job %" PRIu64 " gets the result of something else, or wants none", row->file, row->job);
	if (sim->working.has_result[index])
		sim_fail(sim, "merged twice", "file %u of job %" PRIu64 " has a result", row->file, row->job);
	sim->working.results[index] = kept->sum;
	sim->working.has_result[index] = true;
	if (client && kept->lied)
		client->lied |= 1u << row->file;
}
