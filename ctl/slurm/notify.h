/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a verb that runs as a service tells systemd (sd_notify(3)'s lines, by its socket; ctl has no library for them). */
#pragma once

/* "READY=1\nSTATUS=..." to $NOTIFY_SOCKET; nothing happens where there is none. */
void notify(const char *lines);
