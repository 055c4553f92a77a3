/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A proof of reading of a file of any bytes, of which any size is claimed: it is the same each time, another one for another key, and a
 * file that is shorter is refused with a sentence. The first 8 bytes are the claim (its difference from the truth), the next one
 * says how often the rest is repeated.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/write.h"
#include "lib/fastq/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD 9

static void must(bool fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(closep) int fd = memfd_create("proof", MFD_CLOEXEC);
	uint8_t key[PROOF_SIZE], other[PROOF_SIZE], first[PROOF_SIZE], second[PROOF_SIZE];
	const uint8_t nonce[PROOF_NONCE_SIZE] = {7}, uuid[16] = {8};
	struct error err = {0};
	uint64_t claim, bytes;
	int r;

	if (size < HEAD || fd < 0)
		return 0;
	memcpy(&claim, data, sizeof claim);
	bytes = (uint64_t)(size - HEAD) * (1 + data[8]);
	for (int i = 0; i <= data[8]; i++)
		must(write_all(fd, data + HEAD, size - HEAD) == 0);
	claim += bytes;
	must(proof_key(nonce, uuid, 1, key) == 0 && proof_key(nonce, uuid, 2, other) == 0);
	r = proof_compute(fd, claim, key, first, &err);
	must(r < 0 ? err.text[0] != '\0' : claim <= bytes);
	if (r < 0)
		return 0;
	must(proof_compute(fd, claim, key, second, &err) == 0 && memcmp(first, second, PROOF_SIZE) == 0);
	must(proof_compute(fd, claim, other, second, &err) == 0 && memcmp(first, second, PROOF_SIZE) != 0);
	return 0;
}
