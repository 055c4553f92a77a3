/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON as fqctl prints it: on one line, texts made fit for a terminal, times in UTC. */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* "text" with its quotes. */
void json_text(FILE *out, const char *text);

/* "2026-11-23T03:40:01.113Z" of milliseconds since 1970; null for 0 and what is no time. */
void json_time(FILE *out, uint64_t ms);
