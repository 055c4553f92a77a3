/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of tracked sequences: every key is found where it is and no other one is; what is packed, and what unpack refuses. */
#include "lib/qc/tracked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/rules.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

static void trackedp(struct tracked **tracked)
{
	tracked_free(*tracked);
}

static struct tracked_key key_of(const char *text)
{
	return (struct tracked_key){.bytes = (const uint8_t *)text, .n = (uint32_t)strlen(text)};
}

static size_t find(const struct tracked *tracked, const uint8_t *bytes, size_t n)
{
	uint64_t hash = tracked_hash(tracked, bytes, n);

	tracked_prefetch(tracked, hash);
	return tracked_find(tracked, hash, bytes, n);
}

static struct tracked *list_of(const char *const *texts, size_t n)
{
	struct tracked_key keys[8];
	struct tracked *tracked = NULL;

	for (size_t i = 0; i < n; i++)
		keys[i] = key_of(texts[i]);
	if (tracked_new(keys, n, &tracked) < 0)
		abort();
	return tracked;
}

/* ---- many keys */

/* Keys of 0 to 130 bytes, each once: its number is written in it, at a random place. */
struct many {
	size_t n;
	uint8_t *bytes;
	struct tracked_key *keys;
};

static void many_make(struct many *many, size_t n)
{
	uint64_t seed = 5;

	*many = (struct many){.n = n, .bytes = malloc(n * 130 + 1), .keys = calloc(n + 1, sizeof *many->keys)};
	if (!many->bytes || !many->keys)
		abort();
	for (size_t i = 0; i < n; i++) {
		uint32_t length = i == 0 ? 0 : 24 + (uint32_t)random_below(&seed, 106);
		uint8_t *bytes = many->bytes + i * 130;
		size_t at = length > 0 ? random_below(&seed, length - 20 + 1) : 0;

		memset(bytes, 'A', length);
		for (size_t k = 0; length > 0 && k < 20; k++)
			bytes[at + k] = (uint8_t)"CGTN"[i >> (2 * k) & 3];
		many->keys[i] = (struct tracked_key){bytes, length};
	}
}

static void many_deinit(struct many *many)
{
	free(many->bytes);
	free(many->keys);
}

static void test_many(size_t n)
{
	_cleanup_(trackedp) struct tracked *tracked = NULL, *back = NULL;
	struct packer packer = {0};
	struct unpacker unpacker;
	size_t lost = 0, changed = 0, found = 0;
	struct many many;
	struct error err = {0};

	many_make(&many, n);
	is_int(tracked_new(many.keys, n, &tracked), 0, "%zu keys", n);
	is_u64(tracked_n(tracked), n, "%zu keys: their number", n);
	tracked_pack(tracked, &packer);
	unpacker = (struct unpacker){packer.bytes, packer.bytes + packer.n};
	ok(tracked_unpack(&unpacker, &back, &err) == 0 && unpack_left(&unpacker) == 0, "%zu keys: unpacked %s", n, err.text);
	is_u64(tracked_digest(back), tracked_digest(tracked), "%zu keys: the same name", n);
	for (size_t i = 0; i < n; i++) {
		struct tracked_key key = many.keys[i], got = tracked_key_at(back, i);
		uint8_t other[130];

		lost += find(tracked, key.bytes, key.n) != i || find(back, key.bytes, key.n) != i;
		changed += got.n != key.n || memcmp(got.bytes, key.bytes, key.n) != 0;
		if (key.n == 0)
			continue;
		memcpy(other, key.bytes, key.n);
		other[i % key.n] = '!';
		found += find(tracked, other, key.n) != TRACKED_NONE;
		found += find(tracked, key.bytes, 20) != TRACKED_NONE;
	}
	is_u64(lost, 0, "%zu keys: each is found at its place", n);
	is_u64(changed, 0, "%zu keys: each is as it was", n);
	is_u64(found, 0, "%zu keys: none is found that is not there", n);
	free(packer.bytes);
	many_deinit(&many);
}

