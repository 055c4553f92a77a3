/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a file's text: see context.h. */
#include "daemon/coord/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/qc/counters.h"

void brief_deinit(struct brief *brief)
{
	(void)shared_unref(brief->shared); /* always NULL */
	*brief = (struct brief){0};
}

/* ---- which are there */

static void context_free(struct context *context)
{
	assembly_free(context->assembly);
	brief_deinit(&context->brief);
	free(context);
}

static void remove_at(struct contexts *contexts, uint32_t i)
{
	context_free(contexts->items[i]);
	contexts->items[i] = contexts->items[--contexts->n];
}

static struct context *find(const struct contexts *contexts, uint64_t job, uint32_t file, uint32_t *ret_i)
{
	for (uint32_t i = 0; i < contexts->n; i++) {
		if (contexts->items[i]->job != job || contexts->items[i]->file != file)
			continue;
		*ret_i = i;
		return contexts->items[i];
	}
	return NULL;
}

void context_drop(struct contexts *contexts, uint64_t job, uint32_t file)
{
	uint32_t i;

	if (find(contexts, job, file, &i))
		remove_at(contexts, i);
}

void contexts_let_go(struct contexts *contexts)
{
	counters_free(contexts->hand.counters);
	contexts->hand = (struct at_hand){0};
}

void contexts_hold(struct contexts *contexts, uint64_t job, uint32_t file, uint64_t slice, struct counters *counters, size_t n)
{
	contexts_let_go(contexts);
	contexts->hand = (struct at_hand){.job = job, .slice = slice, .file = file, .counters = counters, .n = n};
}

void contexts_deinit(struct contexts *contexts)
{
	contexts_let_go(contexts);
	while (contexts->n > 0)
		remove_at(contexts, contexts->n - 1);
	groupings_deinit(&contexts->groups);
}

static int rules_of(const struct job_row *row, struct count_rules *ret, struct error *err)
{
	struct unpacker unpacker = {.at = row->rules};

	if (row->rules_n > 0) {
		unpacker.end = row->rules + row->rules_n;
		return rules_unpack(ret, &unpacker, err);
	}
	rules_default(ret, COMPAT_0_12_1); /* none of its modules is counted by rules */
	return 0;
}

/* Behind which text the file lies: of a group's, where it is counted for one again. */
static int begin_of(struct contexts *contexts, struct store *store, const struct coord *coord, const struct job_row *row, uint32_t file,
                    uint32_t *ret_modules, struct prior *ret, struct error *err)
{
	struct file_view view;

	*ret_modules = row->modules;
	*ret = PRIOR_FIRST;
	ret->ordinals = row->files > row->inputs;
	if (!coord_find_file(coord, row->id, file, &view) || view.row->role != FILE_SECOND)
		return 0;
	*ret_modules = view.row->modules;
	return group_begin(&contexts->groups, store, coord, view.row, ret, err);
}

static int context_new(struct contexts *contexts, struct store *store, const struct coord *coord, const struct job_row *row, uint32_t file,
                       struct context **ret, struct error *err)
{
	struct context *context = calloc(1, sizeof *context);
	struct prior begin = {0};
	uint32_t modules;
	int r;

	if (!context)
		return error_oom(err);
	context->job = row->id;
	context->file = file;
	r = rules_of(row, &context->rules, err);
	if (r == 0)
		r = begin_of(contexts, store, coord, row, file, &modules, &begin, err);
	if (r == 0 && assembly_new_at(modules, &context->rules, &begin, &context->assembly) < 0)
		r = error_oom(err);
	tracked_free(begin.tracked);
	if (r < 0)
		context_free(context);
	else
		*ret = context;
	return r;
}

/* The context of the file; a new one takes the place of that which was not asked for the longest. */
static int context_of(struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file,
                      struct context **ret, struct error *err)
{
	const struct job_row *row = coord_find_row(coord, job);
	uint32_t oldest = 0, i;
	struct context *context = find(contexts, job, file, &i);
	int r;

