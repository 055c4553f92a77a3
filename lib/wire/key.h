/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program's own Ed25519 key, and the pin by which others know it: SHA-256 of its public key
 * (SubjectPublicKeyInfo).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/error.h"

#define PIN_SIZE DIGEST_SIZE
#define PIN_TEXT_MAX (2 * PIN_SIZE + 1) /* lower-case hex */

struct key;

/*
 * Reads a PEM private key. 0, or negative with a sentence: missing (-ENOENT), readable by others
 * (-EPERM), no Ed25519 key.
 */
int key_load(const char *path, struct key **ret, struct error *err);

/*
 * Loads the key, or makes one and writes it (mode 0600, parent folders 0700, durable, never over
 * another).
 */
int key_load_or_make(const char *path, struct key **ret, bool *ret_made, struct error *err);

struct key *key_free(struct key *key);
void key_pin(const struct key *key, uint8_t ret_pin[PIN_SIZE]);
