/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256, random bytes and comparison in constant time, from libcrypto (the one file that includes it for these). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

/*
 * Starts libcrypto without what costs a short-lived program half of its start: its texts of errors, the site's openssl.cnf, and
 * tidying up at exit. Counts only as the first use of the library, so whoever may be that first calls it; once more is nothing.
 */
void crypto_start(void);

/* SHA-256 of two pieces one after the other (the second may be of length 0). 0 or negative errno. */
int digest_sha256(const void *a, size_t a_n, const void *b, size_t b_n, uint8_t ret[DIGEST_SIZE]);

/* The same of as many pieces as there are. NULL: no memory; 0 or negative errno. */
struct digest;
struct digest *digest_new(void);
int digest_add(struct digest *digest, const void *bytes, size_t n);
int digest_end(struct digest *digest, uint8_t ret[DIGEST_SIZE]); /* nothing can be added behind it */
struct digest *digest_free(struct digest *digest);

/* HMAC-SHA256 (RFC 2104) of two pieces one after the other under a key of 1 to 64 bytes. 0 or negative errno. */
int digest_hmac(const void *key, size_t key_n, const void *a, size_t a_n, const void *b, size_t b_n, uint8_t ret[DIGEST_SIZE]);

/* n bytes nobody can predict; 0 or negative errno. */
int digest_random(void *ret, size_t n);

bool digest_equal(const uint8_t *a, const uint8_t *b, size_t n);