	if (!row)
		return error_set(err, -ENOENT, ERROR_SOFTWARE, "there is no unfinished job %llu", (unsigned long long)job);
	if (!context) {
		r = context_new(contexts, store, coord, row, file, &context, err);
		if (r < 0)
			return r;
		for (i = 1; i < contexts->n; i++)
			if (contexts->items[i]->used < contexts->items[oldest]->used)
				oldest = i;
		if (contexts->n == CONTEXTS_MAX)
			remove_at(contexts, oldest);
		contexts->items[contexts->n++] = context;
	}
	context->used = ++contexts->uses;
	*ret = context;
	return 0;
}

/* ---- what it has taken */

/* Large counters of one file leave no room for those of others. */
static void make_room(struct contexts *contexts, struct context *context, size_t n)
{
	uint64_t others = 0;

	if (n > context->bytes)
		context->bytes = n;
	atomic_fetch_add(&contexts->taken, 1);
	for (uint32_t i = 0; i < contexts->n; i++)
		others += contexts->items[i] == context ? 0 : contexts->items[i]->bytes;
	while (contexts->bytes_max > 0 && others > 0 && others + context->bytes > contexts->bytes_max) {
		uint32_t oldest = contexts->n;

		for (uint32_t i = 0; i < contexts->n; i++)
			if (contexts->items[i] != context &&
			    (oldest == contexts->n || contexts->items[i]->used < contexts->items[oldest]->used))
				oldest = i;
		others -= contexts->items[oldest]->bytes;
		remove_at(contexts, oldest);
	}
}

static bool is_at_hand(const struct contexts *contexts, uint64_t job, uint32_t file, uint64_t slice)
{
	const struct at_hand *hand = &contexts->hand;

	return hand->counters && hand->job == job && hand->file == file && hand->slice == slice;
}

static int counters_of(struct contexts *contexts, const struct context *context, struct store *store, uint64_t slice,
                       struct counters **ret, size_t *ret_n, struct error *err)
{
	const void *bytes;
	int r;

	if (is_at_hand(contexts, context->job, context->file, slice)) {
		*ret = TAKE(contexts->hand.counters);
		*ret_n = contexts->hand.n;
		return 0;
	}
	r = store_slice_counters(store, context->job, context->file, slice, &bytes, ret_n, err);
	if (r == STORE_NONE)
		return error_set(err, -ENODATA, ERROR_SOFTWARE, "the counters of slice %llu are not in the database",
		                 (unsigned long long)slice);
	return r == 0 ? counters_unpack(bytes, *ret_n, ret, err) : r;
}

static int take_slice(struct contexts *contexts, struct context *context, struct store *store, uint64_t slice, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	size_t n = 0;
	int r;

	r = counters_of(contexts, context, store, slice, &counters, &n, err);
	if (r < 0)
		return r;
	make_room(contexts, context, n);
	return assembly_take(context->assembly, TAKE(counters), err);
}

/* Takes what is proven and not taken yet. */
static int advance(struct contexts *contexts, struct context *context, struct store *store, const struct chain *chain,
                   struct error *err)
{
	int r = 0;

	while (r == 0 && assembly_n(context->assembly) < chain->proven) {
		uint64_t slice = assembly_n(context->assembly);

		if (chain->links[slice].empty)
			assembly_skip(context->assembly);
		else
			r = take_slice(contexts, context, store, slice, err);
	}
	return r;
}

