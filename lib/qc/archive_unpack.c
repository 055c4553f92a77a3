/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entries of a report's zip: see archive.h. Memory: the largest entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "lib/base/cleanup.h"
#include "lib/qc/archive.h"

static void zipp(zip_t **zip)
{
	if (*zip)
		zip_discard(*zip);
}

static void entryp(zip_file_t **entry)
{
	if (*entry)
		(void)zip_fclose(*entry);
}

static int unpack_wrong(int code, struct error *err)
{
	return code == ZIP_ER_MEMORY
	           ? error_oom(err)
	           : error_set(err, -EBADMSG, ERROR_SOFTWARE, "the report's zip cannot be read: libzip error %d", code);
}

static int zip_open_bytes(const uint8_t *bytes, size_t n, zip_t **ret, struct error *err)
{
	zip_source_t *source;
	zip_error_t error;
	zip_t *zip;
	int r = 0;

	zip_error_init(&error);
	source = zip_source_buffer_create(bytes, n, 0, &error);
	zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
	if (!zip) {
		r = unpack_wrong(zip_error_code_zip(&error), err);
		if (source)
			zip_source_free(source);
	}
	zip_error_fini(&error);
	*ret = zip;
	return r;
}

static int entry_give(zip_t *zip, zip_uint64_t i, archive_entry_fn each, void *data, struct error *err)
{
	_cleanup_(entryp) zip_file_t *entry = zip_fopen_index(zip, i, 0);
	_cleanup_(freep) uint8_t *bytes = NULL;
	zip_stat_t stat;
	zip_int64_t n;

	if (!entry || zip_stat_index(zip, i, 0, &stat) < 0)
		return unpack_wrong(zip_error_code_zip(zip_get_error(zip)), err);
	bytes = malloc(stat.size + 1);
	if (!bytes)
		return error_oom(err);
	n = zip_fread(entry, bytes, stat.size);
	if (n < 0 || (zip_uint64_t)n != stat.size)
		return unpack_wrong(zip_error_code_zip(zip_file_get_error(entry)), err);
	return each(data, stat.name, bytes, (size_t)n, err);
}

int report_archive_unpack(const uint8_t *bytes, size_t n, archive_entry_fn each, void *data, struct error *err)
{
	_cleanup_(zipp) zip_t *zip = NULL;
	zip_int64_t entries;
	int r = zip_open_bytes(bytes, n, &zip, err);

	entries = zip ? zip_get_num_entries(zip, 0) : 0;
	for (zip_int64_t i = 0; r == 0 && i < entries; i++)
		r = entry_give(zip, (zip_uint64_t)i, each, data, err);
	return r;
}

#define TEXT_NAME "/fastqc_data.txt"

int report_archive_text(const uint8_t *bytes, size_t n, size_t most, char **ret, size_t *ret_n, struct error *err)
{
	_cleanup_(zipp) zip_t *zip = NULL;
	_cleanup_(entryp) zip_file_t *entry = NULL;
	_cleanup_(freep) char *text = NULL;
	zip_int64_t i = 0, entries;
	zip_stat_t stat;

	if (zip_open_bytes(bytes, n, &zip, err) < 0)
		return error_set(err, -EBADMSG, ERROR_DATA, "this is no zip, or a damaged one");
	entries = zip_get_num_entries(zip, 0);
	for (; i < entries; i++) {
		const char *name = zip_get_name(zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
		size_t length = name ? strlen(name) : 0;

		if (length > strlen(TEXT_NAME) && strcmp(name + length - strlen(TEXT_NAME), TEXT_NAME) == 0)
			break;
	}
	if (i >= entries || zip_stat_index(zip, (zip_uint64_t)i, 0, &stat) < 0 || stat.size > most)
		return error_set(err, -EBADMSG, ERROR_DATA, "there is no fastqc_data.txt in the zip, or one that is too large");
	entry = zip_fopen_index(zip, (zip_uint64_t)i, 0);
	text = malloc(stat.size + 1);
	if (!text)
		return error_oom(err);
	if (!entry || zip_fread(entry, text, stat.size) != (zip_int64_t)stat.size)
		return error_set(err, -EBADMSG, ERROR_DATA, "the fastqc_data.txt in the zip is damaged");
	text[stat.size] = '\0';
	*ret = TAKE(text);
	*ret_n = stat.size;
	return 0;
}
