/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The status page: one self-contained HTML page in the look of reports, without a script; it asks for itself anew every few seconds. Pure:
 * all that it tells is given, and every foreign string is escaped.
 */
#pragma once

#include "daemon/coord/metrics.h"
#include "lib/wire/message.h"

struct overview {
	const struct metrics *metrics;
	const struct metrics_look *look;
	fq_Job *open, *ended;    /* what of them may not be told is taken out; the newest of those that have ended is the first */
	uint32_t open_n, ended_n; /* of those that have not ended there may be more: look->jobs */
	bool whole;              /* for an administrator */
};

#define STATUS_OPEN_MAX 200
#define STATUS_ENDED_MAX 50
#define STATUS_NODES_MAX 500

extern const char status_style[]; /* beside that of reports */

/* 0 or negative errno of the stream with a sentence. */
int status_page_write(FILE *out, const struct overview *status, struct error *err);
