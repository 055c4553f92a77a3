/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table with one option of each type, for the tests of the engine. */
#pragma once

#include "conf/option.h"

enum sample_speed { SPEED_SLOW, SPEED_FAST, SPEED_FASTEST };

struct sample {
	char *word;
	char *folder;
	uint64_t count, bytes, pause_ms, any;
	bool loud;
	struct conf_address from;
	struct conf_list names;
	enum sample_speed speed;
	bool only_here;
};

extern const struct option_table sample_table;

void sample_deinit(struct sample *sample);

/* The row with this key or long name; ends the program where there is none. */
const struct option_row *sample_row(const char *name);
