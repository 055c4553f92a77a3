/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a gzip file through the chain of its slices: see drive_split.h. */
#include "tests/unit/fastq/drive_split.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/split_chain.h"
#include "lib/fastq/symbol.h"

#define ROUNDS_MAX 1000000

struct counted {
	uint64_t *digests;
	size_t n, capacity;
};

struct driver {
	int fd;
	const struct split_options *options;
	struct split_chain chain;
	struct split **held; /* of each link */
	struct arena_pool pool;
	struct counted *counted;
	uint64_t links; /* as many as at first */
	uint64_t random;
	struct driven *ret;
	struct split_tally *tally;
};

static void keep(struct counted *counted, const struct record *record)
{
	if (counted->n == counted->capacity) {
		counted->capacity = counted->capacity ? 2 * counted->capacity : 16;
		counted->digests = reallocarray(counted->digests, counted->capacity, sizeof *counted->digests);
		assert(counted->digests);
	}
	counted->digests[counted->n++] = digest_record(DIGEST_START, record);
}

/* What is held for links that are POINTED, or gone, is dropped. */
static void drop_useless(struct driver *driver)
{
	for (uint64_t i = 0; i < driver->links; i++) {
		bool useful = i < driver->chain.n && (driver->chain.links[i].state == SPLIT_LINK_HELD ||
		                                      driver->chain.links[i].state == SPLIT_LINK_PLACED);

		if (driver->held[i] && !useful)
			driver->held[i] = split_free(driver->held[i]);
	}
}

/* The window goes by the wire and comes back. */
static uint16_t *copy_symbols(const struct split *split)
{
	uint16_t *symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
	uint8_t *packed;
	size_t n;
	int r;

	assert(symbols);
	r = split_pack_window(split, &packed, &n);
	assert(r == 0 && n <= SYMBOLS_PACKED_MAX);
	r = symbols_unpack(packed, n, symbols);
	assert(r == 0 && memcmp(symbols, split_symbols(split), SPLIT_WINDOW * sizeof *symbols) == 0);
	(void)r;
	free(packed);
	return symbols;
}

static int inflate_link(struct driver *driver, uint64_t i)
{
	struct split_task task;
	struct split *split = NULL;
	uint16_t *symbols = NULL;
	bool used;
	int r;

	split_chain_inflate_task(&driver->chain, i, driver->options->text_max, &task);
	r = split_new(driver->fd, &task, driver->options->seed % 2 ? &driver->pool : NULL, &split, &driver->ret->err);
	assert(r == 0);
	while ((r = split_step(split)) == SPLIT_MORE)
		assert(split_progress(split) <= task.end - task.begin);
	assert(r > 0 && r != SPLIT_FAULT);
	assert(split_held(split) <= 4 * task.text_max + (256u << 10));
	driver->tally->inflated++;
	driver->tally->unsure += r == SPLIT_UNSURE;
	driver->tally->large += r == SPLIT_LARGE;
	if (r == SPLIT_DONE && !split_report(split)->next_header)
		symbols = copy_symbols(split);
	r = split_chain_offer_inflated(&driver->chain, i, (enum split_outcome)r, split_report(split), symbols, &used);
	assert(r == 0);
	if (used && driver->chain.links[i].state != SPLIT_LINK_WAITS)
		driver->held[i] = split;
	else
		split_free(split);
	drop_useless(driver);
	return CHAIN_MORE;
}

static void same_report(const struct split_report *a, const struct split_report *b)
{
	assert(a->first_bit == b->first_bit && a->next_bit == b->next_bit && a->next_header == b->next_header && a->text == b->text);
	assert(a->head_ends == b->head_ends && a->head.length == b->head.length && a->tail.length == b->tail.length);
	assert(!a->head_ends || a->tail_member == b->tail_member);
	(void)a;
	(void)b;
}

