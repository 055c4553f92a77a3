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

/* The folder of the file's results; made where it is not there yet. 0, -ENOMEM or another negative errno. */
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

bool watch_out_written(struct watch_out *out, const struct watch_file *file)
{
	struct output_options options = out->call->output;
	_cleanup_(freep) char *folder = NULL;
	bool there = out->n > 0 && bsearch(file->uuid, out->written, out->n, sizeof *out->written, by_bytes);

	if (!there || folder_of(out, file, false, &folder) < 0)
		return false;
	options.folder = folder;
	for (enum output_form form = 0; there && form < _OUTPUT_FORM_MAX; form++)
		if (options.forms & OUTPUT_SET(form))
			there = form_there(&options, out->call->reporting.rules.compat, form, file->path);
	return there;
}

/* Both are x_fastqc; x.fq and x.fastq.gz stand together, since all such names begin with "x.". */
const struct watch_file *watch_out_rival(const struct watch_out *out, const struct watch_tree *tree, size_t at)
{
	enum compat compat = out->call->reporting.rules.compat;
	const char *path = tree->files[at]->path;
	_cleanup_(freep) char *stem = output_fastqc_name(path, compat);
	size_t n = stem ? (size_t)(strrchr(path, '/') + 1 - path) + strlen(stem) : 0;
	size_t first = at;

	if (!out->folder || !stem || !(out->call->output.forms & OUTPUT_SET(OUTPUT_FASTQC)))
		return NULL;
	while (first > 0 && strncmp(tree->files[first - 1]->path, path, n) == 0)
		first--;
	for (size_t i = first; i < tree->n && strncmp(tree->files[i]->path, path, n) == 0; i++) {
		const struct watch_file *other = tree->files[i];
		_cleanup_(freep) char *name = output_fastqc_name(other->path, compat);

		if (i != at && other->state != WATCH_GROWS && !strchr(other->path + n, '/') && name && strcmp(name, stem) == 0)
			return other;
	}
	return NULL;
}

/* A line that does not reach the disk costs a fetch the next time. */
static void record_add(struct watch_out *out, const struct watch_file *file)
{
	char text[2 * sizeof file->uuid + 1];

	(void)fprintf(out->record, "%s\n", text_hex(text, file->uuid, sizeof file->uuid));
	(void)fflush(out->record);
}

int watch_out_fetch(struct watch_out *out, struct client *client, const struct watch_file *file, const fq_Job *job,
                    struct error *err)
{
	_cleanup_(freep) char *folder = NULL;
	char *given = out->call->output.folder;
	int r = folder_of(out, file, true, &folder);

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
	r = job_fetch(out->call, client, file->job, &file->path, 1, MANY, err);
	out->call->output.folder = given;
	if (r == 0)
		record_add(out, file);
	return r;
}
