/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of the file itself, in order, by pread: never beyond the size that was planned, never short without a word. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/slice.h"

enum input_outcome {
	INPUT_DATA = 0,  /* at least one byte */
	INPUT_END = 1,   /* all file_size bytes were read */
	INPUT_FAULT = 2, /* FAULT_READ, or FAULT_CHANGED where the file is shorter than planned */
};

struct input {
	int fd;
	uint64_t size; /* as planned */
	uint64_t at;   /* file offset of the next byte */
};

/* Reads at most room bytes (room > 0) to `to`; *ret_n is set with INPUT_DATA, *ret_fault with INPUT_FAULT. */
enum input_outcome input_read(struct input *input, uint8_t *to, size_t room, size_t *ret_n,
                              struct slice_fault *ret_fault);
