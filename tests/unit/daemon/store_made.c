/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State folders of tests: see store_made.h. */
#include "tests/unit/daemon/store_made.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

void folder_remove(const char *folder)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (list && (entry = readdir(list))) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		(void)unlink(path);
	}
	if (list)
		(void)closedir(list);
	(void)rmdir(folder);
}

struct store *store_at(const char *folder)
{
	struct store *store = NULL;
	struct error error = {0};

	if (store_open(folder, &store, &error) < 0) {
		diag("store_open: %s", error.text);
		exit(1);
	}
	return store;
}