static int count_link(struct driver *driver, uint64_t i)
{
	static struct batch batch;
	struct split_link *link = &driver->chain.links[i];
	struct counted *counted = &driver->counted[i];
	const struct split_report *report = NULL;
	const uint8_t *window = NULL;
	struct slice_reader *reader = NULL;
	struct slice_task task;
	struct split_point point = link->point;
	uint8_t copy[SPLIT_WINDOW];
	bool used;
	int r;

	split_chain_count_task(&driver->chain, i, driver->options->read_max ? driver->options->read_max : READ_MAX_DEFAULT,
	                       driver->options->lenient, &task);
	if (point.window)
		point.window = memcpy(copy, point.window, split_window_size(&point));
	task.point = &point;
	task.ahead = driver->options->ahead;
	if (link->state == SPLIT_LINK_PLACED) {
		bool good = split_place(driver->held[i], &point);

		assert(good);
		(void)good;
		task.split = driver->held[i];
		driver->tally->placed++;
	} else {
		driver->tally->pointed++;
	}
	counted->n = 0;
	r = slice_reader_new(driver->fd, &task, &reader, &driver->ret->err);
	assert(r == 0);
	while ((r = slice_reader_next(reader, &batch, &driver->ret->err)) == SLICE_BATCH)
		for (uint32_t k = 0; k < batch.n; k++)
			keep(counted, &batch.records[k]);
	assert(slice_reader_progress(reader) <= task.end - task.begin);
	if (r == SLICE_END)
		report = slice_reader_split(reader, &window);
	if (report && task.split)
		same_report(report, split_report(task.split));
	if (r == SLICE_END || r == SLICE_FAULT)
		assert(!text_place_before(slice_reader_seam(reader)->next, slice_reader_seam(reader)->first));
	driver->ret->counts++;
	r = split_chain_offer_counted(&driver->chain, i, &task, (enum slice_outcome)r, slice_reader_seam(reader),
	                              slice_reader_fault(reader), report, window, &used);
	slice_reader_free(reader);
	drop_useless(driver);
	return r;
}

static bool can_do(const struct driver *driver, uint64_t i)
{
	const struct split_link *link = &driver->chain.links[i];

	return link->state == SPLIT_LINK_OPEN ||
	       ((link->state == SPLIT_LINK_PLACED || link->state == SPLIT_LINK_POINTED) &&
	        (!link->unsure || i == driver->chain.proven));
}

/* One thing that can be done, for any link. */
static int act(struct driver *driver)
{
	const struct split_chain *chain = &driver->chain;
	uint64_t from = chain->proven + random_below(&driver->random, chain->n - chain->proven), i = from;

	do {
		if (can_do(driver, i))
			break;
		i = i + 1 < chain->n ? i + 1 : chain->proven;
	} while (i != from);
	assert(can_do(driver, i));
	if (driver->options->lose && random_below(&driver->random, 8) == 0) {
		split_chain_lost(&driver->chain, i);
		drop_useless(driver);
	}
	if (chain->links[i].state == SPLIT_LINK_OPEN && random_below(&driver->random, 4) > 0)
		(void)split_chain_point(&driver->chain, i);
	if (chain->links[i].state == SPLIT_LINK_OPEN)
		return inflate_link(driver, i);
	return count_link(driver, i);
}

static void join(struct driver *driver)
{
	struct split_chain *chain = &driver->chain;
	uint64_t n = driver->ret->code == CHAIN_FAULT ? chain->proven + 1 : chain->n;

	for (uint64_t i = 0; i < n; i++) {
		driver->tally->empty += chain->links[i].empty;
		if (chain->links[i].empty)
			continue;
		for (size_t k = 0; k < driver->counted[i].n; k++)
			driver->ret->digest = digest_join(driver->ret->digest, driver->counted[i].digests[k]);
		driver->ret->records += driver->counted[i].n;
	}
	driver->tally->rests += chain->rest;
	if (driver->ret->code == CHAIN_FAULT) {
		driver->ret->fault = chain->links[chain->proven].fault;
		(void)fault_sentence(&driver->ret->fault, FILE_GZIP, "made", chain->records, &driver->ret->err);
	}
	if (driver->ret->code == CHAIN_DONE)
		assert(chain->records == driver->ret->records);
}

void drive_split(int fd, const char *path, const struct split_options *options, struct driven *ret, struct split_tally *tally)
{
	struct driver driver = {.fd = fd, .options = options, .random = options->seed, .ret = ret, .tally = tally, .pool.most = 3};
	struct file_facts facts;
	uint64_t rounds = 0;

	(void)path;
	*ret = (struct driven){.digest = DIGEST_START};
	ret->code = file_facts_take(fd, &facts, &ret->err);
	if (ret->code < 0)
		return;
	ret->kind = facts.kind;
	assert(facts.kind == FILE_GZIP);
	ret->code = split_chain_init(&driver.chain, facts.fingerprint.size, options->slice_size, UINT32_MAX, &ret->err);
	assert(ret->code == 0);
	driver.links = driver.chain.n;
	driver.held = calloc((size_t)driver.links, sizeof *driver.held);
	driver.counted = calloc((size_t)driver.links, sizeof *driver.counted);
	assert(driver.held && driver.counted);
	do
		ret->code = ++rounds > ROUNDS_MAX ? -ELOOP : act(&driver);
	while (ret->code == CHAIN_MORE);
	if (ret->code >= 0)
		join(&driver);
	for (uint64_t i = 0; i < driver.links; i++) {
		split_free(driver.held[i]);
		free(driver.counted[i].digests);
	}
	arena_pool_deinit(&driver.pool);
	free(driver.held);
	free(driver.counted);
	split_chain_deinit(&driver.chain);
}
