/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn from a seed: the files, the nodes, the clients, the limits, and how often which fault happens. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/counters.h"
#include "tests/sim/sim.h"

/* ---- files */

/* What is wrong with the file itself, and where it cannot be read. */
static void file_spoil(struct sim *sim, struct sim_file *file)
{
	uint32_t n = file->records_n, one = 1u << sim_draw(sim) % sim->nodes_n;
	uint32_t *const records[] = {&file->fault, &file->fault, &file->poison, &file->damaged, &file->killer};
	uint64_t which = sim_draw(sim) % 100;

	if (sim->calm)
		return;
	if (n > 0 && which < 25)
		*records[which % 5] = (uint32_t)(sim_draw(sim) % n);
	else if (which < 33)
		file->unreadable_on = one;
	else if (which < 35)
		file->unreadable_on = ~0u;
	else if (which < 43)
		file->lacking_on = one | (sim_chance(sim, 300) ? 1u << sim_draw(sim) % sim->nodes_n : 0);
	else if (which < 44)
		file->lacking_on = ~0u;
	else if (which < 52)
		file->other_on = sim_chance(sim, 200) ? ~0u : one;
	else if (which < 62)
		file->changes_at = sim_between(sim, 0, HEAL_MS);
}

static void file_make(struct sim *sim, uint32_t index)
{
	struct sim_file *file = &sim->files[index];
	const struct sim_file *twin = index > 0 && sim_chance(sim, 150) ? &sim->files[index - 1] : NULL; /* looks the same */
	uint32_t n = twin ? twin->records_n : (uint32_t)sim_between(sim, 0, 120);

	*file = (struct sim_file){.records_n = n,
	                          .fault = UINT32_MAX,
	                          .poison = UINT32_MAX,
	                          .killer = UINT32_MAX,
	                          .damaged = UINT32_MAX,
	                          .changes_at = UINT64_MAX};
	(void)snprintf(file->path, sizeof file->path, "/data/%u.fq", index);
	file->starts = calloc(n + 1, sizeof *file->starts);
	file->values = calloc(n + 1, sizeof *file->values);
	if (!file->starts || !file->values)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		/* Now and then a record that is longer than several slices. */
		file->starts[i + 1] = file->starts[i] + sim->scale * (sim_chance(sim, 30) ? sim_between(sim, 1000, 9000)
		                                                                          : sim_between(sim, 10, 200));
		if (twin)
			file->starts[i + 1] = twin->starts[i + 1];
		file->values[i] = 1 + sim_draw(sim) % 100;
		file->sum += file->values[i];
	}
	file->size = file->starts[n];
	file_spoil(sim, file);
	if (sim_chance(sim, 300) && file->size > 0)
		gzip_make(sim, file);
	file->crc_wrong = file->blocks && !sim->calm && file->fault == UINT32_MAX && file->poison == UINT32_MAX &&
	                  file->damaged == UINT32_MAX && file->killer == UINT32_MAX && sim_chance(sim, 100);
}

/* ---- nodes and clients */

static void nodes_make(struct sim *sim)
{
	bool liars = !sim->calm && sim_chance(sim, 250), holes = !sim->calm && sim_chance(sim, 150);

	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		struct sim_node *node = &sim->nodes[i];

		(void)snprintf(node->name, sizeof node->name, "n%u", i);
		node->slots = sim->slots;
		node->proto = sim_chance(sim, 80) ? 2 : 3;
		node->slow = !sim->calm && sim_chance(sim, 150) ? 30 : 1;
		if (liars && sim_chance(sim, 400))
			node->lies = sim_chance(sim, 500) ? 1u << sim_draw(sim) % 4 : (uint32_t)sim_between(sim, 1, 15);
		node->hole = holes && sim_chance(sim, 350);
		node->blind = holes && !node->hole && sim_chance(sim, 350);
		node->transient = sim->seed / 2 % 3 == i % 3; /* not drawn: the same seeds are the same histories as without them */
		node->was_hole = node->hole;
		node->was_blind = node->blind;
		sim_plan(sim, sim_between(sim, 0, 500), THING_NODE_START)->node = i;
	}
	/* One that would need days: others must take over. */
	if (sim->nodes_n > 1 && sim->limits.straggler_ms > 0 && sim_chance(sim, sim->calm ? 500 : 50)) {
		sim->nodes[sim_draw(sim) % sim->nodes_n].slow = 1000000;
		for (uint32_t i = 0; i < sim->nodes_n; i++)
			sim->nodes[i].proto = 3; /* ... and be able to */
	}
}

