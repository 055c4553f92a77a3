/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of read lengths: see lengths.h. */
#include "lib/qc/lengths.h"

static int lengths_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	return 0; /* zero bytes are the empty table */
}

static void lengths_deinit(void *state)
{
	struct lengths *lengths = state;

	length_table_deinit(&lengths->table);
}

static int lengths_add(void *state, const struct batch *batch)
{
	struct lengths *lengths = state;

	for (uint32_t i = 0; i < batch->n; i++) {
		int r = length_table_add(&lengths->table, batch->records[i].length);

		if (r < 0)
			return r;
	}
	return 0;
}

static int lengths_merge(void *into, const void *from)
{
	return length_table_merge(&((struct lengths *)into)->table,
	                          &((const struct lengths *)from)->table);
}

static int lengths_pack(const void *state, struct packer *packer)
{
	return length_table_pack(&((const struct lengths *)state)->table, packer);
}

static int lengths_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	return length_table_unpack(&((struct lengths *)state)->table, unpacker, err);
}

const struct module module_lengths = {
    .name = "lengths",
    .id = MODULE_LENGTHS,
    .state_size = sizeof(struct lengths),
    .init = lengths_init,
    .deinit = lengths_deinit,
    .add = lengths_add,
    .merge = lengths_merge,
    .pack = lengths_pack,
    .unpack = lengths_unpack,
};
