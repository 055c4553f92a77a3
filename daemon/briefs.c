/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The briefs that a worker has: see briefs.h. First in, first out; one that comes again takes the place behind all others. */
#include "daemon/briefs.h"

#include <stddef.h>
#include <string.h>

static void remove_at(struct briefs *briefs, uint32_t i, brief_drop_fn drop)
{
	struct briefs_item item = briefs->items[i];

	briefs->n--;
	briefs->bytes -= item.bytes;
	memmove(&briefs->items[i], &briefs->items[i + 1], (briefs->n - i) * sizeof *briefs->items);
	if (drop && item.brief)
		drop(item.brief);
}

const struct briefs_item *briefs_find(const struct briefs *briefs, const struct brief_key *key)
{
	for (uint32_t i = 0; i < briefs->n; i++) {
		const struct briefs_item *item = &briefs->items[i];

		if (item->key.job == key->job && item->key.file == key->file && item->key.number == key->number)
			return item;
	}
	return NULL;
}

void briefs_add(struct briefs *briefs, const struct brief_key *key, uint64_t bytes, void *brief, brief_drop_fn drop)
{
	const struct briefs_item *same = briefs_find(briefs, key);

	if (same)
		remove_at(briefs, (uint32_t)(same - briefs->items), drop);
	while (briefs->n == BRIEFS_MAX || (briefs->n > 0 && briefs->bytes + bytes > BRIEFS_BYTES_MAX))
		remove_at(briefs, 0, drop);
	briefs->items[briefs->n++] = (struct briefs_item){.key = *key, .bytes = bytes, .brief = brief};
	briefs->bytes += bytes;
}

void briefs_clear(struct briefs *briefs, brief_drop_fn drop)
{
	while (briefs->n > 0)
		remove_at(briefs, briefs->n - 1, drop);
}
