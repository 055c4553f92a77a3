/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard streams: closed ones, and output that cannot be written. */
#pragma once

#include <stdbool.h>

#include "lib/base/error.h"

/*
 * First in a main: a standard stream that the caller has closed (>&-) is opened so that using it fails with EBADF. Otherwise a
 * file or socket that is opened later gets its number, and what is printed goes there.
 */
void streams_hold(void);

/*
 * Flushes standard output. 0, or -EIO with a sentence (ERROR_CANT_CREATE) where this or an earlier write failed, or -EPIPE where
 * nobody reads it any more: see stdout_excuse().
 */
int stdout_finish(struct error *err);

/*
 * Where writing standard output failed for it is a pipe that nobody reads any more (| head) the sentence becomes empty: it is no
 * fault that anybody has to be told of, though the exit status stays. True then.
 */
bool stdout_excuse(struct error *err);
