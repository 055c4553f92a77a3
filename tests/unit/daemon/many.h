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
	uint64_t turn_ms;     /* the longest that attend() was kept from looking: by the machine, or by what it sent */
};

/* Attends to all for so long. */
void attend(struct many *many, int ms);

/* Until the condition holds, which it does at once on a quiet machine; two minutes at most. */
#define ATTEND_UNTIL(many, condition)                                                                                              \
	for (int turns = 0; turns < 12000 && !(condition); turns++)                                                                \
	attend(many, 10)

size_t ended(const struct many *many); /* how many of them have */
void many_free(struct many *many);
