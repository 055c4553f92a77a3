/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Temporary files that must not outlive fqctl: when SIGINT, SIGTERM or SIGHUP ends it they are removed, and it ends by that signal.
 * The list is the process's own, as a signal's handler is. May be used by several threads.
 */
#pragma once

#include <stdbool.h>

#define LEFTOVERS_MAX 1024 /* beyond so many at a time they are not removed */

/* Takes a copy of the path of a file or an empty folder that is about to be made; its number, or negative where there is no room. */
int leftover_add(const char *path);

/* It has its name, or is removed. Takes what leftover_add() gave, negative too. */
void leftover_done(int number);

/* Between them a signal waits: what is half done would be found by nobody. A hold that comes when the end has begun does not return. */
void leftovers_hold(void);
void leftovers_release(void);
