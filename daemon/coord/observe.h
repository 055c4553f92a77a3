/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens in the coordinator, into its metrics; and how things are now: see metrics.h. */
#pragma once

#include "daemon/coord/server.h"

/* Before the core's step: what of the event only the core's state before it can tell. */
struct observed {
	bool ran;         /* the node counts the slice of the event, under this lease */
	uint64_t took_ms; /* for so long */
};

struct observed observe_event(const struct server *server, const struct event *event);

/* An action of the step, before it is performed. */
void observe_action(struct server *server, const struct event *event, const struct action *action);
/* After the step. */
void observe_step(struct server *server, const struct event *event, const struct observed *observed);

/* How things are: 0 or -ENOMEM; look_deinit() in any case. Names in it are valid until the core's next step. */
int look_now(const struct server *server, struct metrics_look *ret);
void look_deinit(struct metrics_look *look);
