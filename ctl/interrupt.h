/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ^C while fqctl waits for a job: the job goes on, and fqctl says how to come back to it. On a terminal it then stays for some
 * seconds: a second ^C cancels the job. Exit status 130 in any case.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/client.h"
#include "ctl/output.h"

/*
 * From now on until interrupt_end(), which takes what interrupt_begin() gave. output: what would be written, which 'fqctl fetch' is to
 * write then; NULL: nothing.
 */
void interrupt_begin(const struct client *client, uint64_t job, const struct output_options *output, struct sigaction *ret_before);
void interrupt_end(const struct sigaction *before);
