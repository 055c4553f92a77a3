/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker as a job of a batch system (--batch): its files are there for as long as it is. */
#pragma once

#include "conf/worker_settings.h"

enum { BATCH_TOLD_TO_END = 1 };

/*
 * Makes the state folder where it is to be a private one, below TMPDIR, and enrols this node by the token in token_file where it is not
 * enrolled: settings then say where everything is. While the coordinator cannot be reached it tries again, for a minute; SIGTERM and SIGINT
 * must be blocked. 0, BATCH_TOLD_TO_END (one of them came meanwhile), or negative with a sentence. Call batch_end() in each case.
 */
int batch_begin(struct worker_settings *settings, struct error *err);

/* Takes the private folder away. */
void batch_end(const struct worker_settings *settings);
