/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening files for others: beneath the configured roots (conf/roots.h) and nowhere else. Below a root no symbolic link is
 * followed unless the root says so, nothing leads out of it, and no magic link of /proc is followed; only regular files are opened.
 * The path is never looked at again: what is counted is what the descriptor holds.
 */
#pragma once

#include "conf/option.h"
#include "lib/base/error.h"

/*
 * Opens an absolute path for reading. Of several roots that it lies beneath the longest is tried first. 0 with a close-on-exec
 * descriptor, or the negative errno with a sentence that names the path: not there, not permitted, beneath no root, a link on
 * the way, no regular file. May wait as long as the file system does.
 */
int open_beneath(const struct conf_list *roots, const char *path, int *ret_fd, struct error *err);

/* Whether the folder of the root `site` is there and files below it may be looked for. 0 or negative errno with a sentence. */
int open_look_root(const struct conf_list *roots, const char *site, struct error *err);
