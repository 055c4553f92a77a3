/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A profile: limits for a kind of library under a name, as a text in the format of FastQC's limits.txt with demands of our own
 * ("min_q30 error 70") among its lines. Some are built in. What a report comes to by them is the verdict of the quality gate.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/qc/limits.h"
#include "lib/qc/report.h"

#define PROFILE_NAME_MAX 64 /* with its end; letters, digits, '.', '_' and '-', no '.' at first */
#define PROFILE_SHOWN_MAX (PROFILE_NAME_MAX + 2) /* the same, and "./" before that of a person's own file */
#define PROFILE_TEXT_MAX 8192 /* bytes */

enum demand_id {
	DEMAND_READS,
	DEMAND_LENGTH,   /* mean, in bases */
	DEMAND_QUALITY,  /* mean Phred score of all bases */
	DEMAND_Q30,      /* per cent */
	DEMAND_GC_LEAST, /* per cent */
	DEMAND_GC_MOST,
	_DEMAND_MAX,
};

struct demand {
	double warn, error; /* NaN: not demanded */
};

struct profile {
	char name[PROFILE_SHOWN_MAX];
	struct limits limits;
	struct demand of[_DEMAND_MAX];
};

bool profile_name_valid(const char *name);
bool profile_is_own(const char *shown); /* "./NAME" */

/* The text of a built-in one; NULL: there is none. The i-th name; NULL behind the last. */
const char *profile_built_in(const char *name);
const char *profile_built_in_name(size_t i);

/* What the first line says of it, where that is a comment; otherwise "-". Cut to the room. */
const char *profile_about(char *out, size_t size, const char *text, size_t n);

/* FastQC's limits, changed by what the text says; file is its name, for sentences. 0 or -EBADMSG with file, line and what is right. */
int profile_read(struct profile *profile, const char *name, const char *text, size_t n, const char *file, struct error *err);

/* A demand and what a report has. */
struct demanded {
	const char *name; /* "min_q30" */
	double value;     /* NaN: there are no bases, which is no pass */
	struct demand demand;
	enum status status;
};

/* Those that the profile has; returns how many. */
size_t profile_judge(const struct profile *profile, const struct figures *figures, struct demanded ret[_DEMAND_MAX]);

/* The worst status of a report's sections but the first, and of the demands of the profile in its options. */
enum status profile_verdict(const struct report *report);
