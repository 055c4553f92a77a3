/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What unpack refuses: every cut, every changed byte whose CRC was made right again, and lies that
 * add up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "lib/qc/varint.h"
#include "tests/unit/qc/damage.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

static void test_damage(uint32_t modules, const char *name)
{
	_cleanup_(counters_freep) struct counters *counters = counters_make(modules);
	struct reads_kind kind = {40, 0, 90, '#', 'J'};
	struct reads reads;
	uint64_t seed = 3;

	reads_make(&reads, &kind, 11);
	reads_count(&reads, 0, reads.n, &seed, counters);
	reads_deinit(&reads);
	damage_test(counters, name);
}

/*
 * ---- lies; each is a list of numbers behind the head, -1 ends it (a byte is a number below 128)
 */

#define END (-1)

static const struct lie {
	const char *name, *sentence;
	uint32_t modules;
	int64_t numbers[24];
} lies[] = {
    {"nothing", NULL, COUNT_LENGTHS, {0, END}},
    {"three reads", NULL, COUNT_LENGTHS, {1, 5, 3, END}},
    {"a byte more", "behind their end", COUNT_LENGTHS, {1, 5, 3, 0, END}},
    {"more lengths than bytes", "number of read lengths", COUNT_LENGTHS, {3, 5, 3, END}},
    {"a length without reads", "without reads", COUNT_LENGTHS, {1, 5, 0, END}},
    {"a read of 256 Mi", NULL, COUNT_LENGTHS, {1, 268435456, 1, END}},
    {"a longer one", "step of read length", COUNT_LENGTHS, {1, 268435457, 1, END}},
    {"a longer one in two steps", "too long", COUNT_LENGTHS, {2, 268435456, 1, 0, 1, END}},
    {"more reads than can be", "number of reads", COUNT_LENGTHS, {1, 0, (1LL << 55) + 1, END}},
    {"more bases than can be", "too many bases", COUNT_LENGTHS, {1, 4, (1LL << 53) + 1, END}},
    {"reads that add up to too many",
     "number of reads",
     COUNT_LENGTHS,
     {2, 0, 1LL << 55, 0, 1, END}},
    {"sums", NULL, COUNT_QUALITY_SUM, {1, 2, 1, 40, 50, 80, 20, END}},
    {"a sum above the highest",
     "sum of position 0",
     COUNT_QUALITY_SUM,
     {1, 2, 1, 40, 50, 102, 0, END}},
    {"a sum below the lowest",
     "sum of position 1",
     COUNT_QUALITY_SUM,
     {1, 2, 1, 40, 50, 80, 1, END}},
    {"a negative sum", "sum of position 0", COUNT_QUALITY_SUM, {1, 1, 1, 0, 50, 1, END}},
    {"a range upside down", "sum of position 0", COUNT_QUALITY_SUM, {1, 1, 1, 50, 40, 90, END}},
    {"positions without bytes", "positions in", COUNT_QUALITY_SUM, {1, 100000, 1, 40, 50, 80, END}},
    {"as many qualities as reads", NULL, COUNT_MEAN, {1, 1, 1, 1, 1, 1, 40, 50, 90, END}},
    {"more qualities than reads", "2 qualities", COUNT_MEAN, {1, 1, 1, 1, 1, 2, 40, 50, 182, END}},
    {"a table", NULL, COUNT_QUALITY_TABLE, {2, 2, 40, 1, 0, 1, 1, 41, 1, END}},
    {"more positions than bytes",
     "number of positions",
     COUNT_QUALITY_TABLE,
     {3, 2, 40, 1, 0, 1, 1, 41, END}},
    {"a position without qualities",
     "without bytes",
     COUNT_QUALITY_TABLE,
     {2, 1, 40, 1, 0, 40, 1, END}},
    {"a quality without reads", "without reads", COUNT_QUALITY_TABLE, {1, 1, 40, 0, END}},
    {"a quality of 256", "step of byte", COUNT_QUALITY_TABLE, {1, 1, 256, 1, END}},
    {"a quality of 256 in steps", "above 255", COUNT_QUALITY_TABLE, {1, 2, 255, 1, 0, 1, END}},
    {"257 qualities", "number of different bytes", COUNT_QUALITY_TABLE, {1, 257, 1, 1, END}},
    {"more reads at the next position",
     "number of reads",
     COUNT_QUALITY_TABLE,
     {2, 1, 40, 1, 1, 40, 2, END}},
    {"a table and its sums",
     NULL,
     COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE,
     {1, 1, 2, 40, 42, 164, 1, 2, 40, 1, 1, 1, END}},
    {"a table of another sum",
     "do not add up",
     COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE,
     {1, 1, 2, 40, 42, 166, 1, 2, 40, 1, 1, 1, END}},
    {"a table of fewer reads",
     "has 1 qualities",
     COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE,
     {1, 1, 2, 40, 42, 164, 1, 1, 40, 1, END}},
    {"a table of fewer positions",
     "qualities of 1 positions",
     COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE,
     {1, 2, 1, 40, 42, 80, 0, 1, 1, 40, 1, END}},
    {"a table out of range",
     "out of their range",
     COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE,
     {1, 1, 2, 40, 42, 164, 1, 2, 39, 1, 3, 1, END}},
};

