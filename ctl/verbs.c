/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verb table of fqctl. */
#include "ctl/verb.h"

const struct verb *const verbs[] = {
	&verb_submit, &verb_qc,    &verb_status, &verb_show,  &verb_wait,  &verb_fetch, &verb_cancel, &verb_nodes,
	&verb_drain,  &verb_resume, &verb_check,  &verb_token, &verb_join, &verb_peers,
	&verb_revoke, &verb_ping,  NULL,
};
