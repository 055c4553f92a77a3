/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: small made files, good and bad, plain and compressed; and what a reader must find in them, by a second,
 * slow parser that knows the text and the members because it made them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/slice.h"

struct bytes {
	uint8_t *p;
	size_t n, capacity;
};

void bytes_add(struct bytes *bytes, const void *p, size_t n);
void bytes_deinit(struct bytes *bytes);

struct made {
	struct bytes text; /* all that can be read, up to the break */
	struct bytes file;
	enum file_kind kind;
	struct text_place *places; /* of each byte of text */
	size_t places_capacity;
	bool breaks;               /* reading ends in `fault`, not at the end of the file */
	bool fault_unsure;         /* what is read before the break depends on the inflater */
	struct slice_fault fault;
};

/* A text of some records, perhaps with a fault: how is up to the seed. */
void make_text(struct made *made, uint64_t *random);

/* The file of the text: as it is, as gzip, or as BGZF; perhaps broken. */
void make_plain(struct made *made);
void make_gzip(struct made *made, uint64_t *random);
void make_bgzf(struct made *made, uint64_t *random);

/* Adds to the file a member that holds text [from, from + n); a block has at most 65,280 bytes of it. */
void make_member(struct made *made, size_t from, size_t n, bool block, uint64_t *random);
void made_deinit(struct made *made);

/* What a reader must say of it. */
struct wanted {
	uint64_t records, digest;
	struct slice_fault fault; /* FAULT_NONE: all is good */
};

void want(const struct made *made, uint64_t read_max, bool lenient, struct wanted *ret);
