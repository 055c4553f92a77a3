/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an overrepresented sequence may come from: a list of named sequences, FastQC's contaminant_list.txt (FASTQC.md section
 * 1.10), the shipped one or a user's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/rules.h"

struct contaminants;

int contaminants_default(struct contaminants **ret); /* -ENOMEM */

/*
 * Reads lines "name TAB(s) sequence"; name is the file's, for sentences. 0, -ENOMEM, or -EBADMSG with file, line and what would be
 * right.
 */
int contaminants_read(const char *text, size_t n, const char *name, struct contaminants **ret, struct error *err);
struct contaminants *contaminants_free(struct contaminants *contaminants); /* NULL */

/* The i-th contaminant in the order of the list, its sequence in upper case. */
size_t contaminants_n(const struct contaminants *contaminants);
const char *contaminants_name(const struct contaminants *contaminants, size_t i);
const char *contaminants_sequence(const struct contaminants *contaminants, size_t i);

/*
 * The possible source of a sequence of n bases, "NAME (PERCENT% over LENGTHbp)" or "No Hit", into out (cut to size). The bases may
 * be any bytes, NUL too. 0, -ENOMEM.
 */
int contaminants_hit(const struct contaminants *contaminants, const uint8_t *sequence, size_t n, enum compat compat, char *out,
                     size_t size);
