/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs of reading: the same from the same bytes, another after any change that they cover, for any key. */
#include "lib/fastq/proof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/tap.h"

static const uint8_t uuid[16] = {7};

static bool same(int fd, int other, uint64_t size, const uint8_t key[PROOF_SIZE])
{
	uint8_t one[PROOF_SIZE], two[PROOF_SIZE];
	struct error err = {0};

	if (proof_compute(fd, size, key, one, &err) < 0 || proof_compute(other, size, key, two, &err) < 0) {
		diag("a proof cannot be made: %s", err.text);
		abort();
	}
	return memcmp(one, two, sizeof one) == 0;
}

static void test_keys(void)
{
	uint8_t nonce[PROOF_NONCE_SIZE] = {1}, a[PROOF_SIZE], b[PROOF_SIZE], c[PROOF_SIZE];

	ok(proof_key(nonce, uuid, 0, a) == 0 && proof_key(nonce, uuid, 1, b) == 0, "keys are made");
	ok(memcmp(a, b, sizeof a) != 0, "another file of the job has another key");
	nonce[31] = 1;
	ok(proof_key(nonce, uuid, 0, c) == 0 && memcmp(a, c, sizeof a) != 0, "another nonce gives another key");
}

/* Each byte of a small file counts. */
static void test_small(size_t n)
{
	uint8_t bytes[64] = {0}, key[PROOF_SIZE] = {3};
	_cleanup_(closep) int fd = memory_file(bytes, n);
	unsigned found = 0;

	ok(same(fd, fd, n, key), "%zu bytes: the same file has the same proof", n);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(closep) int other = -1;

		bytes[i] = 1;
		other = memory_file(bytes, n);
		found += !same(fd, other, n, key);
		bytes[i] = 0;
	}
	is_int(found, n, "%zu bytes: any changed byte is noticed", n);
}

/* Of a large one the ends do under every key, and of what lies between some keys find each byte. */
static void test_large(void)
{
	enum { N = 100000 };
	_cleanup_(freep) uint8_t *bytes = calloc(1, N);
	_cleanup_(closep) int fd = memory_file(bytes, N), first = -1, last = -1, middle = -1;
	uint8_t key[PROOF_SIZE] = {0};
	unsigned ends = 0, found = 0;

	bytes[0] = 1;
	first = memory_file(bytes, N);
	bytes[0] = 0;
	bytes[N - 1] = 1;
	last = memory_file(bytes, N);
	bytes[N - 1] = 0;
	bytes[N / 2] = 1;
	middle = memory_file(bytes, N);
	for (key[0] = 0; key[0] < 100; key[0]++) {
		ends += !same(fd, first, N, key) && !same(fd, last, N, key);
		found += !same(fd, middle, N, key);
	}
	is_int(ends, 100, "a changed end is noticed with each key");
	ok(found > 10 && found < 100, "a byte between them with some keys (%u of 100): blocks depend on the key", found);
}

static void test_size(void)
{
	static const uint8_t bytes[10];
	_cleanup_(closep) int fd = memory_file(bytes, sizeof bytes);
	uint8_t key[PROOF_SIZE] = {0}, nine[PROOF_SIZE], ten[PROOF_SIZE];
	struct error err = {0};

	ok(proof_compute(fd, 9, key, nine, &err) == 0 && proof_compute(fd, 10, key, ten, &err) == 0 && memcmp(nine, ten, PROOF_SIZE) != 0,
	   "the size counts");
	is_int(proof_compute(fd, 11, key, ten, &err), -ESTALE, "a file that is shorter than was told");
	is_str(err.text, "is shorter than it was: it ends before byte 11", "and its sentence");
	is_int(proof_compute(fd, PROOF_WHOLE + 1, key, ten, &err), -ESTALE, "also where only blocks are read");
}

int main(void)
{
	test_keys();
	test_small(0);
	test_small(1);
	test_small(64);
	test_large();
	test_size();
	return done_testing();
}
