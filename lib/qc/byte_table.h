/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes by position: how many reads have which byte at which position. One table counts qualities
 * (quality_table.c), another one the bases (bases.c).
 *
 * Positions come in blocks of QUALITY_ROW. Where many reads reach a block and the CPU can do it, they are counted straight from
 * the text (symbol_kernel.h). Elsewhere the bytes of each read that reaches the block are kept as a row; when QUALITY_ROWS
 * rows have come, they are counted at once, by comparing all rows with each of the few bytes that occur (many times as quick
 * as a counter addressed by position and byte), and forgotten. So memory is at most about 260 bytes a position in rows and
 * 10 bytes for each position and byte that occurs in its block; and what only one read reaches costs some 4 bytes.
 */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/length_table.h"
#include "lib/qc/quality_kernel.h"
#include "lib/qc/symbol_kernel.h"
#include "lib/qc/varint.h"

/* Reads by byte and position in block, for the bytes that occur. */
struct table_columns {
	uint16_t n, size;
	uint16_t place[256]; /* by byte: 1 + its place in bytes and counts, or 0 */
	uint8_t bytes[256];
	uint64_t (*counts)[QUALITY_ROW];
};

struct table_block {
	struct table_columns *columns; /* NULL before the first time that rows were counted */
	uint16_t (*recent)[QUALITY_ROW]; /* by place in columns: counts not yet moved there */
	uint16_t recent_size, recent_calls;
	uint8_t *rows;    /* QUALITY_ROW bytes each; short ones are filled up with rows[0] */
	uint8_t *lengths; /* of the rows, 1 to QUALITY_ROW */
	uint16_t rows_n, rows_size;
};

struct byte_table {
	const struct quality_kernel *kernel;
	symbol_count_fn count; /* or NULL */
	struct table_block *blocks;
	size_t n, size;
};

void byte_table_init(void *table);
void byte_table_deinit(void *table);

/*
 * The bytes of n reads, none of which is empty; BATCH_SLACK bytes behind each can be read. The pieces are used up.
 * 0 or -ENOMEM.
 */
int byte_table_add(struct byte_table *table, struct piece *pieces, size_t n);

/* As the functions of a module (module.h). */
int byte_table_merge(void *into, const void *from);
int byte_table_pack(const void *table, struct packer *packer);
int byte_table_unpack(void *table, struct unpacker *unpacker, struct error *err);

/* Positions of the table, from 0, that any read reaches. 0 or -ENOMEM. */
int table_positions(const struct byte_table *table, uint64_t *ret);

/* Whether as many reads reach each position as have its length: 0, -ENOMEM, or -EBADMSG with a sentence. */
int byte_table_check(const struct byte_table *table, const struct length_table *lengths,
                     struct error *err);

/*
 * All counts of a block, rows included; bytes by growing value. Reusable for block after block:
 * start with zero bytes.
 */
struct table_view {
	struct table_columns columns;
	uint8_t order[256]; /* columns.bytes in growing order, columns.n of them */
};

/* 0 or -ENOMEM. A block that is not there has no bytes. */
int table_view_take(struct table_view *view, const struct byte_table *table, size_t block);
void table_view_deinit(struct table_view *view);

/* Reads with this byte at a position of the block. */
static inline uint64_t table_view_count(const struct table_view *view, uint8_t byte,
                                        size_t position)
{
	uint16_t place = view->columns.place[byte];

	return place > 0 ? view->columns.counts[place - 1][position] : 0;
}
