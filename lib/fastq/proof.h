/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proof of reading: that somebody can read a file, by a keyed hash of blocks of it that he could not have known before.
 *
 *     key   = HMAC-SHA256(nonce of the connection, uuid of the job, number of the file)
 *     proof = HMAC-SHA256(key, size, blocks)
 *
 * The blocks: the whole file where it has at most PROOF_WHOLE bytes; otherwise its first and last PROOF_BLOCK bytes and
 * PROOF_BLOCKS others, whose offsets follow from the key and the size. Submitter and worker compute it from what each of them
 * has opened, so it also tells whether both mean the same file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

#define PROOF_SIZE 32
#define PROOF_NONCE_SIZE 32
#define PROOF_BLOCK 4096
#define PROOF_BLOCKS 16
#define PROOF_WHOLE 65536

/* What a submitter has shown of a file; all zero: nothing was asked for. */
struct file_proof {
	bool wanted;
	uint64_t size; /* bytes that he saw */
	uint8_t key[PROOF_SIZE], proof[PROOF_SIZE];
};

/* 0, or negative errno where the library refuses. */
int proof_key(const uint8_t nonce[PROOF_NONCE_SIZE], const uint8_t uuid[16], uint32_t file, uint8_t ret_key[PROOF_SIZE]);

/*
 * Reads the blocks of a file of this many bytes, and hashes them. 0, or negative with a sentence without the file's name (-ESTALE:
 * the file is shorter).
 */
int proof_compute(int fd, uint64_t size, const uint8_t key[PROOF_SIZE], uint8_t ret_proof[PROOF_SIZE], struct error *err);
