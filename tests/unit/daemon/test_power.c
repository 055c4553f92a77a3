/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power cuts (scenario 31): the real store on a disk that loses its power at a random moment (power_disk.h), again and again. All
 * that was acknowledged must be there afterwards, of what was not all or nothing, and each start is a later one.
 *
 * What the tables hold is known by a hash over every row: that of the last commit which store_commit() called done, and that of
 * the commit which was under way. FQ_POWER_CUTS (1500) cuts, from FQ_SEED (1) on; a seed is one disk with CUTS_A_DISK cuts.
 *
 * Two stores that are wrong on purpose must be found out: one that does not sync its commits, one that acknowledges before them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "tests/unit/daemon/power_disk.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

#define CUTS_A_DISK 6
#define CALLS_MAX 300 /* of the disk, until its power is cut */
#define OPS_MAX 4000  /* a run that meets no cut ends */
#define JOBS 6
#define FILES 2
#define SLICES 4
#define COUNTERS_MAX 2500

enum wrong { WRONG_NOTHING, WRONG_NORMAL, WRONG_EARLY };

struct world {
	const char *folder;
	enum wrong wrong;
	uint64_t random;
	struct power_disk *disk;
	struct store *store;
	uint64_t acknowledged, under_way; /* hashes of all rows */
	bool committing, wrong_sums;
	uint64_t generation;
	uint8_t uuid[16];
	uint64_t commits, jobs; /* how many; next job */
};

static uint64_t below(struct world *world, uint64_t n)
{
	return power_random(&world->random) % n;
}

/* ---- what the tables hold */

static void hash_bytes(uint64_t *hash, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < n; i++)
		*hash = (*hash ^ at[i]) * 0x100000001b3u;
	*hash = (*hash ^ n) * 0x100000001b3u;
}

/* 0 where they cannot be read. */
static uint64_t hash_rows(const struct store *store)
{
	static const char *const tables[] = {
		"SELECT * FROM job ORDER BY id", "SELECT * FROM file ORDER BY job, file",
		"SELECT * FROM slice ORDER BY job, file, slice", "SELECT * FROM trouble ORDER BY job, file, slice",
		"SELECT * FROM again ORDER BY job, file, slice", "SELECT * FROM result ORDER BY job, file",
		"SELECT * FROM kept ORDER BY id", "SELECT * FROM node ORDER BY name", "SELECT * FROM token ORDER BY hash",
		"SELECT seq FROM sqlite_sequence WHERE name = 'job'", "SELECT value FROM meta WHERE key = 'uuid'",
	};
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		sqlite3_stmt *statement = NULL;
		int code = sqlite3_prepare_v2(store->db, tables[t], -1, &statement, NULL);

		while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
			for (int i = 0; i < sqlite3_column_count(statement); i++)
				hash_bytes(&hash, sqlite3_column_blob(statement, i), (size_t)sqlite3_column_bytes(statement, i));
			code = SQLITE_OK;
		}
		hash_bytes(&hash, &t, sizeof t);
		(void)sqlite3_finalize(statement);
		if (code != SQLITE_DONE)
			return 0;
	}
	return hash;
}

/* Whether each result that is not there itself is kept, and nothing is stored that nobody has or finds. */
static bool refers_rightly(const struct store *store)
{
	static const char text[] = "SELECT (SELECT count(*) FROM result WHERE kept IS NOT NULL AND kept NOT IN (SELECT id FROM kept)) + "
	                           "(SELECT count(*) FROM kept WHERE key IS NULL AND id NOT IN "
	                           "(SELECT kept FROM result WHERE kept IS NOT NULL))";
	sqlite3_stmt *statement = NULL;
	bool right = sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW &&
	             sqlite3_column_int(statement, 0) == 0;

	(void)sqlite3_finalize(statement);
	return right;
}

/* Whether the sums that are kept beside the tables are theirs. */
static bool sums_rightly(struct store *store)
{
	struct error error;
	uint64_t n[2] = {0}, bytes[2] = {0};
	int r = store_sum_kept(store, &n[0], &bytes[0], &error);

	store->kept_known = false;
	r = r < 0 ? r : store_sum_kept(store, &n[1], &bytes[1], &error);
	return r < 0 || (n[0] == n[1] && bytes[0] == bytes[1]); /* the disk may be dead */
}

/* ---- what a coordinator does, at random */

static int save_job(struct world *world, uint64_t id, enum job_state state)
{
	struct job_row row = {.id = id, .owner = "alice", .name = "reads", .modules = 3, .files = FILES, .state = state};

	memset(row.uuid, (int)(id & 0xff), sizeof row.uuid);
	row.uuid[0] = (uint8_t)(id >> 8);
	row.submitted_ms = row.ended_ms = id;
	return store_save_job(world->store, &row, NULL);
}

