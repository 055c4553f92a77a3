/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's list of adapters in the format of FastQC's adapter_list.txt: lines "name TAB(s) sequence", '#' comments. */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/qc/rules.h"

/* Replaces the adapters of rules. 0, or -EBADMSG with file, line and what would be right (none at all, too many, too long). */
int adapter_list_read(struct count_rules *rules, const char *text, size_t n, const char *name, struct error *err);
