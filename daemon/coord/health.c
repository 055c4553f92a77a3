/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HEALTH: how the coordinator is, for everybody who may ask it anything: its clock, its disk, what it demands, what went badly. */
#include "daemon/coord/session.h"
#include "lib/base/clock.h"

static fq_ProofOf proof_of(enum coord_proof proof)
{
	switch (proof) {
	case PROOF_OF_ALL:
		return fq_ProofOf_PROOF_ALL;
	case PROOF_OF_CLIENTS:
		return fq_ProofOf_PROOF_CLIENT;
	default:
		return fq_ProofOf_PROOF_NONE;
	}
}

void from_health(struct session *session, uint16_t tag, const void *message)
{
	struct server *server = session->server;
	struct trouble_sums troubles = {0};
	fq_HealthTold health = {.proof = proof_of(server->settings->proof)};
	struct error error;

	(void)message;
	room_check(server);
	if (server->fallen)
		return; /* its session is about to end */
	if (store_sum_troubles(server->store, &troubles, &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	health.slices = troubles.slices;
	health.crashes = troubles.crashes;
	health.losses = troubles.losses;
	health.disk_full = server->hold;
	store_disk(server->store, &health.disk_free, &health.disk_size);
	(void)snprintf(health.name, sizeof health.name, "%s", session->name);
	health.clock_ms = clock_wall_ms();
	session_send(session, fq_Type_HEALTH_TOLD, tag, &health);
}