static int save_file(struct world *world, uint64_t job, uint32_t file, enum job_state state)
{
	struct file_row row = {.job = job, .file = file, .path = "/data/reads.fq", .state = state};

	row.planned = state != JOB_PENDING;
	row.facts.fingerprint.size = below(world, 1000);
	row.records = below(world, 1000);
	return store_save_file(world->store, &row, NULL);
}

static int submit(struct world *world)
{
	uint64_t id = ++world->jobs;
	int r = save_job(world, id, JOB_PENDING);

	for (uint32_t file = 0; r == 0 && file < FILES; file++)
		r = save_file(world, id, file, JOB_PENDING);
	return r;
}

static int merge(struct world *world, uint64_t job, uint32_t file, const uint8_t *bytes, size_t n)
{
	const struct kept_row row = {.path = "/data/reads.fq", .bytes = n, .made_ms = world->commits};
	uint8_t key[RESULT_KEY_SIZE] = {(uint8_t)(1 + below(world, 5))};
	int r = key[0] == 1 ? store_save_result(world->store, job, file, bytes, n, NULL)
	                    : store_save_kept(world->store, job, file, key, &row, bytes, NULL);

	if (r == 0)
		r = store_trim_kept(world->store, 3 * COUNTERS_MAX, below(world, 4) == 0 ? world->commits : 0, NULL);
	if (r == 0)
		r = store_forget_slices(world->store, job, file, NULL);
	return r < 0 ? r : save_file(world, job, file, JOB_COMPLETED);
}

/* A file whose result is there already. */
static int use_kept(struct world *world, uint64_t job, uint32_t file)
{
	const uint8_t key[RESULT_KEY_SIZE] = {(uint8_t)(1 + below(world, 5))};
	struct kept_row row;
	int r = store_find_kept(world->store, key, &row, NULL);

	if (r == 0)
		r = store_use_kept(world->store, job, file, row.id, world->commits, NULL);
	return r < 0 ? r : r == STORE_NONE ? 0 : save_file(world, job, file, JOB_COMPLETED);
}

/* Old jobs go, but for the last ones. */
static int expire(struct world *world)
{
	int r = 0;

	for (uint64_t id = world->jobs > 2 * JOBS ? world->jobs - 2 * JOBS : 1; r == 0 && id + JOBS < world->jobs; id++)
		r = save_job(world, id, JOB_COMPLETED);
	return r < 0 ? r : store_expire(world->store, world->jobs > JOBS ? world->jobs - JOBS : 0, NULL);
}

static int use_token(struct world *world, uint8_t number)
{
	uint8_t hash[DIGEST_SIZE] = {number};
	uint32_t role;
	int r = below(world, 2) ? store_save_token(world->store, hash, 1, 3, 1000, NULL)
	                        : store_use_token(world->store, hash, 10, &role, NULL);

	return r < 0 ? r : 0;
}

static int change(struct world *world)
{
	uint64_t job = world->jobs > JOBS ? world->jobs - below(world, JOBS) : 1;
	uint32_t file = (uint32_t)below(world, FILES);
	struct slice_row slice = {.job = job, .file = file, .slice = below(world, SLICES)};
	struct trouble_row trouble = {.job = job, .file = file, .slice = slice.slice, .losses = (uint32_t)below(world, 9)};
	uint8_t bytes[COUNTERS_MAX];
	size_t n = 1 + below(world, sizeof bytes);

	memset(bytes, (int)below(world, 256), sizeof bytes);
	switch (below(world, 14)) {
	case 0:
		return submit(world);
	case 1:
		return save_file(world, job, file, JOB_RUNNING);
	case 2:
	case 3:
	case 4:
		return store_save_slice(world->store, &slice, bytes, n, NULL);
	case 5:
		return store_save_again(world->store, job, file, slice.slice, bytes, n, NULL);
	case 6:
		return store_forget_slice(world->store, &slice, NULL);
	case 7:
		return store_save_trouble(world->store, &trouble, NULL);
	case 8:
		return merge(world, job, file, bytes, n);
	case 9:
		return save_job(world, job, JOB_COMPLETED);
	case 10:
		return store_save_node(world->store, "w1", below(world, 2), "disk", NULL);
	case 11:
		return use_kept(world, job, file);
	case 12:
		return expire(world);
	default:
		return use_token(world, (uint8_t)below(world, 3));
	}
}

