/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits, adapters and contaminants: the files in conf/ say what is built in, and wrong files are refused by line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/adapter_list.h"
#include "lib/qc/contaminants.h"
#include "lib/qc/limits.h"
#include "tests/unit/tap.h"

static void contaminantsp(struct contaminants **contaminants)
{
	contaminants_free(*contaminants);
}

/* A shipped file; the caller frees. */
static char *shipped_read(const char *name, size_t *ret_n)
{
	const char *top = getenv("FQ_TOP_SRCDIR");
	_cleanup_(freep) char *path = NULL;
	_cleanup_(fclosep) FILE *file = NULL;
	char *text = NULL;
	size_t n = 0, size = 0;

	if (asprintf(&path, "%s/conf/%s", top ? top : ".", name) < 0)
		abort();
	file = fopen(path, "re");
	ok(file, "%s is shipped", name);
	if (!file || getdelim(&text, &size, '\0', file) < 0)
		return NULL;
	n = strlen(text);
	*ret_n = n;
	return text;
}

static void test_shipped_limits(void)
{
	struct limits usual, read;
	struct error err = {0};
	size_t n = 0;
	_cleanup_(freep) char *text = shipped_read("limits.txt", &n);

	limits_default(&usual);
	for (size_t i = 0; i < _LIMIT_MAX; i++)
		read.of[i] = (struct limit){.warn = -1, .error = -1, .ignore = -1};
	is_int(limits_read(&read, text, n, "limits.txt", &err), 0, "limits.txt is read: %s", err.text);
	for (size_t i = 0; i < _LIMIT_MAX; i++) {
		bool judged = i != LIMIT_QUALITY_BASE, ignored = i != LIMIT_QUALITY_BASE_LOWER && i != LIMIT_QUALITY_BASE_MEDIAN;

		ok(!judged || (read.of[i].warn == usual.of[i].warn && read.of[i].error == usual.of[i].error),
		   "limit %zu warns and fails as built in", i);
		ok(!ignored || read.of[i].ignore == usual.of[i].ignore, "limit %zu is ignored as built in", i);
	}
}

static void test_shipped_adapters(void)
{
	struct count_rules usual, read;
	struct error err = {0};
	size_t n = 0;
	_cleanup_(freep) char *text = shipped_read("adapter_list.txt", &n);

	rules_default(&usual, COMPAT_0_12_1);
	rules_default(&read, COMPAT_0_12_1);
	is_int(adapter_list_read(&read, text, n, "adapter_list.txt", &err), 0, "adapter_list.txt is read: %s", err.text);
	ok(rules_equal(&usual, &read), "its adapters are those built in");
}

static void test_shipped_contaminants(void)
{
	_cleanup_(contaminantsp) struct contaminants *usual = NULL, *read = NULL;
	struct error err = {0};
	size_t n = 0, wrong = 0;
	_cleanup_(freep) char *text = shipped_read("contaminant_list.txt", &n);

	is_int(contaminants_default(&usual), 0, "contaminants are built in");
	is_int(contaminants_read(text, n, "contaminant_list.txt", &read, &err), 0, "contaminant_list.txt is read: %s", err.text);
	is_u64(contaminants_n(read), contaminants_n(usual), "as many as built in");
	for (size_t i = 0; i < contaminants_n(usual) && i < contaminants_n(read); i++)
		wrong += strcmp(contaminants_name(usual, i), contaminants_name(read, i)) != 0 ||
		         strcmp(contaminants_sequence(usual, i), contaminants_sequence(read, i)) != 0;
	is_u64(wrong, 0, "and the same, in the same order");
}

