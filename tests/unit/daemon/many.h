/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: several connections to a real fqcoordd, to which one program attends at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire/connection.h"

struct many {
	struct connection *of[64];
	size_t n;
	size_t got[64];       /* frames but PING */
	uint16_t last[64];    /* the last one's type */
	bool tasked[64];      /* TASK was among them */
	int ended[64];        /* or 0 */
	char told[64][200];   /* by ERROR */
	bool deaf;            /* nothing is read */
	uint64_t bytes[64], heard[64], silence_ms; /* that came, when, and the longest time without */
};

/* Attends to all for so long. */
void attend(struct many *many, int ms);
size_t ended(const struct many *many); /* how many of them have */
void many_free(struct many *many);