static void test_lie(const struct lie *lie)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	struct packer packer = {0};
	struct error err = {0};
	bool taken;
	int r;

	pack_bytes(&packer, "FQCN\2", 5);
	pack_u64(&packer, COUNTERS_ALGORITHM);
	pack_u64(&packer, lie->modules);
	for (size_t i = 0; lie->numbers[i] != END; i++)
		pack_u64(&packer, (uint64_t)lie->numbers[i]);
	pack_bytes(&packer, "\0\0\0\0", 4);
	damage_put_crc(packer.bytes, packer.n);
	r = counters_unpack(packer.bytes, packer.n, &counters, &err);
	if (!lie->sentence)
		ok(r == 0 && damage_sound(packer.bytes, packer.n, &taken), "%s: is taken %s", lie->name,
		   err.text);
	else
		ok(r == -EBADMSG && strstr(err.text, lie->sentence), "%s: %s", lie->name, err.text);
	free(packer.bytes);
}

static void test_head(void)
{
	static const struct {
		const char *bytes, *sentence;
	} heads[] = {
	    {"", "end too early"},
	    {"FQC", "end too early"},
	    {"FQCM\1\1\0", "begin with"},
	    {"FQCN\3\2\0", "format 3"},
	    {"FQCN\2\177\0", "algorithm 127"},
	    {"FQCN\2\2\200\200\1", "module"},
	    {"FQCN\2\202\200\0\0", "shortest form"},
	    {"FQCN\2\377\377\377\377\377\377\377\377\377\2\0", "64 bits"},
	};
	static const size_t sizes[] = {0, 3, 7, 7, 7, 9, 9, 16};

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		struct counters *counters = NULL;
		struct error err = {0};
		uint8_t bytes[32] = {0};
		int r;

		memcpy(bytes, heads[i].bytes, sizes[i]);
		damage_put_crc(bytes, sizes[i] + 4);
		r = counters_unpack(bytes, sizes[i] + (sizes[i] > 0 ? 4 : 0), &counters, &err);
		ok(r == -EBADMSG && strstr(err.text, heads[i].sentence), "head %zu: %s", i,
		   err.text);
	}
}

int main(void)
{
	test_head();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		test_lie(&lies[i]);
	test_damage(COUNT_LENGTHS, "lengths");
	test_damage(COUNT_MEAN, "mean");
	test_damage(COUNT_QUALITY_TABLE, "table");
	test_damage(COUNT_ALL, "all");
	return done_testing();
}