static void test_limits(void)
{
	static const struct {
		const char *text, *sentence;
	} wrong[] = {
		{"tile warn\n", "l.txt:1: right is a module, warn, error or ignore, and a number"},
		{"# tile\n\ntile warn 5 6\n", "l.txt:3: right is a module, warn, error or ignore, and a number"},
		{"tiles warn 5\n", "l.txt:1: there is no module \"tiles\""},
		{"tile warns 5\n", "l.txt:1: of tile there is warn, error and ignore, but no \"warns\""},
		{"quality_base warn 5\n", "l.txt:1: of quality_base there is ignore, but no \"warn\""},
		{"quality_base_lower ignore 1\n", "l.txt:1: of quality_base_lower there is warn and error, but no \"ignore\""},
		{"tile warn five\n", "l.txt:1: \"five\" is no number"},
		{"tile warn 1e999\n", "l.txt:1: \"1e999\" is no number"},
		{"# a\rtile warn\r", "l.txt:2: right is a module, warn, error or ignore, and a number"},
		{"# a\r\n\r\ntile warn\n", "l.txt:3: right is a module, warn, error or ignore, and a number"},
		{" tile warn 5\n", "l.txt:1: the line begins with a blank, and FastQC passes over such lines"},
		{"\ttile warn 5\n", "l.txt:1: the line begins with a blank, and FastQC passes over such lines"},
	};
	struct limits limits;
	struct error err = {0};
	const char *good = "tile\t\twarn 2.5\r\nadapter ignore 1";

	limits_default(&limits);
	is_int(limits_read(&limits, good, strlen(good), "l.txt", &err), 0, "two limits");
	ok(limits.of[LIMIT_TILE].warn == 2.5 && limits.of[LIMIT_TILE].error == 10, "one is changed, its neighbour is not");
	ok(limits.of[LIMIT_ADAPTER].ignore == 1, "the other, without a line end");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		is_int(limits_read(&limits, wrong[i].text, strlen(wrong[i].text), "l.txt", &err), -EBADMSG, "refused");
		is_str(err.text, wrong[i].sentence, "the sentence");
	}
	ok(limits.of[LIMIT_TILE].warn == 2.5, "what is refused changes nothing");
}

static void test_adapters(void)
{
	struct count_rules rules;
	struct error err = {0};
	static const struct {
		const char *text, *sentence;
	} wrong[] = {
		{"One ACGT\n", "a.txt:1: right is a name, one or more tabs, and a sequence"},
		{"\tOne\tACGT\n", "a.txt:1: right is a name, one or more tabs, and a sequence"},
		{"One\tACGT\t \n", "a.txt:1: right is a name, one or more tabs, and a sequence"},
		{"One\tACGT \r\n", "a.txt:1: behind the sequence of \"One\" is a blank, which FastQC would search for, too"},
		{"One\tAC-GT\n", "a.txt:1: the sequence of \"One\" has a byte that is no letter"},
	};
	const char *good = "# mine\nOne\t\tACGT\nTwo adapters\tacgtn\t\r\n", *old = "# mine\rOne\tACGT\r\rTwo\tACG\r";
	char many[ADAPTERS_MAX * 8 + 16] = "";

	rules_default(&rules, COMPAT_0_11_9);
	is_int(adapter_list_read(&rules, good, strlen(good), "a.txt", &err), 0, "two adapters");
	is_u64(rules.adapters_n, 2, "and no other");
	is_str(rules.adapters[1].name, "Two adapters", "a name with a blank");
	is_str(rules.adapters[1].sequence, "acgtn", "a sequence stays as it is written");
	is_int(rules.compat, COMPAT_0_11_9, "the version too");
	is_int(adapter_list_read(&rules, "# none\n", 7, "a.txt", &err), -EBADMSG, "a list of none is refused");
	is_str(err.text, "a.txt lists no adapter: right are lines of a name, one or more tabs, and a sequence", "the sentence");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		is_int(adapter_list_read(&rules, wrong[i].text, strlen(wrong[i].text), "a.txt", &err), -EBADMSG, "refused");
		is_str(err.text, wrong[i].sentence, "the sentence");
	}
	for (size_t i = 0; i <= ADAPTERS_MAX; i++)
		strcat(many, "x\tACGT\n");
	is_int(adapter_list_read(&rules, many, strlen(many), "a.txt", &err), -EBADMSG, "too many");
	is_str(err.text, "a.txt:65: there are more than 64 adapters", "the sentence");
	is_u64(rules.adapters_n, 2, "what is refused changes nothing");
	is_int(adapter_list_read(&rules, old, strlen(old), "a.txt", &err), 0, "lines that end with CR");
	ok(rules.adapters_n == 2 && strcmp(rules.adapters[1].sequence, "ACG") == 0, "two adapters");
}

static void hit_is(const struct contaminants *contaminants, const char *sequence, enum compat compat, const char *wanted)
{
	const uint8_t *bases = (const uint8_t *)sequence;
	char got[256];

	is_int(contaminants_hit(contaminants, bases, strlen(sequence), compat, got, sizeof got), 0, "looked for");
	is_str(got, wanted, "%s", sequence);
}

