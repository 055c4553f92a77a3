/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proof of reading: see proof.h. */
#include "lib/fastq/proof.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/digest.h"

static void put_number(uint8_t out[8], uint64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (8 * (7 - i)));
}

int proof_key(const uint8_t nonce[PROOF_NONCE_SIZE], const uint8_t uuid[16], uint32_t file, uint8_t ret_key[PROOF_SIZE])
{
	uint8_t number[8];

	put_number(number, file);
	return digest_hmac(nonce, PROOF_NONCE_SIZE, uuid, 16, number, sizeof number, ret_key);
}

/* Where the i-th of the blocks that nobody can foresee begins. */
static int block_at(uint64_t size, const uint8_t key[PROOF_SIZE], uint64_t i, uint64_t *ret_offset)
{
	uint8_t number[8], hash[DIGEST_SIZE];
	uint64_t value = 0;
	int r;

	put_number(number, i);
	r = digest_hmac(key, PROOF_SIZE, "block", 5, number, sizeof number, hash);
	for (int k = 0; k < 8; k++)
		value = value << 8 | hash[k];
	*ret_offset = value % (size - PROOF_BLOCK + 1);
	return r;
}

static int read_at(int fd, uint8_t *out, size_t n, uint64_t offset, struct error *err)
{
	while (n > 0) {
		ssize_t got = pread(fd, out, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, -errno, error_class_of_errno(errno), "cannot be read at byte %llu: %s",
			                 (unsigned long long)offset, strerror(errno));
		if (got == 0)
			return error_set(err, -ESTALE, ERROR_IO, "is shorter than it was: it ends before byte %llu",
			                 (unsigned long long)(offset + n));
		out += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

static int read_blocks(int fd, uint64_t size, const uint8_t key[PROOF_SIZE], uint8_t *out, struct error *err)
{
	int r;

	r = read_at(fd, out, PROOF_BLOCK, 0, err);
	if (r == 0)
		r = read_at(fd, out + PROOF_BLOCK, PROOF_BLOCK, size - PROOF_BLOCK, err);
	for (uint64_t i = 0; r == 0 && i < PROOF_BLOCKS; i++) {
		uint64_t offset = 0;

		r = block_at(size, key, i, &offset);
		if (r < 0)
			return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
		r = read_at(fd, out + (2 + i) * PROOF_BLOCK, PROOF_BLOCK, offset, err);
	}
	return r;
}

int proof_compute(int fd, uint64_t size, const uint8_t key[PROOF_SIZE], uint8_t ret_proof[PROOF_SIZE], struct error *err)
{
	const size_t n = size <= PROOF_WHOLE ? (size_t)size : (size_t)(2 + PROOF_BLOCKS) * PROOF_BLOCK;
	_cleanup_(freep) uint8_t *blocks = malloc(n + 1);
	uint8_t number[8];
	int r;

	assert(fd >= 0 && key && ret_proof);
	if (!blocks)
		return error_oom(err);
	r = size <= PROOF_WHOLE ? read_at(fd, blocks, n, 0, err) : read_blocks(fd, size, key, blocks, err);
	if (r < 0)
		return r;
	put_number(number, size);
	r = digest_hmac(key, PROOF_SIZE, number, sizeof number, blocks, n, ret_proof);
	return r < 0 ? error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r)) : 0;
}
