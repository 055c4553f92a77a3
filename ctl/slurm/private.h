/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A cluster for one call of fqctl: a coordinator of this user's own as a child, on this host, and workers from Slurm. Needs neither root
 * nor a service; ends with the call, however that ends.
 */
#pragma once

#include "ctl/verb.h"

/*
 * Starts it and forks. In the child *ret_go_on is true: call->settings name the coordinator, go on as with any other. In the parent
 * it is false, the child has ended, and so has all else: the exit status, or negative with a sentence. coordinator: the program's path,
 * or empty.
 */
int slurm_private(struct call *call, const char *coordinator, bool *ret_go_on, struct error *err);
