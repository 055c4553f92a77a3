/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the coordinator knows of a file: tasks are told what is proven before them, what lacks is named, second counts complete it,
 * and all of it can be made again from the store. A real store, a real core, real counts of a made file: all its reads differ,
 * slice 1 has the 10,000th (from which on FastQC samples tiles of every tenth read), slice 13 the 100,000th.
 */
#include "daemon/coord/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/qc/count.h"
#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

#define MODULES (COUNT_LENGTHS | COUNT_TILES | COUNT_SEQUENCES)
#define SLICES 16
#define READS 120000ULL
#define RECORD 51ULL /* bytes */
#define SLICE_READS (READS / SLICES)
#define SLICE (SLICE_READS * RECORD)

struct made {
	char base[32], folder[64], path[64];
	int fd;
	struct fake fake;
	struct store *store;
	struct contexts contexts;
	struct count_rules rules;
	struct packer rules_packed;
};

static void bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

static void make_file(struct made *made)
{
	FILE *f;

	(void)snprintf(made->path, sizeof made->path, "%s/reads.fq", made->base);
	f = fopen(made->path, "we");
	for (unsigned int i = 0; f && i < READS; i++) {
		char key[13] = "";

		for (unsigned int k = 0; k < 12; k++)
			key[k] = "ACGT"[i >> 2 * k & 3];
		(void)fprintf(f, "@A:1:F:1:%u:5:%06u\n%s\n+\nIIIIII%c%c+###\n", 1101 + i % 3, i, key, '!' + i % 40, '#' + i % 30);
	}
	if (!f || fclose(f) != 0)
		bail_out("no file");
	made->fd = open(made->path, O_RDONLY | O_CLOEXEC);
}

/* A job of that file, opened and cut. */
static void begin(struct made *made)
{
	struct event event = {.kind = EVENT_SUBMIT};
	const char *const path = made->path;

	*made = (struct made){.base = "/tmp/fqcontext.XXXXXX"};
	if (!mkdtemp(made->base))
		bail_out("no temporary folder");
	(void)snprintf(made->folder, sizeof made->folder, "%s/state", made->base);
	make_file(made);
	made->store = store_at(made->folder);
	rules_default(&made->rules, COMPAT_0_12_1);
	rules_pack(&made->rules, &made->rules_packed);
	fake_init(&made->fake);
	fake_hello(&made->fake, 1, "node01", SLICES, NULL, 0);
	event.submit.row.modules = MODULES;
	event.submit.row.algorithm = FAKE_ALGORITHM;
	event.submit.row.slice_size = SLICE;
	event.submit.row.files = 1;
	event.submit.row.rules = made->rules_packed.bytes;
	event.submit.row.rules_n = (uint32_t)made->rules_packed.n;
	event.submit.paths = (const char *const[]){path};
	fake_step(&made->fake, &event);
	fake_opened(&made->fake, 1, 1, 0, READS * RECORD);
	is_u64(fake_count(&made->fake, ACTION_SEND_TASK), SLICES, "a file of many slices");
}

static void end(struct made *made)
{
	contexts_deinit(&made->contexts);
	fake_deinit(&made->fake);
	store_free(made->store);
	free(made->rules_packed.bytes);
	closep(&made->fd);
	folder_remove(made->folder);
	folder_remove(made->base);
}

/* Packed counters of slices [from, to) as one. */
static void count(const struct made *made, uint64_t from, uint64_t to, uint32_t modules, const struct prior *prior, struct packer *ret)
{
	const struct slice_task task = {
		.kind = FILE_PLAIN,
		.file_size = READS * RECORD,
		.begin = from * SLICE,
		.end = to * SLICE,
		.start_known = true,
		.start.block = from * SLICE,
		.read_max = READ_MAX_DEFAULT,
	};
	struct slice_count counted;
	struct error error;

	if (count_slice(made->fd, &task, modules, &made->rules, prior, NULL, NULL, &counted, &error) < 0 || !counted.counters ||
	    counters_pack(counted.counters, &ret->bytes, &ret->n) < 0)
		bail_out("no count");
	slice_count_deinit(&counted);
}

