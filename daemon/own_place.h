/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a daemon has for itself alone: the path of its unix socket, and its state folder. */
#pragma once

#include "lib/base/error.h"

/*
 * Whether a unix socket may have its place at `path`: nothing is there, or a socket on which nobody listens any more. What else is there stays
 * as it is. 0, -EEXIST (no socket) or -EADDRINUSE (somebody listens), both ERROR_CONFIG with a sentence that begins with `what` ("the gate's
 * socket").
 */
int own_place_socket(const char *what, const char *path, struct error *err);

/*
 * Holds a worker's state folder until *ret_fd is closed or the process ends. One that is just ending is waited for, OWN_PLACE_WAIT_MS at most.
 * Where the file system has no such locks on folders (NFS, whose folder several hosts may share) or the folder is not there, nothing is held
 * and *ret_fd is -1. 0, or -EBUSY with a sentence where another process holds it.
 */
int own_place_folder(const char *folder, int *ret_fd, struct error *err);

#define OWN_PLACE_WAIT_MS 2000
