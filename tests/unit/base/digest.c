/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/base/digest.h: the examples of FIPS 180-2 appendix B, and that two pieces are one message. */
#include "lib/base/digest.h"

#include <string.h>

#include "lib/base/text.h"
#include "tests/unit/tap.h"

static void is_sha256(const char *a, const char *b, const char *want)
{
	uint8_t digest[DIGEST_SIZE] = {0};
	char hex[2 * DIGEST_SIZE + 1];

	is_int(digest_sha256(a, strlen(a), b, b ? strlen(b) : 0, digest), 0,
	       "SHA-256 of \"%s\", \"%s\"", a, b ? b : "");
	is_str(text_hex(hex, digest, sizeof digest), want, "digest of \"%s\", \"%s\"", a,
	       b ? b : "");
}

/* RFC 4231, test cases 1 and 2. */
static void is_hmac(const void *key, size_t key_n, const char *a, const char *b, const char *want)
{
	uint8_t digest[DIGEST_SIZE] = {0};
	char hex[2 * DIGEST_SIZE + 1];

	is_int(digest_hmac(key, key_n, a, strlen(a), b, strlen(b), digest), 0, "HMAC of \"%s\", \"%s\"", a, b);
	is_str(text_hex(hex, digest, sizeof digest), want, "it is that of the RFC");
}

/* The same message in each two pieces that it can be cut into. */
static void test_pieces(const char *text, const char *want)
{
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct digest *digest = digest_new();
		char hex[2 * DIGEST_SIZE + 1];
		uint8_t got[DIGEST_SIZE];

		ok(digest && digest_add(digest, text, cut) == 0 && digest_add(digest, text + cut, strlen(text) - cut) == 0 &&
		       digest_end(digest, got) == 0 && strcmp(text_hex(hex, got, sizeof got), want) == 0,
		   "\"%s\" cut at %zu", text, cut);
		digest = digest_free(digest);
	}
}

int main(void)
{
	static const char abc[] =
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	uint8_t one[64] = {0}, two[64] = {0};

	test_pieces("abc", abc);
	is_sha256("abc", NULL, abc);
	is_sha256("abc", "", abc);
	is_sha256("a", "bc", abc);
	is_sha256("", "abc", abc);
	is_sha256("", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	is_sha256("abcdbcdecdefdefgefghfghighijhi", "jkijkljklmklmnlmnomnopnopq",
	          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");

	memset(one, 0x0b, 20);
	is_hmac(one, 20, "Hi ", "There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	is_hmac("Jefe", 4, "what do ya want for nothing?", "", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");

	is_int(digest_random(one, sizeof one), 0, "random bytes");
	is_int(digest_random(two, sizeof two), 0, "more random bytes");
	ok(memcmp(one, two, sizeof one) != 0, "they differ");
	is_int(digest_random(NULL, 0), 0, "no random bytes");

	ok(!digest_equal(one, two, sizeof one), "different is not equal");
	memcpy(two, one, sizeof one);
	ok(digest_equal(one, two, sizeof one), "a copy is equal");
	two[63] ^= 1;
	ok(!digest_equal(one, two, sizeof one), "the last bit counts");
	ok(digest_equal(one, two, 63), "only n bytes are looked at");
	return done_testing();
}