/* A failure is told by merging, which fails for the same reason. */
void contexts_follow(struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file)
{
	struct context *context;
	struct file_view view;
	struct error error;
	uint32_t i;
	int r;

	if (!coord_find_file(coord, job, file, &view) || !view.chain || view.chain->proven == 0 ||
	    (contexts->n == CONTEXTS_MAX && !find(contexts, job, file, &i)))
		return;
	r = context_of(contexts, store, coord, job, file, &context, &error);
	for (int taken = 0; r == 0 && context->assembly && taken < FOLLOW_MAX;) {
		uint64_t at = assembly_n(context->assembly);

		if (at >= view.chain->proven)
			return;
		taken += !view.chain->links[at].empty;
		if (view.chain->links[at].empty)
			assembly_skip(context->assembly);
		else
			r = take_slice(contexts, context, store, at, &error);
	}
	if (r < 0)
		context->assembly = assembly_free(context->assembly);
}

/* A second count that is there: 0, or STORE_NONE. */
static int patch_slice(struct context *context, struct store *store, const struct again *again, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	const void *bytes;
	size_t n;
	int r;

	r = store_again_counters(store, context->job, context->file, again->slice, &bytes, &n, err);
	if (r != 0)
		return r;
	r = counters_unpack(bytes, n, &counters, err);
	return r < 0 ? r : assembly_patch(context->assembly, again->slice, counters, err);
}

static int patch(struct context *context, struct store *store, uint64_t *ret_patched, struct error *err)
{
	size_t at = 0, n;

	*ret_patched = 0;
	for (;;) {
		const struct again *again = assembly_again(context->assembly, &n);
		int r;

		if (at == n)
			return 0;
		r = patch_slice(context, store, &again[at], err);
		if (r < 0)
			return r;
		if (r == 0)
			++*ret_patched; /* and the next one has taken its place */
		else
			at++;
	}
}

int context_assemble(struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file,
                     const struct chain *chain, struct assembly **ret, uint64_t *ret_patched, struct error *err)
{
	struct context *context;
	uint32_t i;
	int r;

	if (find(contexts, job, file, &i) && !contexts->items[i]->assembly)
		remove_at(contexts, i);
	r = context_of(contexts, store, coord, job, file, &context, err);
	if (r == 0)
		r = advance(contexts, context, store, chain, err);
	if (r == 0)
		r = patch(context, store, ret_patched, err);
	if (r < 0)
		context_drop(contexts, job, file);
	else
		*ret = context->assembly;
	return r;
}

/* ---- what a task is told */

/* Whether there is anything to be told that is not known without looking. */
static bool look_pays(const struct action *action, const struct file_view *view)
{
	return view->row->role == FILE_SECOND ||
	       ((action->task.modules & COUNT_ORDERED) &&
	        (action->task.id.again || (action->task.id.slice > 0 && view->chain->proven > 0)));
}

static int look(struct contexts *contexts, struct context *context, struct store *store, const struct chain *chain,
                const struct action *action, struct prior *ret, struct error *err)
{
	const struct slice_id *id = &action->task.id;
	const struct again again = {
		.slice = id->slice,
		.modules = action->task.modules,
		.reads = action->task.reads,
		.qualities = action->task.qualities,
	};
	bool needed = id->again || id->slice == chain->proven;
	int r = 0;

	if (!needed && (action->task.modules & COUNT_SEQUENCES)) {
		assembly_prior(context->assembly, id->slice, ret);
		needed = !ret->tracked;
	}
	if (needed)
		r = advance(contexts, context, store, chain, err);
	if (r < 0)
		return r;
	if (!id->again)
		assembly_prior(context->assembly, id->slice, ret);
	else
		r = assembly_again_prior(context->assembly, &again, ret);
	return r < 0 ? error_set(err, r, ERROR_SOFTWARE, "slice %llu cannot be counted again: %s", (unsigned long long)id->slice,
	                         strerror(-r))
	             : 0;
}

uint64_t context_behind(const struct contexts *contexts, const struct coord *coord, const struct action *action)
{
	const struct slice_id *id = &action->task.id;
	const struct context *context;
	struct file_view view;
	uint32_t i;

	if (!coord_find_file(coord, id->job, id->file, &view) || !view.chain || !look_pays(action, &view))
		return 0;
	context = find(contexts, id->job, id->file, &i);
	return view.chain->proven - (context && context->assembly ? assembly_n(context->assembly) : 0);
}

