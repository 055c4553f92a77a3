/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening what the coordinator names: regular files beneath the configured roots, without symbolic links on the way. */
#pragma once

#include "conf/worker_settings.h"
#include "lib/base/error.h"

struct roots {
	const struct conf_list *list;
	int *fds; /* of each root; -1 until it could be opened */
};

int roots_init(struct roots *roots, const struct conf_list *list, struct error *err);
void roots_deinit(struct roots *roots);

/* A descriptor for reading. Negative errno with a sentence that names the path. */
int roots_open(struct roots *roots, const char *path, int *ret_fd, struct error *err);
