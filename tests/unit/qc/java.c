/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and the order of hash maps as Java has them: what JDK 17 itself printed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/java_hash.h"
#include "lib/qc/java_number.h"
#include "tests/unit/tap.h"

static void test_doubles(void)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{1e7, "1.0E7"},
		{9999999.999, "9999999.999"},
		{12345678, "1.2345678E7"},
		{1e10, "1.0E10"},
		{123456789012.0, "1.23456789012E11"},
		{1e21, "1.0E21"},
		{1e-3, "0.001"},
		{0.00099999, "9.9999E-4"},
		{4.9e-4, "4.9E-4"},
		{0x1.bf647612f3696p-18, "6.666666666666667E-6"},
		{1.0 / 3, "0.3333333333333333"},
		{0.1 + 0.2, "0.30000000000000004"},
		{100, "100.0"},
		{0, "0.0"},
		{-0.0, "-0.0"},
		{-2.5, "-2.5"},
		{0x1p-24, "5.9604644775390625E-8"},
		{0x1p-31, "4.6566128730773926E-10"},
		{-0x1p-44, "-5.6843418860808015E-14"},
		{0x1p-45, "2.8421709430404007E-14"},
		{0x1p-61, "4.3368086899420177E-19"},
		{0x1p-62, "2.1684043449710089E-19"},
		{0x1p-46, "1.4210854715202004E-14"},
		{0x1p55, "3.6028797018963968E16"},
		{(double)NAN, "NaN"},
		{(double)INFINITY, "Infinity"},
		{(double)-INFINITY, "-Infinity"},
	};
	char text[DECIMAL_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		is_str(java_double(text, rows[i].value, JAVA_17), rows[i].text, "%s", rows[i].text);
	is_str(java_double(text, 0x1p-45, JAVA_19), "2.842170943040401E-14", "JDK 19 prints the shortest form");
	is_str(java_double(text, 0x1p-24, JAVA_19), "5.960464477539063E-8", "also of 2^-24");
}

