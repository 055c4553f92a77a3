/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of watched files: see watch_out.h. */
#include "ctl/watch_out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/job.h"
#include "ctl/judging.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define MANY 2 /* files share the output, however many there are */

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* Lines that are no uuid were cut by a full disk, or are somebody else's. */
static int record_read(struct watch_out *out, FILE *in)
{
	char line[64];
	size_t room = 0;

	while (fgets(line, sizeof line, in)) {
		uint8_t uuid[16];

		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) != 32 || text_unhex(line, uuid, sizeof uuid) < 0)
			continue;
		if (out->n == room) {
			uint8_t(*written)[16] = reallocarray(out->written, room ? 2 * room : 64, sizeof *written);

			if (!written)
				return -ENOMEM;
			out->written = written;
			room = room ? 2 * room : 64;
		}
		memcpy(out->written[out->n++], uuid, sizeof uuid);
		if (out->n == WATCH_FILES_MAX)
			break;
	}
	if (out->n > 0)
		qsort(out->written, out->n, sizeof *out->written, by_bytes);
	return 0;
}

int watch_out_init(struct watch_out *out, struct call *call, const char *root, struct error *err)
{
	_cleanup_(freep) char *name = NULL;

	*out = (struct watch_out){.call = call, .root = root};
	if (!call->output.folder[0])
		return 0;
	out->folder = strdup(call->output.folder);
	if (!out->folder || asprintf(&name, "%s/" WATCH_RECORD, out->folder) < 0) {
		name = NULL;
		return error_oom(err);
	}
	out->record = fopen(name, "a+e");
	if (!out->record)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(name), strerror(errno));
	rewind(out->record);
	return record_read(out, out->record) < 0 ? error_oom(err) : 0;
}

void watch_out_deinit(struct watch_out *out)
{
	free(out->folder);
	free(out->written);
	fclosep(&out->record);
	*out = (struct watch_out){0};
}

int watch_rows_make(const struct watch_tree *tree, const struct watch_set *set, struct watch_rows *ret, struct error *err)
{
	_cleanup_(freep) char **paths = calloc(set->n + 1, sizeof *paths);
	int r;

	*ret = (struct watch_rows){0};
	if (!paths)
		return error_oom(err);
	for (size_t i = 0; i < set->n; i++)
		paths[i] = set->files[i]->path;
	r = group_names_make(&ret->names, (const char *const *)paths, set->n, tree->merge, err);
	if (r == 0)
		ret->paths = group_names_rows(&ret->names, paths, set->n, &ret->n);
	return r < 0 ? r : ret->paths ? 0 : error_oom(err);
}

void watch_rows_deinit(struct watch_rows *rows)
{
	free(rows->paths);
	group_names_deinit(&rows->names);
	*rows = (struct watch_rows){0};
}

/* The folder of results of files beside this one; made where it is not there yet. 0, -ENOMEM or another negative errno. */
static int folder_of(const struct watch_out *out, const struct watch_file *file, bool make, char **ret)
{
	const char *below = file->path + strlen(out->root);
	const char *last = strrchr(below, '/');

	if (asprintf(ret, "%s%.*s", out->folder, (int)(last - below), below) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	for (char *at = *ret + strlen(out->folder); make && *at; at += strcspn(at, "/")) {
		char *end = at + 1 + strcspn(at + 1, "/"), kept = *end;

		*end = '\0';
		if (mkdir(*ret, 0777) < 0 && errno != EEXIST)
			return -errno;
		*end = kept;
		at++;
	}
	return 0;
}

static bool is_there(const char *place, const char *ending)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s%s", place, ending) < 0) {
		name = NULL;
		return false;
	}
	return access(name, F_OK) == 0;
}

static bool form_there(const struct output_options *options, enum compat compat, enum output_form form, const char *path)
{
	_cleanup_(freep) char *place = NULL;

	if (output_place(options, compat, form, path, MANY, &place) < 0 || !place)
		return false;
	if (form != OUTPUT_FASTQC)
		return is_there(place, "");
	return is_there(place, ".html") && is_there(place, options->delete ? "" : ".zip");
}

