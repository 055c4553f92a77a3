/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What unpack refuses of tracked sequences: every cut, every changed bit, and lies that add up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/qc/sequences_rig.h"
#include "tests/unit/tap.h"

/* Refused with a sentence, or taken and then packed to the very same bytes. */
static bool sound(const struct forms *forms, const uint8_t *bytes, size_t n, bool *ret_taken)
{
	_cleanup_(statep) struct sequences *state = state_new(&forms->rig.rules, &PRIOR_UNKNOWN);
	_cleanup_(packerp) struct packer again = {0};
	struct unpacker unpacker = {bytes, bytes + n};
	struct error err = {0};
	int r = module_sequences.unpack(state, &unpacker, &err);

	*ret_taken = r == 0;
	if (r < 0)
		return r == -EBADMSG && err.text[0] != '\0';
	state_pack(state, &again);
	return again.n == (size_t)(unpacker.at - bytes) && memcmp(again.bytes, bytes, again.n) == 0;
}

static void test_damage(const struct forms *forms, const struct sequences *state, const char *name)
{
	_cleanup_(packerp) struct packer packer = {0};
	size_t bad = 0, cuts = 0, changes = 0;
	bool taken;

	state_pack(state, &packer);
	for (size_t i = 0; i < packer.n; i++) {
		_cleanup_(freep) uint8_t *copy = malloc(i + 1);

		if (!copy)
			abort();
		memcpy(copy, packer.bytes, i);
		bad += !sound(forms, copy, i, &taken);
		cuts += taken;
	}
	for (size_t i = 0; i < 8 * packer.n; i++) {
		packer.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		bad += !sound(forms, packer.bytes, packer.n, &taken);
		changes += taken;
		packer.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	is_u64(bad, 0, "%s: refused with a sentence, or canonical", name);
	is_u64(cuts, 0, "%s: no cut is taken", name);
	diag("%s: %zu of %zu changed bits are plausible", name, changes, 8 * packer.n);
}

#define END 0xee

static const struct lie {
	const char *name, *sentence;
	uint8_t bytes[40];
} lies[] = {
	{"an empty beginning", NULL, {0, 0, 0, 0, END}},
	{"a beginning", NULL, {0, 3, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"more reads than keys have", "do not fit", {0, 4, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"fewer reads than keys have", "do not fit", {0, 2, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"a key without reads", "do not fit", {0, 2, 0, 2, 4, 0, 0, 1, 0, 2, END}},
	{"an incomplete list that lacks counts", "do not fit", {0, 4, 1, 2, 4, 0, 0, 1, 1, 2, END}},
	{"more lacking than there are", "lack counts", {0, 4, 5, 2, 4, 0, 0, 1, 1, 2, END}},
	{"a key longer than the rules allow", "51 bytes", {0, 3, 0, 2, 0xcc, 1, END}},
	{"too many keys", "number of keys", {0, 100, 0, 41, END}},
	{"an empty slice", NULL, {1, 0, 0, END}},
	{"a slice", NULL, {1, 9, 2, 4, 0, 0, 1, 2, 4, 3, END}},
	{"a slice of more keys than reads", "number of keys", {1, 1, 2, 4, 0, 0, 1, 0, 0, 0, END}},
	{"a first read that never was", "none of the reads has", {1, 9, 2, 4, 0, 0, 1, 8, 8, 0, END}},
	{"reads without a key", "without a key", {1, 9, 2, 4, 0, 0, 1, 2, 4, 2, END}},
	{"reads before a key that have none", "lie before the next", {1, 9, 2, 4, 0, 0, 1, 5, 4, 3, END}},
	{"more of a key than reads", "reads of a key", {1, 9, 2, 4, 0, 0, 1, 2, 9, 3, END}},
	{"all reads before the last key", "more keys than reads", {1, 9, 2, 4, 0, 0, 1, 2, 8, 0, END}},
	{"an overflowed slice of few keys", "too few keys", {2, 9, 2, 4, 0, 0, 1, 2, END}},
	{"counts", NULL, {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 35, 3, END}},
	{"no counts", NULL, {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 0, END}},
	{"counts by no list", NULL, {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, END}},
	{"a list that is too long", "tracked sequences is 41", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 41, 0, END}},
	{"more counts than keys", "number of counts", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 3, 4, END}},
	{"a count behind the list", "step of keys", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 36, 3, END}},
	{"counts behind the list", "more keys than there are", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2, 3, 4, 0, 3, END}},
	{"more counts than reads", "reads of a key", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 35, 4, END}},
	{"counts of no read", "more keys than there are", {3, 5, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 35, 0, END}},
	{"a digest that ends", "too early", {3, 9, 1, 2, 3, 4, END}},
	{"a beginning with places", NULL, {4, 3, 0, 2, 4, 0, 0, 1, 1, 2, 0, END}},
	{"a place of no read", "none of the reads has", {4, 3, 0, 2, 4, 0, 0, 1, 1, 2, 2, END}},
	{"a place before which too few reads lie", "fewer reads than lie before", {4, 3, 0, 2, 4, 0, 0, 1, 1, 2, 1, END}},
	{"places that end", "too early", {4, 3, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"another form", "a kind that", {5, 0, 0, END}},
	{"more reads than can be", "number of reads", {1, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, END}},
};

static void test_lie(const struct forms *forms, const struct lie *lie)
{
	_cleanup_(statep) struct sequences *state = state_new(&forms->rig.rules, &PRIOR_UNKNOWN);
	struct unpacker unpacker = {lie->bytes, lie->bytes};
	struct error err = {0};
	bool taken;
	int r;

	while (*unpacker.end != END)
		unpacker.end++;
	r = module_sequences.unpack(state, &unpacker, &err);
	if (lie->sentence)
		ok(r == -EBADMSG && strstr(err.text, lie->sentence), "%s: %s", lie->name, err.text);
	else
		ok(r == 0 && unpack_left(&unpacker) == 0 &&
		       sound(forms, lie->bytes, (size_t)(unpacker.end - lie->bytes), &taken),
		   "%s: is taken %s", lie->name, err.text);
}

/* Reads of the module that are not those of the lengths. */
static void test_check(void)
{
	_cleanup_(counters_freep) struct counters *counters = counters_make(COUNT_LENGTHS | COUNT_SEQUENCES);
	struct sequences state = {.reads = 0};
	struct error err = {0};

	is_int(module_sequences.check(&state, counters, &err), 0, "as many reads as lengths");
	state.reads = 1;
	is_int(module_sequences.check(&state, counters, &err), -EBADMSG, "more reads than lengths");
	ok(strstr(err.text, "1 reads, where there are 0"), "%s", err.text);
}

int main(void)
{
	struct forms forms;

	forms_make(&forms);
	test_damage(&forms, forms.begun, "a beginning");
	test_damage(&forms, forms.full, "a complete beginning");
	test_damage(&forms, forms.placed, "a complete beginning with places");
	test_damage(&forms, forms.own, "a slice");
	test_damage(&forms, forms.over, "an overflowed slice");
	test_damage(&forms, forms.counted, "a counted slice");
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		test_lie(&forms, &lies[i]);
	test_check();
	forms_deinit(&forms);
	return done_testing();
}
