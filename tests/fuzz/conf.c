/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Config files: any bytes are loaded against each table; what was taken must dump to a file that loads to the same dump. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/client_settings.h"
#include "conf/coord_settings.h"
#include "conf/print.h"
#include "conf/worker_settings.h"
#include "lib/base/cleanup.h"
#include "tests/unit/conf/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks a text that stands where the syntax wants none; a program ends after that. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

union settings {
	struct coord_settings coord;
	struct worker_settings worker;
	struct client_settings client;
	struct sample sample;
};

/* The dump of what the text sets; NULL where it is refused, which must have a sentence. */
static char *load_and_dump(const struct option_table *table, const char *text, size_t n,
                           size_t *ret_n)
{
	union settings settings;
	struct error err = {0};
	struct conf conf;
	char *dump = NULL;
	FILE *out;

	if (conf_init(&conf, table, &settings, &err) < 0)
		abort();
	if (conf_load_text(&conf, "fuzz.conf", text, n, &err) < 0) {
		if (err.text[0] == '\0' || strpbrk(err.text, "\n\x1b") || err.class != ERROR_CONFIG)
			abort();
	} else {
		out = open_memstream(&dump, ret_n);
		if (!out || conf_dump(out, &conf) < 0 || fclose(out) != 0)
			abort();
	}
	conf_deinit(table, &settings);
	return dump;
}

static void check(const struct option_table *table, const char *text, size_t n)
{
	_cleanup_(freep) char *first = NULL, *second = NULL;
	size_t first_n = 0, second_n = 0;

	first = load_and_dump(table, text, n, &first_n);
	if (!first || first_n > CONF_TEXT_MAX) /* escapes make a text up to four times as long */
		return;
	second = load_and_dump(table, first, first_n, &second_n);
	if (!second || second_n != first_n || memcmp(first, second, first_n) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct option_table *const tables[] = {&coord_table, &worker_table,
	                                                    &client_table, &sample_table};

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		check(tables[i], (const char *)data, size);
	return 0;
}