/* The slice is counted once as if nothing were known, saved, and proven when it is its turn. */
static void counted(struct made *made, const struct fake_task *task)
{
	uint64_t i = task->id.slice;
	struct slice_row row = {.job = 1, .slice = i};
	const struct prior prior = i == 0 ? PRIOR_FIRST : PRIOR_UNKNOWN;
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct packer packed = {0};
	struct error error;

	count(made, i, i + 1, MODULES, &prior, &packed);
	bytes = packed.bytes;
	if (store_save_slice(made->store, &row, bytes, packed.n, &error) < 0)
		bail_out(error.text);
	fake_result(&made->fake, task, i * SLICE, (i + 1) * SLICE, SLICE_READS);
}

/* What the task of a slice would be told now. */
static void told(struct made *made, uint64_t slice, bool again, uint32_t modules, struct prior *ret, uint32_t *ret_brief)
{
	struct action action = {.kind = ACTION_SEND_TASK};

	action.task.id = (struct slice_id){.job = 1, .slice = slice, .again = again};
	action.task.modules = modules;
	action.task.reads = SLICE_READS;
	action.task.qualities = SLICE_READS - 1;
	context_task(&made->contexts, made->store, made->fake.coord, &action, ret, ret_brief);
}

static void is_brief(struct made *made, const struct prior *prior, const char *what)
{
	struct action action = {.kind = ACTION_SEND_TASK, .task = {.id = {.job = 1}, .modules = MODULES}};
	struct packer want = {0};
	uint8_t digest[DIGEST_SIZE];
	struct brief brief;

	rules_pack(&made->rules, &want);
	if (prior->tracked)
		tracked_pack(prior->tracked, &want);
	for (int i = 0; i < 2; i++) {
		if (context_brief(&made->contexts, made->fake.coord, &action, prior, &brief) < 0 ||
		    digest_sha256(want.bytes, want.n, NULL, 0, digest) < 0)
			bail_out("no brief");
		ok(brief.shared->n == want.n && memcmp(brief.shared->bytes, want.bytes, want.n) == 0 && memcmp(brief.digest, digest, sizeof digest) == 0,
		   "%s%s", what, i ? ", and once more" : "");
		brief_deinit(&brief);
	}
	free(want.bytes);
}

/* ---- the facts */

/* Packed bytes in the store of slices [from, to), each looked at. */
static uint64_t stored(const struct made *made, uint64_t from, uint64_t to)
{
	uint64_t sum = 0;
	struct error error;

	for (uint64_t i = from; i < to; i++) {
		const void *bytes;
		size_t n = 0;

		if (store_slice_counters(made->store, 1, 0, i, &bytes, &n, &error) != 0)
			bail_out("a slice is not there");
		sum += n;
	}
	return sum;
}

static uint64_t owed(const struct made *made)
{
	return contexts_owed(&made->contexts, made->store, made->fake.coord, 1, 0);
}

