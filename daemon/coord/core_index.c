/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept beside the state, so that no event walks over all nodes, jobs or files:
 *
 *     peers     node by its connection
 *     ready     nodes with free slots, the freest first (a heap); openers: how many may be asked to open something
 *     due_ms    before it nothing stalls, no suspect node has its chance and none is forgotten: when it comes, all is looked
 *               through, and it is known anew
 *     work      of a job: files of which something may be handed out (a bit each)
 *     sums      of a job: what people see of its files
 *
 * Each follows from the state alone; the simulator counts it all anew and compares (tests/sim/recount.c).
 */
#include <assert.h>
#include <string.h>

#include "daemon/coord/core_internal.h"

/* ---- peers */

void node_peer_set(struct coord *coord, struct node *node, uint64_t peer)
{
	struct node **at = &coord->peers[node->peer % PEER_BUCKETS];

	if (node->peer) {
		while (*at != node)
			at = &(*at)->next_of_peer;
		*at = node->next_of_peer;
	}
	node->peer = peer;
	if (!peer)
		return;
	at = &coord->peers[peer % PEER_BUCKETS];
	node->next_of_peer = *at;
	*at = node;
}

struct node *node_of_peer(const struct coord *coord, uint64_t peer)
{
	struct node *node = peer ? coord->peers[peer % PEER_BUCKETS] : NULL;

	while (node && node->peer != peer)
		node = node->next_of_peer;
	return node;
}

/* ---- nodes that may be given something */

static bool readier(const struct node *a, const struct node *b)
{
	return a->free != b->free ? a->free > b->free : strcmp(a->name, b->name) < 0;
}

static void ready_put(struct coord *coord, struct node *node, uint32_t i)
{
	coord->ready[i] = node;
	node->ready_at = i + 1;
}

static void ready_sift(struct coord *coord, struct node *node, uint32_t i)
{
	for (; i > 0 && readier(node, coord->ready[(i - 1) / 2]); i = (i - 1) / 2)
		ready_put(coord, coord->ready[(i - 1) / 2], i);
	for (uint32_t child; (child = 2 * i + 1) < coord->ready_n; i = child) {
		if (child + 1 < coord->ready_n && readier(coord->ready[child + 1], coord->ready[child]))
			child++;
		if (!readier(coord->ready[child], node))
			break;
		ready_put(coord, coord->ready[child], i);
	}
	ready_put(coord, node, i);
}

static void ready_leave(struct coord *coord, struct node *node)
{
	struct node *last = coord->ready[--coord->ready_n];
	uint32_t i = node->ready_at - 1;

	node->ready_at = 0;
	if (last != node)
		ready_sift(coord, last, i);
}

void node_refresh(struct coord *coord, struct node *node)
{
	bool opener;

	if (coord->index_stale)
		return;
	opener = node_takes_new(coord, node) && node->opens < OPENS_PER_NODE;
	coord->openers += opener;
	coord->openers -= node->opener;
	node->opener = opener;
	if (opener && node->opens < coord->opens_least)
		coord->opens_least = node->opens;
	node->free = node == coord->emptied ? 0 : slots_free(coord, node);
	if (node->free > 0)
		ready_sift(coord, node, node->ready_at > 0 ? node->ready_at - 1 : coord->ready_n++);
	else if (node->ready_at > 0)
		ready_leave(coord, node);
}

void nodes_change(struct coord *coord)
{
	coord->nodes_changed = coord->index_stale = true;
}

void nodes_refresh(struct coord *coord)
{
	if (!coord->index_stale)
		return;
	coord->index_stale = false;
	coord->ready_n = coord->openers = coord->opens_least = coord->split_slots = 0;
	coord->opens_review = true;
	splits_wake(coord);
	for (uint32_t i = 0; i < coord->nodes_n; i++) {
		coord->nodes[i]->ready_at = 0;
		coord->nodes[i]->opener = false;
		if (node_takes_work(coord->nodes[i]) && coord->nodes[i]->proto >= SPLIT_PROTO)
			coord->split_slots += coord->nodes[i]->slots;
		node_refresh(coord, coord->nodes[i]);
	}
}

struct node *node_freest(struct coord *coord)
{
	nodes_refresh(coord);
	return coord->ready_n > 0 ? coord->ready[0] : NULL;
}

/* ---- deadlines */

void due_by(struct coord *coord, uint64_t ms)
{
	if (ms < coord->due_ms)
		coord->due_ms = ms;
}

/* ---- files with something to hand out */

void work_set(struct coord *coord, struct job *job, const struct file *file)
{
	uint32_t f = file->row.file;
	uint64_t *word = &job->work[f / 64], bit = UINT64_C(1) << (f % 64);

	if (*word & bit)
		return;
	*word |= bit;
	job->work_n++;
	coord->work_n++;
	if (f / 64 < job->work_from)
		job->work_from = f / 64;
}

void work_clear(struct coord *coord, struct job *job, uint32_t f)
{
	job->work[f / 64] &= ~(UINT64_C(1) << (f % 64));
	job->work_n--;
	coord->work_n--;
}

uint32_t work_next(struct job *job, uint32_t f)
{
	uint32_t word = f / 64, words = (job->row.files + 63) / 64;
	uint64_t bits;

	if (f == 0)
		word = job->work_from;
	if (word >= words)
		return job->row.files;
	bits = word == f / 64 ? job->work[word] & (~UINT64_C(0) << (f % 64)) : job->work[word];
	while (bits == 0 && ++word < words)
		bits = job->work[word];
	if (f == 0)
		job->work_from = word;
	return bits ? word * 64 + (uint32_t)__builtin_ctzll(bits) : job->row.files;
}

/* ---- sums */

void file_sums(const struct file *file, struct sums *ret)
{
	uint64_t size = file->row.planned ? file->row.facts.fingerprint.size : 0;

	ret->bytes = size;
	ret->bytes_done = file->ended || file->bytes_done > size ? size : file->bytes_done;
	ret->records = file->row.role != FILE_ALONE ? 0 : file->ended ? file->row.records : file->chain.records;
	ret->bases = file->row.role != FILE_ALONE ? 0 : file->row.bases;
	ret->cached = file->row.cached && file->row.role == FILE_ALONE;
	ret->known = file->row.cached;
	ret->lacking = !file->row.planned && file->fails_n > 0;
}

/* Unsigned numbers wrap around and back. */
void file_changed(struct job *job, struct file *file)
{
	struct sums now;

	file_sums(file, &now);
	job->sums.bytes += now.bytes - file->summed.bytes;
	job->sums.bytes_done += now.bytes_done - file->summed.bytes_done;
	job->sums.records += now.records - file->summed.records;
	job->sums.bases += now.bases - file->summed.bases;
	job->sums.lacking += now.lacking - file->summed.lacking;
	job->sums.cached += now.cached - file->summed.cached;
	job->sums.known += now.known - file->summed.known;
	file->summed = now;
}