static void test_bounds(void)
{
	const struct tracked_key same[] = {key_of("ACGT"), key_of("AC"), key_of("ACGT")};
	_cleanup_(freep) uint8_t *long_bytes = malloc(DUP_LENGTH_MAX + 1);
	struct tracked *tracked = NULL;
	struct many many;

	is_int(tracked_new(same, 3, &tracked), -EINVAL, "two equal keys");
	many_make(&many, TRACKED_MAX + 1);
	is_int(tracked_new(many.keys, TRACKED_MAX + 1, &tracked), -EINVAL, "a key too many");
	many_deinit(&many);
	if (!long_bytes)
		abort();
	memset(long_bytes, 'A', DUP_LENGTH_MAX + 1);
	is_int(tracked_new(&(struct tracked_key){long_bytes, DUP_LENGTH_MAX + 1}, 1, &tracked), -EINVAL, "a key too long");
	is_int(tracked_new(&(struct tracked_key){long_bytes, DUP_LENGTH_MAX}, 1, &tracked), 0, "the longest key");
	is_u64(find(tracked, long_bytes, DUP_LENGTH_MAX), 0, "the longest key is found");
	is_u64(find(tracked, long_bytes, DUP_LENGTH_MAX - 1), TRACKED_NONE, "its beginning is not");
	tracked_free(tracked);
}

static void test_references(void)
{
	static const char *const texts[] = {"A"};
	struct tracked *tracked = list_of(texts, 1);

	ok(!tracked_ref(NULL), "a reference to nothing");
	ok(tracked_ref(tracked) == tracked, "a second reference");
	ok(!tracked_free(tracked), "the first is given back");
	is_u64(tracked_n(tracked), 1, "the second holds it");
	ok(!tracked_free(tracked) && !tracked_free(NULL), "the second is given back");
}

/* ---- packed */

static void test_packed(void)
{
	static const char *const texts[] = {"ACGT", "", "TTTTG", "ACN"};
	static const uint8_t want[] = {4, 4 << 2, 0xb4, 7 << 1, 10 << 1, 0xaa, 3, 3 << 1 | 1, 'A', 'C', 'N'};
	_cleanup_(trackedp) struct tracked *tracked = list_of(texts, 4);
	struct packer packer = {0};

	tracked_pack(tracked, &packer);
	is_u64(packer.n, sizeof want, "bytes of a list");
	is_mem(packer.bytes, want, packer.n < sizeof want ? packer.n : sizeof want, "a list of four");
	ok(tracked_digest(tracked) == 0xe6b01acc42ba9e22ULL, "its name is %016llx", (unsigned long long)tracked_digest(tracked));
	free(packer.bytes);
}

static void test_digest(void)
{
	static const char *const one[] = {"AC", "GT"}, *const other[] = {"GT", "AC"}, *const joined[] = {"ACG", "T"};
	_cleanup_(trackedp) struct tracked *a = list_of(one, 2), *b = list_of(one, 2), *c = list_of(other, 2),
					   *d = list_of(joined, 2), *none = list_of(one, 0);

	ok(tracked_digest(a) == tracked_digest(b), "equal lists have one name");
	ok(tracked_digest(a) != tracked_digest(c), "another order, another name");
	ok(tracked_digest(a) != tracked_digest(d), "another cut, another name");
	ok(tracked_digest(a) != tracked_digest(none), "no keys, another name");
	is_u64(find(none, (const uint8_t *)"AC", 2), TRACKED_NONE, "nothing is found in an empty list");
}