static void clients_make(struct sim *sim)
{
	uint64_t from = sim->calm ? 1000 : 0;

	for (uint32_t j = 0; j < sim->jobs_n; j++) {
		struct sim_client_job *client = &sim->clients[j];

		client->uuid[0] = (uint8_t)(j + 1);
		(void)snprintf(client->owner, sizeof client->owner, "user%u", (unsigned)(sim_draw(sim) % 2));
		client->files_n = (uint32_t)sim_between(sim, 1, sim->files_n);
		client->slice_size = sim_chance(sim, 700) ? sim->scale * sim_between(sim, 50, 3000) : 0;
		client->lenient = sim_chance(sim, 200);
		client->fresh = sim_chance(sim, sim->p_restore > 0 ? 700 : 150);
		client->split_gzip = sim_chance(sim, 600) ? SPLIT_GZIP_ALWAYS : (enum split_gzip)(sim_draw(sim) % 4);
		client->modules = 3 | (sim_chance(sim, 500) ? COUNT_SEQUENCES : 0);
		for (uint32_t f = 0; f < client->files_n; f++) {
			client->files[f] = (uint32_t)(sim_draw(sim) % sim->files_n);
			client->paths[f] = sim->files[client->files[f]].path;
			client->proofs[f].wanted = sim->files[client->files[f]].other_on != 0 || sim_chance(sim, 300);
		}
		groups_draw(sim, j);
		sim_plan(sim, from + sim_between(sim, 0, HEAL_MS / 2), THING_SUBMIT)->job = j;
		if (!sim->calm && sim_chance(sim, 150))
			sim_plan(sim, sim_between(sim, 0, HEAL_MS), THING_CANCEL)->job = j;
	}
}

/* ---- limits and faults */

/* 0, or between low and high in a part of all worlds. */
static uint32_t sometimes(struct sim *sim, uint32_t of_1000, uint64_t low, uint64_t high)
{
	return sim_chance(sim, of_1000) ? (uint32_t)sim_between(sim, low, high) : 0;
}

static void limits_draw(struct sim *sim)
{
	static const uint32_t percents[] = {0, 0, 30, 100};
	struct coord_limits *limits = &sim->limits;

	*limits = (struct coord_limits){
		.stall_ms = sim_chance(sim, 300) ? sim_between(sim, 300, 1500) : 3000,
		.open_ms = sim_chance(sim, 300) ? sim_between(sim, 200, 1000) : 2000,
		.straggler_ms = sim_chance(sim, 600) ? sim_between(sim, 100, 1000) : 0,
		.slice_min = 100 * sim->scale,
		.slice_max = 5000 * sim->scale,
		.slices_max = 100000,
		.read_max = READ_MAX_DEFAULT,
		.crashes_max = sim_chance(sim, 200) ? (uint32_t)sim_between(sim, 1, 4) : 3,
		.losses_max = sim_chance(sim, 250) ? (uint32_t)sim_between(sim, 3, 12) : 200,
		.jobs_max = sim_chance(sim, 100) ? 2 : JOBS_MAX_SIM,
		.files_max = FILES_MAX_SIM,
		.files_owner_max = sim_chance(sim, 150) ? FILES_MAX_SIM + 2 : 0,
		.slices_owner_max = sim_chance(sim, 150) ? sim_between(sim, 16, 60) : 0,
		.split_gzip = (enum split_gzip)sim_between(sim, SPLIT_GZIP_AUTO, SPLIT_GZIP_NEVER),
		.audit_percent = percents[sim_draw(sim) % 4],
	};
	if (sim->calm) { /* nothing may look like a fault */
		limits->stall_ms = 3000;
		limits->crashes_max = 3;
	}
}

static void faults_choose(struct sim *sim)
{
	sim->p_guess_wrong = sometimes(sim, 500, 0, 600);
	sim->p_unsure = sometimes(sim, 500, 0, 400);
	sim->p_false = sometimes(sim, 500, 0, 300);
	sim->p_again = sometimes(sim, 500, 1, 700);
	if (sim->calm)
		return;
	sim->p_hang = sometimes(sim, 400, 0, 100);
	sim->p_hang_open = sometimes(sim, 200, 1, 200);
	sim->p_commit_crash = sometimes(sim, 500, 0, 80);
	sim->p_crash = sometimes(sim, 500, 1, 8);
	sim->p_cut = sometimes(sim, 500, 1, 12);
	sim->p_coord = sometimes(sim, 500, 1, 5);
	sim->p_drain = sometimes(sim, 500, 1, 4);
	sim->p_io = sometimes(sim, 150, 1, 150);
	sim->p_twice = sometimes(sim, 300, 1, 300);
	sim->p_pause = sometimes(sim, 400, 1, 6);
	sim->p_hold = sometimes(sim, 300, 1, 4);
	sim->p_upgrade = sometimes(sim, 150, 100, 500);
	sim->p_restore = sometimes(sim, 250, 3, 20);
	if (sim->p_restore > 0 && sim->p_coord < 3)
		sim->p_coord = 3;
}