static void test_tasks(struct made *made, const struct fake_task tasks[SLICES])
{
	struct prior prior;
	uint32_t brief;

	told(made, 0, false, MODULES, &prior, &brief);
	ok(prior.first && prior.known && prior.reads == 0 && brief == 1, "nothing lies before the first slice");
	told(made, 2, false, MODULES, &prior, &brief);
	ok(!prior.known && !prior.tracked && brief == 1, "nothing is known before another one");
	is_u64(made->contexts.n, 0, "and nothing was made for that");
	is_brief(made, &prior, "the rules are its brief");
	counted(made, &tasks[1]);
	is_u64(owed(made), 0, "what is not proven is not to be taken");
	counted(made, &tasks[0]);
	is_u64(owed(made), stored(made, 0, 2), "what has to be taken before the next task is told is known in bytes");
	told(made, 3, false, MODULES, &prior, &brief);
	ok(!prior.known && brief == 1, "of a slice behind an open one nothing is known");
	told(made, 2, false, MODULES, &prior, &brief);
	ok(prior.known && prior.reads == 2 * SLICE_READS && prior.qualities == prior.reads && prior.tile_field == 4,
	   "of the next one all that lies before");
	is_u64(made->contexts.n, 1, "which one context knows");
	is_u64(owed(made), 0, "and has taken");
	told(made, 2, false, COUNT_LENGTHS, &prior, &brief);
	ok(!prior.known && brief == 0, "modules that need nothing are told nothing");
	for (uint32_t i = 2; i < 13; i++)
		counted(made, &tasks[i]);
	is_u64(owed(made), stored(made, 2, 2 + FOLLOW_MAX), "of many slices, so many are looked at as are taken at once");
	told(made, 15, false, MODULES, &prior, &brief);
	ok(!prior.tracked && brief == 1, "97,500 sequences are not all that will be tracked");
	counted(made, &tasks[13]);
	told(made, 15, false, MODULES, &prior, &brief);
	ok(!prior.known && prior.tracked && brief == 2, "100,000 are, and any slice is told by the second brief");
	is_u64(tracked_n(prior.tracked), TRACKED_MAX, "which has them");
	is_brief(made, &prior, "rules and sequences are that brief");
	counted(made, &tasks[14]);
	counted(made, &tasks[15]);
}

static struct assembly *assemble(struct made *made, uint64_t want_patched)
{
	struct file_view view;
	struct assembly *assembly = NULL;
	struct error error = {0};
	uint64_t patched = 99;

	if (!coord_find_file(made->fake.coord, 1, 0, &view) || !view.chain)
		bail_out("the file has gone");
	is_int(context_assemble(&made->contexts, made->store, made->fake.coord, 1, 0, view.chain, &assembly, &patched, &error), 0,
	       "the slices go together%s%s", error.text[0] ? ": " : "", error.text);
	is_u64(patched, want_patched, "with second counts");
	return assembly;
}

static void test_again(struct made *made)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct packer packed = {0};
	const struct again *again;
	struct error error;
	struct prior prior;
	uint32_t brief;
	size_t n;

	again = assembly_again(assemble(made, 0), &n);
	if (n != 1)
		bail_out("what lacks is not one slice");
	ok(again[0].slice == 1 && again[0].modules == COUNT_TILES && again[0].reads == SLICE_READS,
	   "the slice of the 10,000th read lacks tiles");
	told(made, 1, true, COUNT_TILES, &prior, &brief);
	ok(prior.known && prior.reads == SLICE_READS && prior.qualities == SLICE_READS - 1 && prior.tile_field == 4 && brief == 1,
	   "its second count is told all but sequences, which it does not count");
	told(made, 1, true, COUNT_TILES | COUNT_SEQUENCES, &prior, &brief);
	ok(prior.tracked && brief == 2, "where it does it is told them");
	prior.qualities = SLICE_READS;
	count(made, 1, 2, COUNT_TILES, &prior, &packed);
	bytes = packed.bytes;
	if (store_save_again(made->store, 1, 0, 1, bytes, packed.n, &error) < 0)
		bail_out(error.text);
	(void)assembly_again(assemble(made, 1), &n);
	is_u64(n, 0, "then nothing lacks");
}

/* So many other files are looked at that this one is forgotten. */
static void forget(struct made *made)
{
	const struct chain none = {0};
	struct assembly *assembly;
	struct error error;
	uint64_t patched;

	for (uint32_t file = 1; file <= CONTEXTS_MAX; file++)
		if (context_assemble(&made->contexts, made->store, made->fake.coord, 1, file, &none, &assembly, &patched, &error) < 0)
			bail_out(error.text);
	is_u64(made->contexts.n, CONTEXTS_MAX, "contexts are bounded");
}