static const struct lie {
	const char *name, *sentence;
	size_t n;
	uint8_t bytes[16];
} lies[] = {
	{"an empty list", NULL, 1, {0}},
	{"a key of no bytes", NULL, 2, {1, 0}},
	{"nothing", "end too early", 0, {0}},
	{"no key where one should be", "end too early", 1, {1}},
	{"more keys than can be", "number of keys", 3, {0xa1, 0x8d, 0x06}},
	{"letters that end too early", "end within a key", 3, {1, 5 << 2, 0}},
	{"bytes that end too early", "end within a key", 4, {1, 3 << 2 | 1, 'A', 'N'}},
	{"a key twice", "twice", 5, {2, 4, 0, 0, 0}},
	{"no bytes twice", "twice", 3, {2, 0, 0}},
	{"bits behind the last letter", "one form", 3, {1, 1 << 2, 4}},
	{"bits behind the sixth letter", "one form", 4, {1, 6 << 2, 0, 0x10}},
	{"letters as they stand", "one form", 4, {1, 2 << 2 | 1, 'A', 'C'}},
	{"no bytes as they stand", "one form", 2, {1, 1}},
	{"lower case", "one form", 4, {1, 2 << 2 | 1, 'A', 'n'}},
	{"a line's end", "one form", 4, {1, 2 << 2 | 1, 'A', '\n'}},
	{"another line's end", "one form", 4, {1, 2 << 2 | 1, 'A', '\r'}},
	{"any other byte", NULL, 5, {1, 3 << 2 | 1, 0xff, 0, '.'}},
	{"a length below 0", "a key of -1 bytes", 2, {1, 1 << 1}},
	{"a key longer than any", "length of a key", 3, {1, 0xa4, 0x1f}},
	{"a length far away", "length of a key", 6, {1, 0xff, 0xff, 0xff, 0xff, 0x0f}},
};

static void test_lie(const struct lie *lie)
{
	_cleanup_(trackedp) struct tracked *tracked = NULL;
	struct unpacker unpacker = {lie->bytes, lie->bytes + lie->n};
	struct packer packer = {0};
	struct error err = {0};
	int r = tracked_unpack(&unpacker, &tracked, &err);

	if (lie->sentence) {
		ok(r == -EBADMSG && !tracked && strstr(err.text, lie->sentence), "%s: %s", lie->name, err.text);
		return;
	}
	if (!ok(r == 0, "%s: is taken %s", lie->name, err.text))
		return;
	tracked_pack(tracked, &packer);
	ok(packer.n == lie->n && memcmp(packer.bytes, lie->bytes, lie->n) == 0, "%s: packs again", lie->name);
	free(packer.bytes);
}

/* Every bit of a packed list changed, and every cut of it. */
static void test_damage(void)
{
	static const char *const texts[] = {"ACGTTACGGTA", "ACGTTACGG.A", "", "GATTACA", "C"};
	_cleanup_(trackedp) struct tracked *tracked = list_of(texts, 5);
	struct packer packer = {0};
	size_t bad = 0, taken = 0;

	tracked_pack(tracked, &packer);
	for (size_t i = 0; i < 9 * packer.n; i++) {
		_cleanup_(freep) uint8_t *copy = malloc(packer.n);
		_cleanup_(trackedp) struct tracked *got = NULL;
		size_t n = i < 8 * packer.n ? packer.n : i - 8 * packer.n;
		struct packer again = {0};
		struct error err = {0};
		struct unpacker unpacker;

		if (!copy)
			abort();
		memcpy(copy, packer.bytes, n);
		if (n == packer.n)
			copy[i / 8] ^= (uint8_t)(1u << i % 8);
		unpacker = (struct unpacker){copy, copy + n};
		if (tracked_unpack(&unpacker, &got, &err) < 0) {
			bad += got || err.text[0] == '\0';
			continue;
		}
		taken++;
		tracked_pack(got, &again);
		bad += n < packer.n || again.n != (size_t)(unpacker.at - copy) || memcmp(again.bytes, copy, again.n) != 0;
		bad += tracked_digest(got) == tracked_digest(tracked);
		free(again.bytes);
	}
	is_u64(bad, 0, "refused with a sentence, or another list");
	diag("%zu of %zu changed bits are another list", taken, 8 * packer.n);
	free(packer.bytes);
}

int main(void)
{
	test_many(0);
	test_many(1);
	test_many(1000);
	test_many(TRACKED_MAX);
	test_bounds();
	test_references();
	test_packed();
	test_digest();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		test_lie(&lies[i]);
	test_damage();
	return done_testing();
}
