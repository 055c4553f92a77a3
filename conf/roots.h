/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A root of a worker: a folder beneath which files may be opened, as it stands in the configuration,
 *
 *     SITE[=LOCAL][:links]
 *
 * SITE is how the folder is named everywhere on the site, LOCAL where it lies on this node (the same where it is not given), and
 * ":links" says that symbolic links below it are followed as long as they stay beneath it. Both are absolute, without "." and
 * ".."; an equals sign within a name does not separate, since only one before a slash does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf/option.h"

/* Points into the text; the paths are not terminated, and have no slash at their end, so that "/" is empty. */
struct root {
	const char *site, *local;
	size_t site_n, local_n;
	bool links;
};

/* 0, or -EINVAL with what was wrong and what would be right (ERROR_USAGE). */
int root_parse(const char *text, struct root *ret, struct error *err);

/* All of a list: each is right, and no site path has two. 0, or as root_parse(). */
int roots_check(const struct conf_list *roots, struct error *err);

/* A line a root for people. 0 or -EIO. */
int roots_print(FILE *out, const struct conf_list *roots);
