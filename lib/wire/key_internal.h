/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a key is for lib/wire alone: its form in libcrypto, and the pin of any public key. */
#pragma once

#include <openssl/evp.h>

#include "lib/wire/key.h"

EVP_PKEY *key_pkey(const struct key *key); /* stays the key's */

/* The pin of an Ed25519 public key; -EINVAL for another kind of key. */
int key_pin_of(const EVP_PKEY *pkey, uint8_t ret_pin[PIN_SIZE]);
