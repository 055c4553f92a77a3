/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the members of gzip begin in the text: from the number of a byte of text to its place in the file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/slice.h"

struct mark {
	uint64_t number; /* of the member's first byte of text that was read */
	uint64_t block;  /* file offset of its header */
	uint64_t within; /* bytes of its text before that: 0, but where reading began within it */
};

struct marks {
	struct mark *list;
	size_t n, capacity;
};

/* A member begins; one that stays empty gives way to the next. 0 or -ENOMEM. Numbers never go down. */
int marks_add(struct marks *marks, uint64_t number, uint64_t block);

/* Reading, and numbering, begins within a member. 0 or -ENOMEM. */
int marks_begin(struct marks *marks, struct text_place place);

/* Drops what is not needed for bytes from `before` on. */
void marks_forget(struct marks *marks, uint64_t before);

/* The place of a byte of text; there must be a mark at or before it. */
struct text_place marks_place(const struct marks *marks, uint64_t number);

void marks_deinit(struct marks *marks);
