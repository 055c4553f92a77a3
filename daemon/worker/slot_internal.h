/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between slot.c (the child's life) and slot_read.c (what it says). */
#pragma once

#include "daemon/worker/slot.h"

/* The socket is readable: reads a bounded piece. */
int slot_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata);

/* The child has ended: reads what it had said before, which the socket's buffer bounds. */
void slot_read_rest(struct slot *slot);

/* Forgets what was read of a report. */
void slot_forget_report(struct slot *slot);
