/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named places at which a test may end or stop the process, or make it go another way; in builds with --enable-failpoints only.
 *
 *     FQ_FAILPOINT=NAME:ACTION[:PASS][,...]
 *
 * PASS is the how manieth time the process comes by (from 1; without it the first). Actions:
 *     kill    SIGKILL, as a crash
 *     stop    SIGSTOP, as a pause; a test continues it
 *     on      failpoint_on() is true from this pass on
 * What is no such text, or no such action, is ignored with a line on standard error.
 */
#pragma once

#include <stdbool.h>

#ifdef FAILPOINTS
void failpoint_pass(const char *name);
bool failpoint_is_on(const char *name);
#define FAILPOINT(name) failpoint_pass(name)
#define FAILPOINT_ON(name) failpoint_is_on(name)
#else
#define FAILPOINT(name) ((void)0)
#define FAILPOINT_ON(name) false
#endif
