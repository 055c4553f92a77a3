/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of bases by position: a table of bytes (byte_table.h) of the sequence lines, as they
 * stand there (lower case is told from upper case; whoever derives adds the two).
 */
#include "lib/qc/byte_table.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"

static int bases_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	byte_table_init(state);
	return 0;
}

static int bases_add(void *state, const struct batch *batch)
{
	struct piece pieces[BATCH_MAX];
	size_t n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct record *record = &batch->records[i];

		pieces[n] = (struct piece){.bytes = record->sequence, .n = record->length};
		n += record->length > 0;
	}
	return byte_table_add(state, pieces, n);
}

/* As many reads reach each position as have its length. */
static int bases_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);

	return lengths ? byte_table_check(state, &lengths->table, err) : 0;
}

const struct module module_bases = {
    .name = "bases",
    .id = MODULE_BASES,
    .state_size = sizeof(struct byte_table),
    .init = bases_init,
    .deinit = byte_table_deinit,
    .add = bases_add,
    .merge = byte_table_merge,
    .pack = byte_table_pack,
    .unpack = byte_table_unpack,
    .check = bases_check,
};
