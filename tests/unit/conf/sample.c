/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sample.h. */
#include "tests/unit/conf/sample.h"

#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

#define FIELD(field) OPTION_FIELD(struct sample, field)

/* clang-format off: a row reads best as it is written */
static const struct option_row rows[] = {
    {.key = "word",
     .long_name = "word",
     .letter = 'w',
     .argument = "WORD",
     .environment = "FQ_SAMPLE_WORD",
     .type = OPTION_STRING,
     .default_text = "one",
     .smallest = 2,
     .largest = 8,
     .help = "A word.",
     FIELD(word)},
    {.key = "folder",
     .long_name = "folder",
     .argument = "DIR",
     .type = OPTION_PATH,
     .help = "A folder.",
     FIELD(folder)},
    {.key = "count",
     .long_name = "count",
     .letter = 'c',
     .argument = "N",
     .type = OPTION_NUMBER,
     .default_text = "3",
     .smallest = 2,
     .largest = 10,
     .unit = "things",
     .help = "A number.",
     FIELD(count)},
    {.key = "bytes",
     .long_name = "bytes",
     .argument = "SIZE",
     .type = OPTION_SIZE,
     .default_text = "64M",
     .smallest = 1,
     .largest = UINT64_C(1) << 40,
     .help = "A size.",
     FIELD(bytes)},
    {.key = "pause",
     .long_name = "pause",
     .argument = "DURATION",
     .type = OPTION_DURATION,
     .default_text = "1s",
     .smallest = 100,
     .largest = 60000,
     .help = "A duration.",
     FIELD(pause_ms)},
    {.key = "any",
     .long_name = "any",
     .argument = "N",
     .type = OPTION_NUMBER,
     .help = "Any number.",
     FIELD(any)},
    {.key = "loud",
     .long_name = "loud",
     .letter = 'l',
     .type = OPTION_BOOL,
     .help = "A switch.",
     FIELD(loud)},
    {.key = "from",
     .long_name = "from",
     .letter = 'h',
     .argument = "HOST[:PORT]",
     .environment = "FQ_SAMPLE_FROM",
     .type = OPTION_ADDRESS,
     .port = 5381,
     .help = "An address.",
     FIELD(from)},
    {.key = "names",
     .long_name = "names",
     .argument = "NAME",
     .environment = "FQ_SAMPLE_NAMES",
     .type = OPTION_LIST,
     .default_text = "x",
     .smallest = 1,
     .largest = 5,
     .help = "Names.",
     FIELD(names)},
    {.key = "speed",
     .long_name = "speed",
     .argument = "HOW",
     .type = OPTION_CHOICE,
     .default_text = "fast",
     .choices = "slow|fast|fastest",
     .help = "A choice.",
     FIELD(speed)},
    {.long_name = "only-here",
     .letter = 'o',
     .type = OPTION_BOOL,
     .help = "Only on the command line.",
     FIELD(only_here)},
};
/* clang-format on */

const struct option_table sample_table = {
    .name = "sample",
    .rows = rows,
    .n = sizeof rows / sizeof *rows,
    .settings_size = sizeof(struct sample),
};

void sample_deinit(struct sample *sample)
{
	conf_deinit(&sample_table, sample);
}

const struct option_row *sample_row(const char *name)
{
	for (size_t i = 0; i < sample_table.n; i++)
		if (strcmp(rows[i].long_name, name) == 0)
			return &rows[i];
	abort();
}
