/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of the store: state folders that come and go. */
#pragma once

#include <stdbool.h>

#include "daemon/coord/store.h"

/* Opens it; ends the test program where that fails. */
struct store *store_at(const char *folder);

/* Removes the folder and the files in it. */
void folder_remove(const char *folder);

/*
 * Runs fqcoordd on the folder, to be killed at a failpoint (lib/base/failpoint.h); option: one more, or NULL. True: it was. For
 * builds with failpoints.
 */
bool coordinator_struck(const char *folder, const char *point, const char *option);
