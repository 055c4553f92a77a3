/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child: one slot. It is warm and simple: wait for a task and a descriptor, count, report, wait again. It has no keys, no
 * network, no paths; what it reads may be hostile, and so what it says is believed by nobody without a check.
 */
#pragma once

/* Enters the cage and serves tasks from CHILD_FD until the supervisor closes it. The process's exit status. */
int child_main(void);
