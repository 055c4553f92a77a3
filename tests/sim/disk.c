/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated disk: rows as they are in the store, copied whole at a commit. See sim.h. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

/* As many items at *items as there are at from. */
static void copy_list(void **items, uint32_t *room, const void *from, uint32_t n, size_t size)
{
	if (*room < n) {
		*room = n;
		*items = realloc(*items, n * size);
		if (!*items)
			abort();
	}
	if (n > 0)
		memcpy(*items, from, n * size);
}

void image_copy(struct sim_image *to, const struct sim_image *from)
{
	void *slices = to->slices, *troubles = to->troubles;
	uint32_t slices_room = to->slices_room, troubles_room = to->troubles_room;

	copy_list(&slices, &slices_room, from->slices, from->slices_n, sizeof *from->slices);
	copy_list(&troubles, &troubles_room, from->troubles, from->troubles_n, sizeof *from->troubles);
	*to = *from;
	to->slices = slices;
	to->slices_room = slices_room;
	to->troubles = troubles;
	to->troubles_room = troubles_room;
}

void image_deinit(struct sim_image *image)
{
	free(image->slices);
	free(image->troubles);
}

struct job_row *image_job(struct sim_image *image, uint64_t job)
{
	for (uint32_t i = 0; i < image->jobs_n; i++)
		if (image->jobs[i].id == job)
			return &image->jobs[i];
	return NULL;
}

struct file_row *image_file(struct sim_image *image, uint64_t job, uint32_t file, uint32_t *ret_index)
{
	for (uint32_t i = 0; i < image->files_n; i++) {
		if (image->files[i].job != job || image->files[i].file != file)
			continue;
		*ret_index = i;
		return &image->files[i];
	}
	return NULL;
}

/* Where the slice stands, or would stand: they are in order of job, file and number, as the store gives them. */
static uint32_t slice_index(const struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice)
{
	uint32_t low = 0, high = image->slices_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct slice_row *row = &image->slices[middle].row;

		if (row->job < job || (row->job == job && row->file < file) ||
		    (row->job == job && row->file == file && row->slice < slice))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sim_slice *image_slice(struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice)
{
	uint32_t i = slice_index(image, job, file, slice);
	const struct slice_row *row = i < image->slices_n ? &image->slices[i].row : NULL;

	return row && row->job == job && row->file == file && row->slice == slice ? &image->slices[i] : NULL;
}

struct sim_slice *image_save_slice(struct sim_image *image, const struct slice_row *row)
{
	uint32_t i = slice_index(image, row->job, row->file, row->slice);

	if (!image_slice(image, row->job, row->file, row->slice)) {
		if (image->slices_n == image->slices_room) {
			image->slices_room = image->slices_room ? 2 * image->slices_room : 64;
			image->slices = realloc(image->slices, image->slices_room * sizeof *image->slices);
			if (!image->slices)
				abort();
		}
		memmove(&image->slices[i + 1], &image->slices[i], (image->slices_n - i) * sizeof *image->slices);
		image->slices_n++;
	}
	image->slices[i] = (struct sim_slice){.row = *row};
	return &image->slices[i];
}

void image_save_again(struct sim_image *image, const struct slice_row *row, uint64_t sum)
{
	struct sim_slice *slice = image_slice(image, row->job, row->file, row->slice);

	if (!slice)
		abort(); /* a second count without a first */
	slice->has_again = true;
	slice->again = sum;
}

void image_forget_slices(struct sim_image *image, uint64_t job, uint32_t file, uint64_t first, uint64_t last)
{
	uint32_t from = slice_index(image, job, file, first), to = from;

	while (to < image->slices_n && image->slices[to].row.job == job && image->slices[to].row.file == file &&
	       image->slices[to].row.slice <= last)
		to++;
	if (to > from)
		memmove(&image->slices[from], &image->slices[to], (image->slices_n - to) * sizeof *image->slices);
	image->slices_n -= to - from;
}

/* ---- results that are kept */

struct sim_kept *image_kept(struct sim_image *image, const uint8_t key[RESULT_KEY_SIZE], uint64_t id)
{
	for (uint32_t i = 0; i < image->kept_n; i++)
		if (id > 0 ? image->kept[i].id == id : memcmp(image->kept[i].key, key, RESULT_KEY_SIZE) == 0)
			return &image->kept[i];
	return NULL;
}

void image_keep(struct sim_image *image, const struct sim_kept *kept)
{
	struct sim_kept *old = image_kept(image, kept->key, 0);

	if (!old && image->kept_n == ROWS_MAX_SIM)
		return;
	old = old ? old : &image->kept[image->kept_n++];
	*old = *kept;
	old->id = ++image->next_kept;
}

/* ---- troubles */

static struct trouble_row *trouble_find(const struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice)
{
	for (uint32_t i = 0; i < image->troubles_n; i++)
		if (image->troubles[i].slice == slice && image->troubles[i].job == job && image->troubles[i].file == file)
			return &image->troubles[i];
	return NULL;
}

const struct trouble_row *image_trouble(const struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice)
{
	return trouble_find(image, job, file, slice);
}

void image_save_trouble(struct sim_image *image, const struct trouble_row *row)
{
	struct trouble_row *old = trouble_find(image, row->job, row->file, row->slice);

	if (!old) {
		if (image->troubles_n == image->troubles_room) {
			image->troubles_room = image->troubles_room ? 2 * image->troubles_room : 16;
			image->troubles = realloc(image->troubles, image->troubles_room * sizeof *image->troubles);
			if (!image->troubles)
				abort();
		}
		old = &image->troubles[image->troubles_n++];
	}
	*old = *row;
}

void image_forget_troubles(struct sim_image *image, uint64_t job, uint32_t file)
{
	for (uint32_t i = image->troubles_n; i-- > 0;)
		if (image->troubles[i].job == job && image->troubles[i].file == file)
			image->troubles[i] = image->troubles[--image->troubles_n];
}