void options_draw(struct sim *sim)
{
	sim->calm = sim_chance(sim, 100);
	sim->algorithm = 1;
	sim->nodes_n = (uint32_t)sim_between(sim, 1, NODES_MAX_SIM);
	sim->files_n = (uint32_t)sim_between(sim, 1, FILES_MAX_SIM);
	sim->jobs_n = (uint32_t)sim_between(sim, 1, JOBS_MAX_SIM);
	sim->slots = (uint32_t)sim_between(sim, 1, SLOTS_MAX_SIM);
	sim->scale = sim_chance(sim, 300) ? LEAD_BYTES / 1000 : 1;
	limits_draw(sim);
	faults_choose(sim);
	for (uint32_t i = 0; i < sim->files_n; i++)
		file_make(sim, i);
	for (uint32_t i = 0; i < sim->files_n; i++)
		if (sim->files[i].killer != UINT32_MAX && sim->limits.losses_max > 12)
			sim->limits.losses_max = 12; /* it may take its time */
	nodes_make(sim);
	clients_make(sim);
}

void options_free(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->files_n; i++) {
		free(sim->files[i].starts);
		free(sim->files[i].values);
		free(sim->files[i].blocks);
	}
}

/* ---- for people */

static void put(char *out, uint32_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void put(char *out, uint32_t size, const char *format, ...)
{
	size_t n = strlen(out);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(out + n, size - n, format, args);
	va_end(args);
}

void options_print(const struct sim *sim, char *out, uint32_t size)
{
	const struct coord_limits *limits = &sim->limits;

	out[0] = '\0';
	put(out, size, "seed %" PRIu64 "%s: %u nodes x %u slots, %u files, %u jobs, bytes times %" PRIu64
	    "; stall %" PRIu64 " open %" PRIu64 " straggler %" PRIu64 " ms; at most %u crashes %u losses %u jobs, of an owner %u files %" PRIu64
	    " slices; audits %u%%", sim->seed, sim->calm ? ", calm" : "", sim->nodes_n, sim->slots, sim->files_n, sim->jobs_n,
	    sim->scale, limits->stall_ms, limits->open_ms, limits->straggler_ms, limits->crashes_max, limits->losses_max, limits->jobs_max,
	    limits->files_owner_max, limits->slices_owner_max, limits->audit_percent);
	put(out, size, "; of 1000: crash %u cut %u coordinator %u drain %u commit-crash %u guess-wrong %u unsure %u hang %u hang-open %u "
	    "again %u io %u twice %u pause %u hold %u upgrade %u restore %u", sim->p_crash, sim->p_cut, sim->p_coord, sim->p_drain,
	    sim->p_commit_crash, sim->p_guess_wrong, sim->p_unsure, sim->p_hang, sim->p_hang_open, sim->p_again, sim->p_io, sim->p_twice,
	    sim->p_pause, sim->p_hold, sim->p_upgrade, sim->p_restore);
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (node->slow > 1 || node->lies || node->hole || node->blind || node->transient)
			put(out, size, "; %s: slow %" PRIu64 " lies %u%s%s%s", node->name, node->slow, node->lies,
			    node->hole ? " hole" : "", node->blind ? " blind" : "", node->transient ? " transient" : "");
	}
	for (uint32_t i = 0; i < sim->files_n; i++) {
		const struct sim_file *file = &sim->files[i];

		put(out, size, "; %s: %u records", file->path, file->records_n);
		if (file->blocks)
			put(out, size, " gzip %u blocks %u members%s", file->blocks_n, file->members_n, file->crc_wrong ? " wrong CRC" : "");
		if (file->fault != UINT32_MAX || file->poison != UINT32_MAX || file->killer != UINT32_MAX || file->damaged != UINT32_MAX)
			put(out, size, " fault %d poison %d killer %d damaged %d", (int)file->fault, (int)file->poison,
			    (int)file->killer, (int)file->damaged);
		if (file->unreadable_on || file->lacking_on || file->other_on || file->changes_at != UINT64_MAX)
			put(out, size, " unreadable on %x lacking on %x other on %x changes at %" PRId64, file->unreadable_on,
			    file->lacking_on, file->other_on, (int64_t)file->changes_at);
	}
}