uint64_t contexts_owed(const struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file)
{
	const struct context *context;
	struct file_view view;
	uint64_t bytes = 0, at;
	uint32_t i;

	if (!coord_find_file(coord, job, file, &view) || !view.chain)
		return 0;
	context = find(contexts, job, file, &i);
	at = context && context->assembly ? assembly_n(context->assembly) : 0;
	for (int n = 0; n < FOLLOW_MAX && at < view.chain->proven; at++) {
		if (view.chain->links[at].empty)
			continue;
		bytes += is_at_hand(contexts, job, file, at) ? contexts->hand.n : store_slice_size(store, job, file, at);
		n++;
	}
	return bytes;
}

void context_task(struct contexts *contexts, struct store *store, const struct coord *coord, const struct action *action,
                  struct prior *ret, uint32_t *ret_brief)
{
	const struct slice_id *id = &action->task.id;
	const struct job_row *row = coord_find_row(coord, id->job);
	struct context *context = NULL;
	struct file_view view;
	struct error error;
	int r = 0;

	*ret = id->slice == 0 ? PRIOR_FIRST : PRIOR_UNKNOWN;
	if (coord_find_file(coord, id->job, id->file, &view) && view.chain && look_pays(action, &view)) {
		r = context_of(contexts, store, coord, id->job, id->file, &context, &error);
		if (r == 0 && context->assembly)
			r = look(contexts, context, store, view.chain, action, ret, &error);
	}
	if (r < 0) { /* the slice is counted as if nothing were known; merging will fail for the same reason */
		log_event(LOG_WARNING, &(struct log_about){.job = LOG_ID(id->job), .file = LOG_ID(id->file), .slice = LOG_ID(id->slice)},
		          "job %llu: %s", (unsigned long long)id->job, error.text);
		*ret = id->slice == 0 ? PRIOR_FIRST : PRIOR_UNKNOWN;
		if (context)
			context->assembly = assembly_free(context->assembly);
	}
	ret->ordinals = ret->first && row && row->files > row->inputs;
	*ret_brief = !(action->task.modules & COUNT_RULED)                            ? 0
	             : ret->tracked && (action->task.modules & COUNT_SEQUENCES) ? 2
	                                                                        : 1;
}

static int brief_make(const struct job_row *row, const struct tracked *tracked, struct brief *ret)
{
	struct packer packer = {0};
	int r = -ENOMEM;

	pack_bytes(&packer, row->rules, row->rules_n);
	if (tracked)
		tracked_pack(tracked, &packer);
	if (!packer.oom)
		r = digest_sha256(packer.bytes, packer.n, NULL, 0, ret->digest);
	if (r < 0) {
		free(packer.bytes);
		return r;
	}
	ret->shared = shared_new(packer.bytes, packer.n);
	return ret->shared ? 0 : -ENOMEM;
}

static void brief_hold(const struct brief *brief, struct brief *ret)
{
	*ret = *brief;
	(void)shared_ref(ret->shared); /* returns it */
}

int context_brief(struct contexts *contexts, const struct coord *coord, const struct action *action, const struct prior *prior,
                  struct brief *ret)
{
	const struct slice_id *id = &action->task.id;
	const struct job_row *row = coord_find_row(coord, id->job);
	struct context *context;
	uint32_t i;
	int r = 0;

	if (!(action->task.modules & COUNT_SEQUENCES) || !prior->tracked)
		return brief_make(row, NULL, ret);
	context = find(contexts, id->job, id->file, &i); /* it is there: the prior is its */
	if (!context->brief.shared)
		r = brief_make(row, prior->tracked, &context->brief);
	if (r == 0)
		brief_hold(&context->brief, ret);
	return r;
}