static void test_made_again(struct made *made)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct packer want = {0};
	struct counters *total = NULL;
	struct error error;
	size_t n = 0;

	forget(made);
	count(made, 0, SLICES, MODULES, &PRIOR_FIRST, &want);
	if (assembly_result(assemble(made, 1), &total, &error) < 0 || counters_pack(total, &bytes, &n) < 0)
		bail_out("no result");
	ok(n == want.n && memcmp(bytes, want.bytes, n) == 0, "made again from the store, they are what one process counts");
	counters_free(total);
	free(want.bytes);
}

/* The store has no counters for slice 0 that could be read; only those at hand are. */
static void test_at_hand(struct made *made)
{
	struct slice_row row = {.job = 1};
	struct counters *counters = NULL;
	struct packer packed = {0};
	struct error error;
	struct prior prior;
	uint32_t brief;

	forget(made);
	count(made, 0, 1, MODULES, &PRIOR_FIRST, &packed);
	if (store_save_slice(made->store, &row, (const uint8_t *)"nonsense", 8, &error) < 0)
		bail_out(error.text);
	for (int wrong = 2; wrong >= 0; wrong--) {
		if (counters_unpack(packed.bytes, packed.n, &counters, &error) < 0)
			bail_out(error.text);
		contexts_hold(&made->contexts, 1, wrong == 1, wrong == 2 ? 3 : 0, counters, packed.n);
		context_drop(&made->contexts, 1, 0);
		contexts_follow(&made->contexts, made->store, made->fake.coord, 1, 0);
		told(made, 1, true, COUNT_TILES, &prior, &brief);
		is_int(prior.known, wrong == 0, wrong ? "counters at hand of another %s are not taken for it" : "those of the slice are taken unread",
		       wrong == 2 ? "slice" : "file");
		is_int(!made->contexts.hand.counters, wrong == 0, "and %s at hand", wrong ? "stay" : "are no more");
	}
	contexts_let_go(&made->contexts);
	if (store_save_slice(made->store, &row, packed.bytes, packed.n, &error) < 0)
		bail_out(error.text);
	free(packed.bytes);
}

static void test_broken(struct made *made)
{
	struct slice_row row = {.job = 1, .slice = 1};
	struct assembly *assembly;
	struct file_view view;
	struct prior prior;
	struct error error = {0};
	uint64_t patched;
	uint32_t brief;

	context_drop(&made->contexts, 1, 0);
	if (store_save_slice(made->store, &row, (const uint8_t *)"nonsense", 8, &error) < 0)
		bail_out(error.text);
	told(made, 3, true, MODULES, &prior, &brief);
	ok(!prior.known && !prior.tracked && brief == 1, "counters that are damaged tell nothing");
	(void)coord_find_file(made->fake.coord, 1, 0, &view);
	ok(context_assemble(&made->contexts, made->store, made->fake.coord, 1, 0, view.chain, &assembly, &patched, &error) < 0,
	   "and are no result: %s", error.text);
	if (store_forget_slices(made->store, 1, 0, &error) < 0)
		bail_out(error.text);
	ok(context_assemble(&made->contexts, made->store, made->fake.coord, 1, 0, view.chain, &assembly, &patched, &error) == -ENODATA,
	   "nor is what is not there: %s", error.text);
	is_int(context_assemble(&made->contexts, made->store, made->fake.coord, 2, 0, view.chain, &assembly, &patched, &error), -ENOENT,
	       "nor a job that is not: %s", error.text);
}

int main(void)
{
	struct fake_task tasks[SLICES];
	struct made made;

	begin(&made);
	for (uint32_t i = 0; i < SLICES; i++)
		tasks[i] = fake_task(&made.fake, i);
	test_tasks(&made, tasks);
	test_again(&made);
	test_made_again(&made);
	test_at_hand(&made);
	test_broken(&made);
	end(&made);
	return done_testing();
}
