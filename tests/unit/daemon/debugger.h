/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For test_worker*.c: a process that holds another one, as a debugger does, so that its parent cannot wait for its end. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct debugger {
	pid_t pid, child;
	int ours;
};

/* Holds a child of this process. 0, or negative errno: this user may not do that (-EPERM). */
int debugger_hold(struct debugger *debugger, pid_t child);

/* Waits until the child, which was killed or ends by itself, has ended in its hands. False: it does not. */
bool debugger_has_ended(const struct debugger *debugger);

/* Lets it go, and is gone. */
void debugger_let_go(struct debugger *debugger);
