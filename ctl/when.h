/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as people give them to history. */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"

/*
 * "now", "today" and "yesterday" (when they began), "2026-11-23", "2026-11-23T14:05[:09]" (in the time of this machine), or a
 * duration before now: "2d", "90m". Milliseconds since 1970; -EINVAL with a sentence that begins with the option.
 */
int when_parse(const char *option, const char *text, uint64_t now_ms, uint64_t *ret_ms, struct error *err);
