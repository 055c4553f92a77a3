/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct many_options {
	uint32_t nodes;
	uint32_t slots;  /* of each node */
	uint32_t jobs;
	uint32_t files;  /* of each job */
	uint32_t slices; /* of each file */
	bool lead;       /* slices wait for the first one of their file */
};

/* One history of many nodes, told on standard output: 0, or 1 with what did not hold. */
int many_run(const struct many_options *options);
