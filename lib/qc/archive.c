/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report as FastQC's zip: see archive.h. It is made in memory, so that a broken report leaves nothing behind. Left out are
 * the PNG pictures and icons that FastQC puts into Images/ and Icons/, and its fastqc.fo; the two folders are there, empty.
 */
#include "lib/qc/archive.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html.h"
#include "lib/qc/text.h"

/* All entries have the time at which that of zip begins: 1980-01-01 00:00. */
#define DOS_TIME 0
#define DOS_DATE (0 << 9 | 1 << 5 | 1)

#define MODE_FILE 0100644u
#define MODE_FOLDER 0040755u

static const char *const folders[] = {"", "Icons/", "Images/"};

static const struct {
	const char *name;
	int (*write)(FILE *out, const struct report *report, struct error *err);
} files[] = {
	{"summary.txt", report_summary_write},
	{"fastqc_report.html", report_html_write},
	{"fastqc_data.txt", report_text_write},
};

static void zipp(zip_t **zip)
{
	if (*zip)
		zip_discard(*zip);
}

static void sourcep(zip_source_t **source)
{
	if (*source)
		zip_source_free(*source);
}

static int zip_wrong(int code, struct error *err)
{
	return code == ZIP_ER_MEMORY ? error_oom(err)
	                             : error_set(err, -EIO, ERROR_SOFTWARE, "the report's zip cannot be made: libzip error %d", code);
}

/* What one writer writes. The caller frees. */
static int file_make(const struct report *report, size_t i, char **ret_text, size_t *ret_n, struct error *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r;

	if (!out)
		return error_oom(err);
	r = files[i].write(out, report, err);
	if (fclose(out) != 0 && r == 0)
		r = error_oom(err);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_n = n;
	return 0;
}

/* The same attributes for every entry of a kind. */
static bool entry_settle(zip_t *zip, zip_int64_t entry, uint32_t mode)
{
	return entry >= 0 && zip_file_set_dostime(zip, (zip_uint64_t)entry, DOS_TIME, DOS_DATE, 0) == 0 &&
	       zip_file_set_external_attributes(zip, (zip_uint64_t)entry, 0, ZIP_OPSYS_UNIX, mode << 16) == 0;
}

static int folder_add(zip_t *zip, const char *path, struct error *err)
{
	zip_int64_t entry = zip_dir_add(zip, path, ZIP_FL_ENC_GUESS);

	return entry_settle(zip, entry, MODE_FOLDER) ? 0 : zip_wrong(zip_error_code_zip(zip_get_error(zip)), err);
}

static int file_add(zip_t *zip, const char *path, const struct report *report, size_t i, struct error *err)
{
	zip_source_t *source;
	zip_int64_t entry;
	char *text = NULL;
	size_t n = 0;
	int r = file_make(report, i, &text, &n, err);

	if (r < 0)
		return r;
	source = zip_source_buffer(zip, text, n, 1); /* the text is the source's now */
	if (!source) {
		free(text);
		return error_oom(err);
	}
	entry = zip_file_add(zip, path, source, ZIP_FL_ENC_GUESS);
	if (entry < 0)
		zip_source_free(source);
	return entry_settle(zip, entry, MODE_FILE) ? 0 : zip_wrong(zip_error_code_zip(zip_get_error(zip)), err);
}

static int entries_add(zip_t *zip, const char *base, const struct report *report, struct error *err)
{
	for (size_t i = 0; i < sizeof folders / sizeof folders[0] + sizeof files / sizeof files[0]; i++) {
		size_t file = i - sizeof folders / sizeof folders[0];
		bool folder = i < sizeof folders / sizeof folders[0];
		_cleanup_(freep) char *path = NULL;
		int r;

		if (asprintf(&path, "%s/%s", base, folder ? folders[i] : files[file].name) < 0) {
			path = NULL;
			return error_oom(err);
		}
		r = folder ? folder_add(zip, path, err) : file_add(zip, path, report, file, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int source_read(zip_source_t *source, uint8_t **ret_bytes, size_t *ret_n, struct error *err)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	zip_stat_t stat;
	zip_int64_t n;

	if (zip_source_stat(source, &stat) < 0 || zip_source_open(source) < 0)
		return zip_wrong(zip_error_code_zip(zip_source_error(source)), err);
	bytes = malloc(stat.size + 1);
	n = bytes ? zip_source_read(source, bytes, stat.size) : 0;
	(void)zip_source_close(source);
	if (!bytes)
		return error_oom(err);
	if (n < 0 || (zip_uint64_t)n != stat.size)
		return zip_wrong(zip_error_code_zip(zip_source_error(source)), err);
	*ret_bytes = TAKE(bytes);
	*ret_n = (size_t)n;
	return 0;
}

int report_archive_make(const struct report *report, const char *base, uint8_t **ret_bytes, size_t *ret_n,
                        struct error *err)
{
	_cleanup_(sourcep) zip_source_t *source = NULL;
	_cleanup_(zipp) zip_t *zip = NULL;
	zip_error_t error;
	int r;

	zip_error_init(&error);
	source = zip_source_buffer_create(NULL, 0, 0, &error);
	if (source)
		zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
	if (!zip) {
		r = zip_wrong(zip_error_code_zip(&error), err);
		zip_error_fini(&error);
		return r;
	}
	zip_source_keep(source); /* the archive has one reference, this function another */
	r = entries_add(zip, base, report, err);
	if (r < 0)
		return r;
	if (zip_close(zip) < 0)
		return zip_wrong(zip_error_code_zip(zip_get_error(zip)), err);
	zip = NULL;
	return source_read(source, ret_bytes, ret_n, err);
}
