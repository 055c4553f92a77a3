/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/peer_timer.c: what is due when, without a clock. */
#include "daemon/peer_timer.h"

#include <string.h>

#include "tests/unit/tap.h"

int main(void)
{
	struct error err = {0};
	struct peer_timer t;

	peer_timer_init(&t, 1000, 5000, 100, 7000);
	is_u64(peer_timer_next(&t), 6000, "first the greeting's deadline; no PING before it");
	is_int(peer_timer_due(&t, 5999, &err), PEER_DUE_NOTHING, "not yet");
	is_int(peer_timer_due(&t, 6000, &err), PEER_DUE_END, "not greeted: %s", err.text);
	peer_timer_greet(&t, 100, 500);
	is_u64(peer_timer_next(&t), 1100, "then PING");
	is_int(peer_timer_due(&t, 1100, &err), PEER_DUE_PING, "is due");
	peer_timer_pinged(&t, 1100);
	peer_timer_sent(&t, 1100);
	is_u64(peer_timer_next(&t), 1200, "and again after its span, as nothing has come");
	peer_timer_heard(&t, 1150);
	is_u64(peer_timer_next(&t), 1200, "both directions count");
	peer_timer_sent(&t, 1190);
	is_u64(peer_timer_next(&t), 1250, "the one that is silent longer");
	is_u64(peer_timer_idle(&t, 1400), 250, "idle");
	peer_timer_pinged(&t, 1600);
	is_u64(peer_timer_next(&t), 1650, "dead");
	is_int(peer_timer_due(&t, 1649, &err), PEER_DUE_NOTHING, "not yet");
	is_int(peer_timer_due(&t, 1650, &err), PEER_DUE_END, "now: %s", err.text);
	ok(strstr(err.text, "500 ms"), "in words");
	peer_timer_goodbye(&t, 1600, 1000);
	is_u64(peer_timer_next(&t), 2600, "in the goodbye nothing else counts");
	is_int(peer_timer_due(&t, 2599, &err), PEER_DUE_NOTHING, "not yet");
	is_int(peer_timer_due(&t, 2600, &err), PEER_DUE_GOODBYE, "now");

	/* A process that was not let run from 1700 to 9700. */
	peer_timer_init(&t, 1000, 5000, 100, 500);
	peer_timer_late(&t, 1600, 400);
	is_int(peer_timer_due(&t, 6399, &err), PEER_DUE_END, "the greeting waits for as much longer, and silence still counts: %s", err.text);
	peer_timer_heard(&t, 6300);
	is_int(peer_timer_due(&t, 6399, &err), PEER_DUE_NOTHING, "not yet");
	is_int(peer_timer_due(&t, 6400, &err), PEER_DUE_END, "now: %s", err.text);
	peer_timer_init(&t, 1000, 5000, 100, 500);
	peer_timer_greet(&t, 100, 500);
	peer_timer_taken(&t, 1000, false, true);
	peer_timer_heard(&t, 1600);
	peer_timer_pinged(&t, 1600);
	peer_timer_taken(&t, 1500, true, true);
	peer_timer_late(&t, 9700, 8000);
	is_int(peer_timer_due(&t, 9700, &err), PEER_DUE_PING, "it is not dead, and is asked");
	peer_timer_pinged(&t, 9700);
	is_int(peer_timer_due(&t, 9999, &err), PEER_DUE_PING, "nor does it not read");
	is_int(peer_timer_due(&t, 10000, &err), PEER_DUE_END, "now: %s", err.text);
	peer_timer_late(&t, 10000, 1000000);
	is_u64(peer_timer_idle(&t, 10000), 0, "nothing is heard before its time");

	peer_timer_init(&t, 0, 10, 0, 0);
	peer_timer_greet(&t, 0, 0);
	is_u64(peer_timer_next(&t), UINT64_MAX, "no times, no deadline");
	return done_testing();
}