/* What FastQC's rules (FASTQC.md section 1.10) give, by another program. */
static void test_hits(void)
{
	static const struct {
		const char *sequence, *source_0_11_9, *source_0_12_1;
	} rows[] = {
		{"TGGAGTTCAGACGTGTGCTCTTCCGATCGACTCGCGGANCC", "Illumina Multiplexing PCR Primer 2.01 (96% over 28bp)",
		 "Illumina Multiplexing Index Sequencing Primer (100% over 28bp)"},
		{"TGATGAATGCGTCGTTGGAATTCTCGGGTGCCAAGGAACTCCAGTCACGC", "RNA PCR Primer, Index 5 (97% over 35bp)",
		 "RNA PCR Primer, Index 6 (100% over 35bp)"},
		{"CTTCGCTGGAACAAGCAGAAGACGGCATACGAGATTTTCACGTGACTGGA", "TruSeq Adapter, Index 19 (97% over 39bp)",
		 "RNA PCR Primer, Index 19 (100% over 39bp)"},
		{"GCATTC", "No Hit", "No Hit"},
		{"TGGACTTCTCGGGTGCCAAGA", "No Hit", "No Hit"},
		{"ATCTTTGAATACTCAATCCTGCGGGTTCTTACTCCTTGGAGGCCATG", "No Hit", "No Hit"},
		{"TCACAGTCTACACTGCTCACTCCAACGATCGGAAGAGCACACGTCTGAAC", "Illumina Multiplexing PCR Primer 2.01 (96% over 25bp)",
		 "Illumina Multiplexing PCR Primer 2.01 (96% over 25bp)"},
		{"ACGGCATACGA", "Illumina Single End Adapter 1 (100% over 11bp)", "Illumina Single End Adapter 1 (100% over 11bp)"},
		{"GGTCTAGAGGTACCGGATCCCAGCAGTCTGAGTCCGAGGAGAGGGTGCT", "ABI Dynabead EcoP Oligo (96% over 27bp)",
		 "ABI Dynabead EcoP Oligo (96% over 27bp)"},
		{"CGCTTTCCTCTCTATGGGCAGTC", "ABI Solid3 Adapter B (100% over 23bp)", "ABI Solid3 Adapter B (100% over 23bp)"},
		{"GAGCGTCGTGTAGGGAAAGAGTGTAGAACTCGGTGGTAGCCGTATCATTA", "Illumina Single End PCR Primer 1 (97% over 37bp)",
		 "Illumina Single End PCR Primer 1 (97% over 37bp)"},
		{"GAAGACGGCATACGAGATCGTGATGTAACTGGAGTTCCTG", "RNA PCR Primer, Index 1 (97% over 39bp)",
		 "RNA PCR Primer, Index 1 (97% over 39bp)"},
		{"GTGGTATCAACGCAGAGTACT", "Clontech SMART CDS Primer II A (100% over 21bp)",
		 "Clontech SMART CDS Primer II A (100% over 21bp)"},
		{"", "No Hit", "No Hit"},
	};
	_cleanup_(contaminantsp) struct contaminants *contaminants = NULL;

	is_int(contaminants_default(&contaminants), 0, "contaminants are built in");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hit_is(contaminants, rows[i].sequence, COMPAT_0_11_9, rows[i].source_0_11_9);
		hit_is(contaminants, rows[i].sequence, COMPAT_0_12_1, rows[i].source_0_12_1);
	}
}

/* A sequence longer than the masks, and a short name that is cut. */
static void test_long_contaminant(void)
{
	_cleanup_(contaminantsp) struct contaminants *contaminants = NULL;
	char list[256] = "long\t", sequence[201] = "", cut[8];
	struct error err = {0};

	for (size_t i = 0; i < 200; i++)
		sequence[i] = "ACGTTGCAAC"[(i * i + i / 7) % 10];
	strcat(list, sequence);
	is_int(contaminants_read(list, strlen(list), "c.txt", &contaminants, &err), 0, "a contaminant of 200 bases");
	hit_is(contaminants, sequence + 60, COMPAT_0_12_1, "long (100% over 140bp)");
	is_int(contaminants_hit(contaminants, (uint8_t *)sequence, 200, COMPAT_0_12_1, cut, sizeof cut), 0, "into little room");
	is_str(cut, "long (1", "it is cut");
	sequence[12] = '\0';
	is_int(contaminants_hit(contaminants, (uint8_t *)sequence, 16, COMPAT_0_12_1, cut, sizeof cut), 0, "a read with a NUL");
	is_str(cut, "No Hit", "what stands before it is not the read");
	contaminants = contaminants_free(contaminants);
	is_int(contaminants_read("x\tACGN\n", 7, "c.txt", &contaminants, &err), -EBADMSG, "another letter is refused");
	is_str(err.text, "c.txt:1: the sequence of \"x\" has other letters than A, C, G and T", "the sentence");
}

int main(void)
{
	test_shipped_limits();
	test_shipped_adapters();
	test_shipped_contaminants();
	test_limits();
	test_adapters();
	test_hits();
	test_long_contaminant();
	return done_testing();
}
