/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256, random bytes and comparison in constant time: see digest.h. */
#include "lib/base/digest.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdatomic.h>

#include "lib/base/cleanup.h"

static void digest_context_freep(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

void crypto_start(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
	                              OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
	                              OPENSSL_INIT_NO_ATEXIT,
	                          NULL); /* a failure shows at the first use */
}

/* Looked up once, as libcrypto would for each digest anew, which takes longer than the digest of some bytes. NULL: it is not there. */
static const EVP_MD *sha256(void)
{
	static _Atomic(EVP_MD *) found;
	EVP_MD *now = atomic_load(&found), *none = NULL;

	if (now)
		return now;
	now = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (now && !atomic_compare_exchange_strong(&found, &none, now)) {
		EVP_MD_free(now); /* another thread was first */
		now = none;
	}
	return now;
}

int digest_sha256(const void *a, size_t a_n, const void *b, size_t b_n, uint8_t ret[DIGEST_SIZE])
{
	_cleanup_(digest_context_freep) EVP_MD_CTX *context = NULL;
	unsigned int n = 0;
	uint8_t digest[EVP_MAX_MD_SIZE];

	assert((a || !a_n) && (b || !b_n) && ret);
	crypto_start();
	context = EVP_MD_CTX_new();
	if (!context)
		return -ENOMEM;
	if (EVP_DigestInit_ex2(context, sha256(), NULL) != 1 ||
	    (a_n > 0 && EVP_DigestUpdate(context, a, a_n) != 1) ||
	    (b_n > 0 && EVP_DigestUpdate(context, b, b_n) != 1) ||
	    EVP_DigestFinal_ex(context, digest, &n) != 1 || n != DIGEST_SIZE)
		return -EIO;
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		ret[i] = digest[i];
	return 0;
}

/* struct digest is libcrypto's, by another name */
struct digest *digest_new(void)
{
	EVP_MD_CTX *context;

	crypto_start();
	context = EVP_MD_CTX_new();
	if (context && EVP_DigestInit_ex2(context, sha256(), NULL) != 1) {
		EVP_MD_CTX_free(context);
		context = NULL;
	}
	return (struct digest *)context;
}

int digest_add(struct digest *digest, const void *bytes, size_t n)
{
	return EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, n) == 1 ? 0 : -EIO;
}

int digest_end(struct digest *digest, uint8_t ret[DIGEST_SIZE])
{
	unsigned int n = 0;

	return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, ret, &n) == 1 && n == DIGEST_SIZE ? 0 : -EIO; /* SHA-256 writes no more */
}

struct digest *digest_free(struct digest *digest)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)digest);
	return NULL;
}

int digest_hmac(const void *key, size_t key_n, const void *a, size_t a_n, const void *b, size_t b_n, uint8_t ret[DIGEST_SIZE])
{
	uint8_t inner[64], outer[64], hash[DIGEST_SIZE];
	_cleanup_(digest_context_freep) EVP_MD_CTX *context = NULL;
	unsigned int n = 0;

	assert(key && key_n > 0 && key_n <= 64 && (a || !a_n) && (b || !b_n) && ret);
	for (size_t i = 0; i < 64; i++) {
		uint8_t byte = i < key_n ? ((const uint8_t *)key)[i] : 0;

		inner[i] = byte ^ 0x36;
		outer[i] = byte ^ 0x5c;
	}
	crypto_start();
	context = EVP_MD_CTX_new();
	if (!context)
		return -ENOMEM;
	if (EVP_DigestInit_ex2(context, sha256(), NULL) != 1 || EVP_DigestUpdate(context, inner, 64) != 1 ||
	    (a_n > 0 && EVP_DigestUpdate(context, a, a_n) != 1) || (b_n > 0 && EVP_DigestUpdate(context, b, b_n) != 1) ||
	    EVP_DigestFinal_ex(context, hash, &n) != 1 || n != DIGEST_SIZE)
		return -EIO;
	return digest_sha256(outer, 64, hash, sizeof hash, ret);
}

int digest_random(void *ret, size_t n)
{
	uint8_t *at = ret;

	assert(ret || !n);
	crypto_start();
	while (n > 0) {
		int piece = n > INT_MAX ? INT_MAX : (int)n;

		if (RAND_bytes(at, piece) != 1)
			return -EIO;
		at += piece;
		n -= (size_t)piece;
	}
	return 0;
}

bool digest_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
