/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forms whose writers are not merged yet. */
#include <errno.h>

#include "lib/qc/archive.h"
#include "lib/qc/html.h"
#include "lib/qc/json.h"

static int refuse(struct error *err)
{
	return error_set(err, -ENOSYS, ERROR_USAGE, "this form cannot be written yet: right are csv and text");
}

int report_json_write(FILE *out, const struct report *report, struct error *err)
{
	(void)out, (void)report;
	return refuse(err);
}

int report_html_write(FILE *out, const struct report *report, struct error *err)
{
	(void)out, (void)report;
	return refuse(err);
}

int report_archive_make(const struct report *report, const char *base, uint8_t **ret_bytes, size_t *ret_n,
                        struct error *err)
{
	(void)report, (void)base, (void)ret_bytes, (void)ret_n;
	return refuse(err);
}

int report_archive_unpack(const uint8_t *bytes, size_t n,
                          int (*each)(void *data, const char *name, const uint8_t *bytes, size_t n, struct error *err),
                          void *data, struct error *err)
{
	(void)bytes, (void)n, (void)each, (void)data;
	return refuse(err);
}
