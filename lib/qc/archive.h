/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report as FastQC's NAME_fastqc.zip: NAME_fastqc/ first (MultiQC takes the first entry as the folder), then Icons/, Images/,
 * summary.txt, fastqc_report.html, fastqc_data.txt.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/report.h"

/* base is NAME_fastqc. The zip's bytes, the caller frees; the same bytes for the same report. 0 or negative errno with a sentence. */
int report_archive_make(const struct report *report, const char *base, uint8_t **ret_bytes, size_t *ret_n,
                        struct error *err);

/* An entry: its name as in the zip ("NAME_fastqc/summary.txt"; a folder's ends in a slash) and its bytes. 0 or negative with a sentence. */
typedef int (*archive_entry_fn)(void *data, const char *name, const uint8_t *bytes, size_t n, struct error *err);

/*
 * Gives each() all entries of such a zip in their order, folders before what is in them. Ends with its negative value;
 * -ENOMEM; -EBADMSG (ERROR_SOFTWARE) where it is no such zip.
 */
int report_archive_unpack(const uint8_t *bytes, size_t n, archive_entry_fn each, void *data, struct error *err);

/*
 * The fastqc_data.txt in a foreign zip (the first entry whose name ends so): its bytes and a zero byte, the caller frees. -EBADMSG with a
 * sentence (ERROR_DATA) where there is none, it is of more than `most` bytes, or the zip is damaged.
 */
int report_archive_text(const uint8_t *bytes, size_t n, size_t most, char **ret, size_t *ret_n, struct error *err);