static void test_floats(void)
{
	static const struct {
		float value;
		const char *text;
	} rows[] = {
		{1.0F / 3, "0.33333334"}, {1e7F, "1.0E7"},         {9999999.0F, "9999999.0"},         {1e-3F, "0.001"},
		{0.00099F, "9.9E-4"},     {0, "0.0"},              {16777216.0F, "1.6777216E7"},      {3.4e38F, "3.4E38"},
		{2.5F, "2.5"},            {100.0F, "100.0"},       {0x1p-38F, "3.6379788E-12"}, {1e-10F, "1.0E-10"},
		{33718272.0F, "3.3718272E7"}, {0x1p27F, "1.34217728E8"}, {0x1.8a5p45F, "5.4193897E13"},
		{(float)NAN, "NaN"},      {-1e-10F, "-1.0E-10"},
	};
	char text[DECIMAL_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		is_str(java_float(text, rows[i].value, JAVA_17), rows[i].text, "single %s", rows[i].text);
	is_str(java_float(text, 0x1p-38F, JAVA_19), "3.637979E-12", "JDK 19 prints the shortest form");
}

#define KEYS_MAX 32

static void numbers_order(const char *what, const int *put, const int *wanted, size_t n)
{
	uint32_t codes[KEYS_MAX] = {0};
	size_t order[KEYS_MAX], wrong = 0;

	for (size_t i = 0; i < n; i++)
		codes[i] = java_hash_number(put[i]);
	is_int(java_hash_order(codes, n, NULL, NULL, order), 0, "%s are put into a map", what);
	for (size_t i = 0; i < n; i++)
		wrong += put[order[i]] != wanted[i];
	is_u64(wrong, 0, "%s come back in Java's order", what);
}

static void test_number_maps(void)
{
	numbers_order("few numbers", (const int[]){3, 1, 2, 17, 33, 16, 0}, (const int[]){16, 0, 1, 17, 33, 2, 3}, 7);
	numbers_order("numbers that double the table",
	              (const int[]){100, 93, 86, 79, 72, 65, 58, 51, 44, 37, 30, 23, 16},
	              (const int[]){65, 100, 37, 72, 44, 79, 16, 51, 86, 23, 58, 93, 30}, 13);
	numbers_order("numbers of one bucket, which double the table early",
	              (const int[]){192, 176, 160, 144, 128, 112, 96, 80, 64, 48, 32, 16},
	              (const int[]){192, 160, 128, 96, 64, 32, 176, 144, 112, 80, 48, 16}, 12);
	numbers_order("large and negative numbers",
	              (const int[]){-1, -5, 70000, 65536, 1000000, 2147483647, 131072, 262144, 7},
	              (const int[]){-1, 2147483647, 70000, 65536, 131072, -5, 262144, 7, 1000000}, 9);
	numbers_order("numbers of one bucket, which become a tree",
	              (const int[]){3072, 8192, 1024, 6144, 11264, 4096, 9216, 2048, 7168, 0, 5120, 10240},
	              (const int[]){6144, 3072, 8192, 1024, 11264, 4096, 9216, 10240, 2048, 7168, 0, 5120}, 12);
	numbers_order("numbers of one bucket, some below zero",
	              (const int[]){-256, 704,  1152, -1600, 128, 576,  -1024, 1472, 1920, -448, 896,   1344, -1792, 320, 768,
	                            -1216, 1664, 192, -640,  1088, 1536, -64,  512,  960,  -1408, 1856, 384,  -832,  1280, 1728},
	              (const int[]){1152, 704, 128, 192,  576,  512, 384,   1472, 1920,  1856, 1728,  1664,  1536, 896, 1088,
	                            960,  1344, 1280, 320, 768, -1024, -256, -1600, -448, -1792, -1216, -640, -832, -64, -1408}, 30);
}

#define SETS 400

/* Numbers whose codes have only some of their bits: many sets, of which JDK 17 gave the same order, told by a hash. */
static void test_trees(void)
{
	static const uint32_t masks[] = {0xffffffff, 0xffffffc0, 0xffff0fff, 0x0ffff000, 0xfffffff0, 0x0000ffc0, 0x0001ffe0};
	uint64_t random = 1, told = 0;

	for (size_t set = 0; set < SETS; set++) {
		uint32_t codes[SETS];
		size_t order[SETS], n = 0;

		for (size_t i = 0; i <= set; i++) {
			size_t known = 0;

			random = random * 6364136223846793005U + 1442695040888963407U;
			codes[n] = (uint32_t)(random >> 32) & masks[set % 7];
			while (codes[known] != codes[n])
				known++;
			n += known == n;
		}
		if (java_hash_order(codes, n, NULL, NULL, order) < 0)
			abort();
		for (size_t i = 0; i < n; i++)
			told = told * 31 + (uint64_t)(int64_t)(int32_t)codes[order[i]];
	}
	is_u64(told, 13946387203513388688U, "sets with crowded buckets come back in Java's order");
}

static void test_text_map(void)
{
	static const char *const put[] = {"ACGT", "ACGA", "TTTT", "GGGG", "CCCC", "AAAA", "NACG", "", "A", "C", "G", "T", "AC", "CA"};
	static const char wanted[] = " GGGG A ACGA AC C TTTT G ACGT NACG T AAAA CA CCCC";
	uint32_t codes[KEYS_MAX] = {0};
	size_t order[KEYS_MAX], n = sizeof put / sizeof put[0];
	char got[128] = "";

	is_u64(java_hash_text((const uint8_t *)"ACGTNACGT", 9), 350890670, "the hash code of a text");
	is_u64(java_hash_text(NULL, 0), 0, "of the empty text");
	is_u64(java_hash_number(5000000000), 705032705, "of a number of more than 32 bits");
	for (size_t i = 0; i < n; i++)
		codes[i] = java_hash_text((const uint8_t *)put[i], strlen(put[i]));
	is_int(java_hash_order(codes, n, NULL, NULL, order), 0, "texts are put into a map");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			strcat(got, " ");
		strcat(got, put[order[i]]);
	}
	is_str(got, wanted, "texts come back in Java's order");
	is_int(java_hash_order(NULL, 0, NULL, NULL, order), 0, "an empty map has no order");
}

static void hashtable_order(const char *what, size_t capacity, const int *put, const int *wanted, size_t n)
{
	uint32_t codes[KEYS_MAX] = {0};
	size_t order[KEYS_MAX], wrong = 0;

	for (size_t i = 0; i < n; i++)
		codes[i] = (uint32_t)put[i];
	is_int(java_hashtable_order(codes, n, capacity, order), 0, "%s are put into a Hashtable", what);
	for (size_t i = 0; i < n; i++)
		wrong += put[order[i]] != wanted[i];
	is_u64(wrong, 0, "%s come back in Java's order", what);
}

static void test_hashtables(void)
{
	hashtable_order("few numbers", 16, (const int[]){1, 17, 33, 2, 0, 15, 31}, (const int[]){31, 15, 2, 33, 17, 1, 0}, 7);
	hashtable_order("numbers that make it grow", 4, (const int[]){7, 3, 11, -1, 5, 16, 18, 27, 2147483647, -2147483647 - 1},
	                (const int[]){18, 16, 11, 27, 7, 5, 3, 2147483647, -1, -2147483647 - 1}, 10);
	hashtable_order("numbers that make it grow twice", 3, (const int[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
	                (const int[]){12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 12);
}

int main(void)
{
	test_doubles();
	test_floats();
	test_number_maps();
	test_trees();
	test_text_map();
	test_hashtables();
	return done_testing();
}