static int commit(struct world *world)
{
	int r;

	world->under_way = hash_rows(world->store);
	if (!power_disk_is_dead(world->disk) && !sums_rightly(world->store))
		world->wrong_sums = true;
	world->committing = true;
	if (world->wrong == WRONG_EARLY)
		world->acknowledged = world->under_way;
	r = store_commit(world->store, NULL);
	if (r < 0)
		return r;
	world->acknowledged = world->under_way;
	world->committing = false;
	world->commits++;
	return 0;
}

/* ---- one start, until the power fails */

static const char *start(struct world *world, bool cut)
{
	const struct store_options options = {.vfs = "power"};
	static struct error error;

	error.text[0] = '\0';
	if (store_open_as(world->folder, &options, &world->store, &error) < 0)
		return cut ? NULL : error.text;
	world->store->log_pages_max = 1 + (int)below(world, 40); /* checkpoints come often, too */
	if (world->wrong == WRONG_NORMAL)
		(void)sqlite3_exec(world->store->db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
	return NULL;
}

/* Behind a cut: NULL, or what is wrong. */
static const char *check(struct world *world)
{
	uint64_t hash = hash_rows(world->store);

	if (hash == 0)
		return "the tables cannot be read";
	if (world->wrong_sums)
		return "the sums of what is kept are not those of the table";
	if (!refers_rightly(world->store))
		return "a result refers to one that is not kept, or one is stored that nobody has";
	if (store_generation(world->store) <= world->generation)
		return "the generation does not grow";
	if (world->acknowledged && hash != world->acknowledged && !(world->committing && hash == world->under_way))
		return "something that was acknowledged is lost, or a part of what was not is there";
	world->acknowledged = hash;
	world->committing = false;
	world->generation = store_generation(world->store);
	return NULL;
}

static void run(struct world *world)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < OPS_MAX && !power_disk_is_dead(world->disk); i++)
		r = below(world, 3) == 0 ? commit(world) : change(world);
}

/* One disk with its cuts. NULL, or what is wrong; *ret_cuts more. */
static const char *history(const char *folder, uint64_t seed, enum wrong wrong, uint64_t *ret_cuts, uint64_t *ret_commits)
{
	struct world world = {.folder = folder, .wrong = wrong, .random = seed};
	const char *why = NULL;

	folder_remove(folder);
	world.disk = power_disk_new("power", power_random(&world.random));
	for (unsigned i = 0; !why && i < CUTS_A_DISK; i++) {
		power_disk_cut_at(world.disk, 1 + below(&world, CALLS_MAX));
		why = start(&world, true);
		if (world.store && !why)
			why = check(&world);
		if (world.store && !why)
			run(&world);
		world.store = store_free(world.store);
		++*ret_cuts;
		power_disk_boot(world.disk);
		if (!why)
			why = start(&world, false);
		if (!why)
			why = check(&world);
		world.store = store_free(world.store); /* an end in order: nothing may be lost by that either */
	}
	*ret_commits += world.commits;
	power_disk_free(world.disk);
	return why;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_cuts(const char *folder)
{
	uint64_t seed = number_of("FQ_SEED", 1), most = number_of("FQ_POWER_CUTS", 1500), cuts = 0, commits = 0;
	const char *why = NULL;

	while (!why && cuts < most)
		why = history(folder, seed++, WRONG_NOTHING, &cuts, &commits);
	ok(!why, "scenario 31: %llu power cuts, %llu acknowledged commits, 0 lost%s%s", (unsigned long long)cuts,
	   (unsigned long long)commits, why ? "; not so with the last seed: " : "", why ? why : "");
	if (why)
		diag("FQ_SEED=%llu FQ_POWER_CUTS=1: %s", (unsigned long long)seed - 1, why);
}

static void test_found(const char *folder, enum wrong wrong, const char *what)
{
	uint64_t seed = 0, cuts = 0, commits = 0;
	const char *why = NULL;

	while (!why && cuts < 600)
		why = history(folder, ++seed, wrong, &cuts, &commits);
	ok(why, "%s is found out by seed %llu: %s", what, (unsigned long long)seed, why ? why : "no");
}

int main(void)
{
	char base[64] = "/dev/shm/fqpower.XXXXXX", folder[80];

	if (!mkdtemp(base)) { /* the mark and the lock are real files; in memory they are quick */
		(void)snprintf(base, sizeof base, "/tmp/fqpower.XXXXXX");
		if (!mkdtemp(base))
			return skip_all("no temporary folder: %s", strerror(errno));
	}
	(void)snprintf(folder, sizeof folder, "%s/state", base);
	test_cuts(folder);
	test_found(folder, WRONG_NORMAL, "a store that does not sync each commit");
	test_found(folder, WRONG_EARLY, "one that acknowledges before it commits");
	folder_remove(folder);
	(void)rmdir(base);
	return done_testing();
}
