/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job with its files as one line of JSON: "fqcluster.job/1", described in fqctl(1). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/verb.h"

/* Asks and prints; where the answer does not come whole nothing is printed. */
int show_json(const struct call *call, struct client *client, const fq_JobsRequest *request, bool slices, FILE *out, struct error *err);
