/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which child has which text: see texts.h. The list is short: some slices for each slot. */
#include "daemon/worker/texts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

struct text_key texts_key(const fq_SliceRef *ref)
{
	return (struct text_key){.job = ref->job, .file = ref->file, .slice = ref->slice};
}

static struct text *find(const struct texts *texts, const fq_SliceRef *ref)
{
	for (size_t i = 0; i < texts->n; i++) {
		const struct text_key *key = &texts->list[i].key;

		if (key->job == ref->job && key->file == ref->file && key->slice == ref->slice)
			return &texts->list[i];
	}
	return NULL;
}

/* Not one that was started since. */
static bool is_there(const struct text *text)
{
	return text->slot->process.pid == text->pid;
}

static void drop_at(struct texts *texts, struct text *text)
{
	size_t behind = texts->n - (size_t)(text - texts->list) - 1;

	if (is_there(text))
		slot_forget(text->slot, &text->key);
	memmove(text, text + 1, behind * sizeof *text);
	texts->n--;
}

void texts_keep(struct texts *texts, const fq_SliceRef *ref, struct slot *slot)
{
	struct text *list, *before = find(texts, ref);

	if (before && before->slot == slot)
		before->pid = 0; /* it has the new one in its place */
	if (before)
		drop_at(texts, before);
	if (texts->n == TEXTS_MAX)
		drop_at(texts, texts->list);
	list = reallocarray(texts->list, texts->n + 1, sizeof *list);
	if (!list)
		return;
	texts->list = list;
	list[texts->n++] = (struct text){.key = texts_key(ref), .slot = slot, .pid = slot->process.pid};
}

struct slot *texts_slot(const struct texts *texts, const fq_SliceRef *ref)
{
	const struct text *text = find(texts, ref);

	return text && is_there(text) ? text->slot : NULL;
}

size_t texts_of(const struct texts *texts, const struct slot *slot)
{
	size_t n = 0;

	for (size_t i = 0; i < texts->n; i++)
		n += texts->list[i].slot == slot && is_there(&texts->list[i]);
	return n;
}

void texts_drop(struct texts *texts, const fq_SliceRef *ref)
{
	struct text *text = find(texts, ref);

	if (text)
		drop_at(texts, text);
}

void texts_clear(struct texts *texts, struct slot *slots, size_t slots_n)
{
	for (size_t i = 0; i < slots_n && texts->n > 0; i++)
		if (texts_of(texts, &slots[i]) > 0)
			slot_forget(&slots[i], NULL);
	texts->n = 0;
}

void texts_deinit(struct texts *texts)
{
	free(TAKE(texts->list));
	texts->n = 0;
}
