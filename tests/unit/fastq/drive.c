/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a whole file through the chain: see drive.h. */
#include "tests/unit/fastq/drive.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

#define ROUNDS_MAX 1000000 /* a chain that takes more than so many counts does not end */

uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t random_below(uint64_t *state, uint64_t n)
{
	return random_next(state) % n;
}

static uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		digest = (digest ^ p[i]) * 0x100000001b3u;
	return digest;
}

uint64_t digest_record(uint64_t digest, const struct record *record)
{
	const uint32_t lengths[] = {record->name_length, record->length, record->quality_length};

	digest = digest_bytes(digest, lengths, sizeof lengths);
	digest = digest_bytes(digest, record->name, record->name_length);
	digest = digest_bytes(digest, record->sequence, record->length);
	return digest_bytes(digest, record->quality, record->quality_length);
}

uint64_t digest_join(uint64_t digest, uint64_t next)
{
	return digest_bytes(digest, &next, sizeof next);
}

/* The records of a slice, each as a digest of its own, so that slices can be joined in order. */
struct slice_records {
	uint64_t *digests;
	size_t n, capacity;
};

static void keep(struct slice_records *records, const struct record *record)
{
	if (records->n == records->capacity) {
		records->capacity = records->capacity ? 2 * records->capacity : 16;
		records->digests = reallocarray(records->digests, records->capacity,
		                                sizeof *records->digests);
		assert(records->digests);
	}
	records->digests[records->n++] = digest_record(DIGEST_START, record);
}

/* Reads a whole slice: an enum slice_outcome or negative errno. */
static int read_slice(int fd, const struct slice_task *task, struct slice_records *records,
                      struct slice_seam *seam, struct slice_fault *fault, struct error *err)
{
	static struct batch batch;
	struct slice_reader *reader = NULL;
	int r;

	records->n = 0;
	r = slice_reader_new(fd, task, &reader, err);
	if (r < 0)
		return r;
	while ((r = slice_reader_next(reader, &batch, err)) == SLICE_BATCH) {
		assert(batch.n > 0 && batch.n <= BATCH_MAX);
		for (uint32_t i = 0; i < batch.n; i++)
			keep(records, &batch.records[i]);
	}
	*seam = *slice_reader_seam(reader);
	*fault = *slice_reader_fault(reader);
	assert(r < 0 || r == SLICE_UNSURE || seam->records == records->n);
	assert(slice_reader_progress(reader) <= task->end - task->begin);
	slice_reader_free(reader);
	return r;
}

/* A slice to count: any that is open, or the first that the chain asks for. */
static uint64_t choose(const struct chain *chain, const bool *tried, uint64_t *random)
{
	uint64_t from = chain->proven + random_below(random, chain->n - chain->proven);

	for (uint64_t i = from; i < chain->n; i++)
		if (chain->links[i].state == LINK_OPEN && !tried[i])
			return i;
	for (uint64_t i = chain->proven; i < from; i++)
		if (chain->links[i].state == LINK_OPEN && !tried[i])
			return i;
	return chain->proven;
}

static int run_chain(int fd, struct chain *chain, const struct drive_options *options,
                     struct slice_records *records, struct driven *ret)
{
	bool *tried = calloc(chain->n, sizeof *tried);
	uint64_t random = options->seed;
	int r = CHAIN_MORE;

	assert(tried);
	while (r == CHAIN_MORE) {
		uint64_t i = choose(chain, tried, &random);
		struct slice_task task;
		struct slice_seam seam;
		struct slice_fault fault;
		bool used;

		if (++ret->counts > ROUNDS_MAX) {
			r = error_set(&ret->err, -ELOOP, ERROR_SOFTWARE, "the chain does not end");
			break;
		}
		tried[i] = true;
		chain_task(chain, i, options->read_max ? options->read_max : READ_MAX_DEFAULT,
		           options->lenient, &task);
		task.ahead = options->ahead;
		r = read_slice(fd, &task, &records[i], &seam, &fault, &ret->err);
		if (r < 0)
			break;
		r = (int)chain_offer(chain, i, &task, (enum slice_outcome)r, &seam, &fault, &used);
	}
	free(tried);
	return r;
}

/* Joins the records of the slices in order, up to the fault. */
static void join(const struct chain *chain, const struct slice_records *records,
                 struct driven *ret)
{
	uint64_t n = ret->code == CHAIN_FAULT ? chain->proven + 1 : chain->n;

	for (uint64_t i = 0; i < n; i++) {
		if (chain->links[i].empty)
			continue;
		for (size_t k = 0; k < records[i].n; k++)
			ret->digest = digest_join(ret->digest, records[i].digests[k]);
		ret->records += records[i].n;
	}
}

void drive(int fd, const char *path, const struct drive_options *options, struct driven *ret)
{
	struct file_facts facts;
	struct chain chain;
	struct slice_records *records;

	*ret = (struct driven){.digest = DIGEST_START};
	ret->code = file_facts_take(fd, &facts, &ret->err);
	if (ret->code < 0)
		return;
	ret->kind = facts.kind;
	ret->code = chain_init(&chain, &facts, options->slice_size ? options->slice_size : UINT64_MAX,
	                       UINT32_MAX, &ret->err);
	if (ret->code < 0)
		return;
	records = calloc(chain.n, sizeof *records);
	assert(records);
	ret->code = run_chain(fd, &chain, options, records, ret);
	if (ret->code >= 0)
		join(&chain, records, ret);
	if (ret->code == CHAIN_FAULT) {
		ret->fault = chain.links[chain.proven].fault;
		(void)fault_sentence(&ret->fault, facts.kind, path, chain.records, &ret->err);
	}
	for (uint64_t i = 0; i < chain.n; i++)
		free(records[i].digests);
	free(records);
	chain_deinit(&chain);
}

int memory_file(const void *bytes, size_t n)
{
	int fd = memfd_create("fastq", MFD_CLOEXEC);
	const uint8_t *p = bytes;

	assert(fd >= 0);
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		assert(k > 0);
		p += k;
		n -= (size_t)k;
	}
	return fd;
}
