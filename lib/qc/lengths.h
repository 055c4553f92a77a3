/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of read lengths (of the sequence): how many reads, how many bases. */
#pragma once

#include <stdint.h>

#include "lib/qc/length_table.h"
#include "lib/qc/module.h"

struct lengths {
	struct length_table table;
};
