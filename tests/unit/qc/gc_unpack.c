/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed sums of G and C from a hostile peer: what cannot be is refused with a sentence. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/gc.h"
#include "lib/qc/module.h"
#include "tests/unit/qc/damage.h"
#include "tests/unit/tap.h"

/* ---- lies: numbers behind the head; -1 ends them, a byte is a number below 128 */

#define END (-1)
#define ALL_ZERO 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define NINETY ALL_ZERO, ALL_ZERO, ALL_ZERO, ALL_ZERO, ALL_ZERO, ALL_ZERO, ALL_ZERO, ALL_ZERO, ALL_ZERO

static const struct lie {
	const char *name, *sentence;
	int64_t numbers[112];
} lies[] = {
	{"nothing", NULL, {0, 0, END}},
	{"nothing, from the beginning", NULL, {1, 0, END}},
	{"a third kind of beginning", "begin neither", {2, 0, END}},
	{"more segments than bytes", "number of segments", {0, 1, 0, END}},
	{"an unknown kind", "kind", {0, 1, 3, 1, 0, 0, END}},
	{"a segment without reads", "no reads", {0, 1, 2, 0, 0, 0, END}},
	{"a read of one base", NULL, {0, 1, 2, 1, 3, 0, 0, 3, END}},
	{"another length of the same", "not one", {0, 1, 2, 2, 6, 0, 0, 3, 0, 0, 3, END}},
	{"the same length, left out", NULL, {0, 1, 2, 2, 4, 0, 0, 3, 1, END}},
	{"no length", "not one", {0, 1, 2, 1, 1, 3, END}},
	{"more G and C than bases", "not one", {0, 1, 2, 1, 3, 0, 0, 5, END}},
	{"less than none", "not one", {0, 1, 2, 1, 3, 0, 0, 2, END}},
	{"fewer reads than said", "not one", {0, 1, 2, 2, 3, 0, 0, 3, END}},
	{"more reads than said", "not one", {0, 1, 2, 1, 4, 0, 0, 3, 3, END}},
	{"a stream behind its end", "size of a stream", {0, 1, 2, 1, 9, 0, 0, 3, END}},
	{"the longest read", NULL, {0, 1, 2, 1, 5, 0, 268542, 1, END}},
	{"a length that is too long", "not one", {0, 1, 2, 1, 5, 0, 268543, 1, END}},
	{"two streams", "cut where", {0, 2, 2, 1, 3, 0, 0, 3, 2, 1, 3, 0, 0, 3, END}},
	{"halves that are no reads", "without a share", {0, 1, 0, 1, NINETY, ALL_ZERO, 0, END}},
	{"one half", NULL, {0, 1, 0, 1, NINETY, ALL_ZERO, 1, END}},
	{"two halves", NULL, {0, 1, 0, 2, NINETY, ALL_ZERO, 2, 1, END}},
	{"two halves at once", NULL, {0, 1, 0, 1, NINETY, ALL_ZERO, 2, 2, END}},
	{"two halves that begin with nothing", "neither half", {0, 1, 0, 1, NINETY, ALL_ZERO, 2, 0, END}},
	{"two halves that begin with three", "neither half", {0, 1, 0, 1, NINETY, ALL_ZERO, 2, 3, END}},
	{"three halves of one read", "number of reads", {0, 1, 0, 1, NINETY, ALL_ZERO, 3, 1, END}},
	{"a run of short reads", "less than 200", {0, 1, 1, 1, 99, 1, NINETY, ALL_ZERO, END}},
	{"a run", NULL, {0, 1, 1, 1, 100, 1, NINETY, ALL_ZERO, END}},
	{"a run of more", "number of reads", {0, 1, 1, 1, 100, 2, NINETY, ALL_ZERO, END}},
};

static int lie_unpack(const struct packer *packer, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	bool taken;
	int r = counters_unpack(packer->bytes, packer->n, &counters, err);

	return r == 0 && !damage_sound(packer->bytes, packer->n, &taken) ? -EIO : r;
}

static void lie_begin(struct packer *packer)
{
	*packer = (struct packer){0};
	pack_bytes(packer, "FQCN\2", 5);
	pack_u64(packer, COUNTERS_ALGORITHM);
	pack_u64(packer, COUNT_GC);
}

static void lie_end(struct packer *packer)
{
	pack_bytes(packer, "\0\0\0\0", 4);
	damage_put_crc(packer->bytes, packer->n);
}

static void test_lie(const struct lie *lie)
{
	struct packer packer;
	struct error err = {0};
	int r;

	lie_begin(&packer);
	for (size_t i = 0; lie->numbers[i] != END; i++)
		pack_u64(&packer, (uint64_t)lie->numbers[i]);
	lie_end(&packer);
	r = lie_unpack(&packer, &err);
	if (!lie->sentence)
		ok(r == 0, "%s: is taken %s", lie->name, err.text);
	else
		ok(r == -EBADMSG && strstr(err.text, lie->sentence), "%s: %s", lie->name, err.text);
	free(packer.bytes);
}

/* Sums of two reads that begin with the file; the first of them, the others are 0.5. */
static void test_sum(double sum, bool taken)
{
	struct packer packer;
	struct error err = {0};
	int r;

	lie_begin(&packer);
	pack_byte(&packer, 1);
	pack_u64(&packer, 2);
	for (int p = 0; p < GC_BINS; p++) {
		double each = p == 0 ? sum : 0.5;

		pack_bytes(&packer, &each, sizeof each);
	}
	lie_end(&packer);
	r = lie_unpack(&packer, &err);
	ok(taken ? r == 0 : r == -EBADMSG, "a sum of %g: %s", sum, taken ? "is taken" : err.text);
	free(packer.bytes);
}

int main(void)
{
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		test_lie(&lies[i]);
	test_sum(2, true);
	test_sum(0, true);
	test_sum(2.5, false);
	test_sum(-0.0, false);
	test_sum(-1, false);
	test_sum(NAN, false);
	test_sum(INFINITY, false);
	test_sum(1e-9, false);
	return done_testing();
}
