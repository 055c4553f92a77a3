/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of inputs for fuzz targets, made of frames. What cannot be written ends the program. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void corpus_must(bool fact, const char *what);
void corpus_begin(const char *folder);

/* FOLDER/TARGET/NAME, which begins with this byte (-1: none). */
FILE *corpus_create(const char *target, const char *name, int first);
void corpus_close(FILE *out);

void corpus_put_raw(FILE *out, uint16_t type, uint16_t tag, const void *payload, size_t n);
void corpus_put(FILE *out, uint16_t type, uint16_t tag, const void *message);

/* ---- make_worker_corpus.c */
void corpus_of_workers(void);