bool watch_out_written(struct watch_out *out, const struct watch_tree *tree, const struct watch_set *set)
{
	struct output_options options = out->call->output;
	struct watch_rows rows _cleanup_(watch_rows_deinit) = {0};
	_cleanup_(freep) char *folder = NULL;
	bool there = out->n > 0 && bsearch(set->files[0]->uuid, out->written, out->n, sizeof *out->written, by_bytes);
	struct error error;

	if (!there || folder_of(out, set->files[0], false, &folder) < 0 || watch_rows_make(tree, set, &rows, &error) < 0)
		return false;
	options.folder = folder;
	for (enum output_form form = 0; there && form < _OUTPUT_FORM_MAX; form++)
		for (size_t i = 0; there && i < rows.n; i++)
			if (rows.paths[i] && (options.forms & OUTPUT_SET(form)))
				there = form_there(&options, out->call->reporting.rules.compat, form, rows.paths[i]);
	return there;
}

char *watch_out_place(const struct watch_out *out, const struct watch_set *set, const char *path)
{
	struct output_options options = {0};
	_cleanup_(freep) char *folder = NULL;
	char *place = NULL;

	if (!out->folder || folder_of(out, set->files[0], false, &folder) < 0)
		return NULL;
	options = out->call->output;
	options.folder = folder;
	for (enum output_form form = 0; !place && form < _OUTPUT_FORM_MAX; form++)
		if ((options.forms & OUTPUT_SET(form)) && form_there(&options, out->call->reporting.rules.compat, form, path) &&
		    output_place(&options, out->call->reporting.rules.compat, form, path, MANY, &place) < 0)
			place = NULL;
	return place;
}

static bool is_member(const struct watch_set *set, const struct watch_file *file)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->files[i] == file)
			return true;
	return false;
}

/* The first of the files with this path or a greater one. */
static size_t place_from(const struct watch_tree *tree, const char *path, size_t n)
{
	size_t low = 0, high = tree->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(tree->files[middle]->path, path, n) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Both are x_fastqc; x.fq and x.fastq.gz stand together, since all such names begin with "x.". */
static const struct watch_file *rival_of(const struct watch_out *out, const struct watch_tree *tree, const struct watch_set *set,
                                         const char *path)
{
	enum compat compat = out->call->reporting.rules.compat;
	_cleanup_(freep) char *stem = output_fastqc_name(path, compat);
	size_t n = stem ? (size_t)(strrchr(path, '/') + 1 - path) + strlen(stem) : 0;

	for (size_t i = stem ? place_from(tree, path, n) : tree->n; i < tree->n && strncmp(tree->files[i]->path, path, n) == 0; i++) {
		const struct watch_file *other = tree->files[i];
		_cleanup_(freep) char *name = output_fastqc_name(other->path, compat);

		if (other->state != WATCH_GROWS && !is_member(set, other) && !strchr(other->path + n, '/') && name && strcmp(name, stem) == 0)
			return other;
	}
	return NULL;
}

const struct watch_file *watch_out_rival(const struct watch_out *out, const struct watch_tree *tree, const struct watch_set *set,
                                         const struct watch_rows *rows, const char **ret_path)
{
	const struct watch_file *rival = NULL;

	if (!out->folder || !(out->call->output.forms & OUTPUT_SET(OUTPUT_FASTQC)))
		return NULL;
	for (size_t i = 0; !rival && i < rows->n; i++) {
		*ret_path = rows->paths[i];
		rival = rows->paths[i] ? rival_of(out, tree, set, rows->paths[i]) : NULL;
	}
	return rival;
}

/* A line that does not reach the disk costs a fetch the next time. */
static void record_add(struct watch_out *out, const struct watch_file *file)
{
	char text[2 * sizeof file->uuid + 1];

	(void)fprintf(out->record, "%s\n", text_hex(text, file->uuid, sizeof file->uuid));
	(void)fflush(out->record);
}

int watch_out_fetch(struct watch_out *out, struct client *client, const struct watch_set *set, const struct watch_rows *rows,
                    const fq_Job *job, struct error *err)
{
	_cleanup_(freep) char *folder = NULL;
	char *given = out->call->output.folder;
	int r = folder_of(out, set->files[0], true, &folder);

	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0) {
		(void)error_set(err, r, ERROR_CANT_CREATE, "%s cannot be made: %s", TEXT(folder), strerror(-r));
		complain(err);
		return ERROR_CANT_CREATE;
	}
	r = judging_of_job(out->call, client, job, false, err);
	if (r < 0)
		return r;
	out->call->output.folder = folder;
	r = job_fetch(out->call, client, job->job, rows->paths, rows->n, MANY, err);
	out->call->output.folder = given;
	if (r == 0)
		record_add(out, set->files[0]);
	return r;
}
