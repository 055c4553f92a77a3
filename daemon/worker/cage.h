/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child gives up before it reads a stranger's first byte. The one place for it. */
#pragma once

#include "lib/base/error.h"

/*
 * Between fork and exec, async-signal-safe: the child dies with this supervisor and not by signals that a terminal or a batch
 * system sends to a whole group (the supervisor decides what becomes of the slice), and gains no rights by exec. parent is the
 * supervisor's process id. 0 or negative errno.
 */
int cage_forked(int parent);

/*
 * In the new program: no descriptors but standard error and CHILD_FD, no core files, no folder held busy, first to be
 * killed when memory is short. 0 or negative with a sentence.
 */
int cage_enter(struct error *err);
