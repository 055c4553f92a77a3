/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sample, lane, read and set from names of files, and the order of names. */
#include "lib/qc/names.h"

#include <string.h>

#include "tests/unit/tap.h"

static const struct {
	const char *path, *sample, *read;
	uint32_t lane, set;
} rows[] = {
	/* bcl-convert, with and without lanes, indexes, and samples whose names look like parts */
	{"/run42/S_S1_L001_R1_001.fastq.gz", "S", "R1", 1, 1},
	{"liver_2_S12_L004_R2_001.fastq.gz", "liver_2", "R2", 4, 1},
	{"liver_S3_R1_001.fastq.gz", "liver", "R1", 0, 1},
	{"liver_S3_L002_I1_001.fastq.gz", "liver", "I1", 2, 1},
	{"liver_S3_L002_I2_002.fastq.gz", "liver", "I2", 2, 2},
	{"L001_S1_L002_R1_001.fq", "L001", "R1", 2, 1},
	{"S1_S1_L001_R3_001.fastq", "S1", "R3", 1, 1},
	{"Undetermined_S0_L001_R1_001.fastq.gz", "Undetermined", "R1", 1, 1},
	{"R1_S4_L001_R1_001.fastq.gz", "R1", "R1", 1, 1},
	/* CASAVA */
	{"liver_ACGTACGT_L003_R1_001.fastq.gz", "liver", "R1", 3, 1},
	{"liver_ACGTACGT-TTGCAACG_L003_R2_014.fastq.gz", "liver", "R2", 3, 14},
	{"lane1_NoIndex_L001_R1_003.fastq.gz", "lane1", "R1", 1, 3},
	{"liver_CAT_L003_R1_001.fastq.gz", "liver_CAT", "R1", 3, 1},
	/* what people write */
	{"liver_R1.fastq.gz", "liver", "R1", 0, 0},
	{"liver.R2.fq.gz", "liver", "R2", 0, 0},
	{"a/b.c/liver_L002_R2.fq", "liver", "R2", 2, 0},
	{"liver_S2_R1.fastq", "liver_S2", "R1", 0, 0},
	{"liver_R1_0001.fastq", "liver_R1_0001", "", 0, 0},
	{"liver_R1_001_trimmed.fastq", "liver_R1_001_trimmed", "", 0, 0},
	{"liver_R5.fastq", "liver_R5", "", 0, 0},
	{"liver_I3.fastq", "liver_I3", "", 0, 0},
	{"liver_rep_1.fastq", "liver_rep_1", "", 0, 0},
	{"R1.fastq.gz", "R1", "", 0, 0},
	{"_R1.fastq.gz", "_R1", "", 0, 0},
	{"x_R1_001.fastq.gz", "x", "R1", 0, 1},
	{"L001_R1_001.fastq.gz", "L001", "R1", 0, 1},
	/* archives and MGI */
	{"SRR123456_1.fastq.gz", "SRR123456", "R1", 0, 0},
	{"ERR9_2.fastq.gz", "ERR9", "R2", 0, 0},
	{"DRR000001.fastq.gz", "DRR000001", "", 0, 0},
	{"SRR12a_1.fastq", "SRR12a_1", "", 0, 0},
	{"SRR123456_3.fastq", "SRR123456_3", "", 0, 0},
	{"V350012345_L03_17_2.fq.gz", "V350012345_17", "R2", 3, 0},
	{"L03_17_2.fq.gz", "L03_17_2", "", 0, 0},
	/* nanopores */
	{"FAO12345_pass_barcode01_0a1b2c3d_12.fastq.gz", "FAO12345_pass_barcode01", "", 0, 12},
	{"FBA99999_pass_barcode07_0a1b2c3d_4e5f6a7b_103.fastq.gz", "FBA99999_pass_barcode07", "", 0, 103},
	{"FAO12345_fail_0a1b2c3d_0.fastq", "FAO12345_fail", "", 0, 0},
	{"FAO12345_barcode01_0a1b2c3d_12.fastq", "FAO12345_barcode01_0a1b2c3d_12", "", 0, 0},
	{"m64011_190830_220126.hifi_reads.fastq.gz", "m64011_190830_220126.hifi_reads", "", 0, 0},
	/* endings, and what is hardly a name */
	{"x.fq.bgz", "x", "", 0, 0},
	{"x.txt.bz2", "x", "", 0, 0},
	{"x.bam", "x.bam", "", 0, 0},
	{".fastq", ".fastq", "", 0, 0},
	{"_", "_", "", 0, 0},
	{"__R1", "_", "R1", 0, 0},
	{"a\xff\n_R1.fq", "a\xff\n", "R1", 0, 0},
	{"d/", "", "", 0, 0},
	{"", "", "", 0, 0},
};

static void test_parts(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct name_parts parts;

		name_parse(rows[i].path, &parts);
		ok(strcmp(parts.sample, rows[i].sample) == 0 && strcmp(parts.read, rows[i].read) == 0 && parts.lane == rows[i].lane &&
		       parts.set == rows[i].set,
		   "row %zu: sample '%s' read '%s' lane %u set %u", i, parts.sample, parts.read, parts.lane, parts.set);
	}
}

static void test_long(void)
{
	char name[4000];
	struct name_parts parts;

	memset(name, 'x', sizeof name);
	strcpy(name + sizeof name - 20, "_L001_R1_001.fastq");
	name_parse(name, &parts);
	is_u64(strlen(parts.sample), NAME_SAMPLE_MAX - 1, "a sample of 4000 letters is cut");
	is_u64(parts.lane, 1, "and its lane is known");
	memset(name, '9', sizeof name);
	name[sizeof name - 1] = '\0';
	name_parse(name, &parts);
	is_u64(strlen(parts.sample), NAME_SAMPLE_MAX - 1, "digits are no number without end");
}

static void test_order(void)
{
	static const char *const names[] = {
		"a2_S1_L001_I1_001.fq", "a2_S1_L001_R1_001.fq", "a2_S1_L001_R2_001.fq", "a2_S1_L002_R1_001.fq", "a2_S1_L002_R1_002.fq",
		"a10_S2_L001_R1_001.fq", "a10b_R1.fq", "b_R1.fq", "b01_R1.fq", "b1_R1.fq", "b_1_R1.fq"};
	size_t n = sizeof names / sizeof *names;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct name_parts a, b;
			int order, want = (i > k) - (i < k);

			name_parse(names[i], &a);
			name_parse(names[k], &b);
			order = name_order(&a, &b);
			ok((order > 0) - (order < 0) == want, "%s against %s", names[i], names[k]);
		}
}

int main(void)
{
	test_parts();
	test_long();
	test_order();
	return done_testing();
}
