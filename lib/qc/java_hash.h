/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order in which a java.util.HashMap or Hashtable gives its keys back: parts of FastQC's report depend on it, down to their last
 * digits (FASTQC.md section 0.8).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/java_tree.h"

/* hashCode() of a String of bytes below 128, and of a whole number (an Integer, or a Long where it does not fit). */
uint32_t java_hash_text(const uint8_t *bytes, size_t n);
uint32_t java_hash_number(int64_t number);

/*
 * The keys' hash codes in the order in which they are put into an empty map, all keys different; order[i] becomes the number of
 * the key that comes i-th when the map is walked. Keys of equal codes are compared by compare(keys, ...) where their order matters;
 * NULL: there are none. 0 or -ENOMEM.
 */
int java_hash_order(const uint32_t *codes, size_t n, java_compare *compare, const void *keys, size_t *ret_order);

/*
 * The same of a java.util.Hashtable that was made with this initial capacity: it is walked from its last bucket to the first, the
 * newest key of a bucket first, and grows to twice its buckets and one.
 */
int java_hashtable_order(const uint32_t *codes, size_t n, size_t capacity, size_t *ret_order);
