/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job is counted by: see rules.h. */
#include "lib/qc/rules.h"

#include <string.h>

static const char *const compat_names[_COMPAT_MAX] = {"0.11.9", "0.12.1"};

const char *compat_name(enum compat compat)
{
	return compat < _COMPAT_MAX ? compat_names[compat] : "unknown";
}

/* Adapters that every version knows, then those of 0.11.9 and of 0.12.1 (adapter_list.txt of these releases). */
static const struct adapter adapters_both[] = {
	{"Illumina Universal Adapter", "AGATCGGAAGAG"},
	{"Illumina Small RNA 3' Adapter", "TGGAATTCTCGG"},
	{"Illumina Small RNA 5' Adapter", "GATCGTCGGACT"},
	{"Nextera Transposase Sequence", "CTGTCTCTTATA"},
};
static const struct adapter adapters_0_11_9[] = {
	{"SOLID Small RNA Adapter", "CGCCTTGGCCGT"},
};
static const struct adapter adapters_0_12_1[] = {
	{"PolyA", "AAAAAAAAAAAA"},
	{"PolyG", "GGGGGGGGGGGG"},
};

static void adapters_append(struct count_rules *rules, const struct adapter *adapters, size_t n)
{
	memcpy(rules->adapters + rules->adapters_n, adapters, n * sizeof *adapters);
	rules->adapters_n += (uint32_t)n;
}

void rules_default(struct count_rules *rules, enum compat compat)
{
	memset(rules, 0, sizeof *rules);
	rules->compat = compat;
	rules->kmer_size = 7;
	adapters_append(rules, adapters_both, sizeof adapters_both / sizeof *adapters_both);
	if (compat == COMPAT_0_11_9)
		adapters_append(rules, adapters_0_11_9, sizeof adapters_0_11_9 / sizeof *adapters_0_11_9);
	else
		adapters_append(rules, adapters_0_12_1, sizeof adapters_0_12_1 / sizeof *adapters_0_12_1);
}

bool rules_equal(const struct count_rules *a, const struct count_rules *b)
{
	if (a->compat != b->compat || a->dup_length != b->dup_length || a->kmer_size != b->kmer_size ||
	    a->adapters_n != b->adapters_n)
		return false;
	for (uint32_t i = 0; i < a->adapters_n; i++)
		if (strcmp(a->adapters[i].name, b->adapters[i].name) != 0 ||
		    strcmp(a->adapters[i].sequence, b->adapters[i].sequence) != 0)
			return false;
	return true;
}

size_t rules_longest_adapter(const struct count_rules *rules)
{
	size_t longest = 0;

	for (uint32_t i = 0; i < rules->adapters_n; i++) {
		size_t n = strlen(rules->adapters[i].sequence);

		longest = n > longest ? n : longest;
	}
	return longest;
}

static void text_pack(const char *text, struct packer *packer)
{
	size_t n = strlen(text);

	pack_u64(packer, n);
	pack_bytes(packer, text, n);
}

void rules_pack(const struct count_rules *rules, struct packer *packer)
{
	pack_u64(packer, rules->compat);
	pack_u64(packer, rules->dup_length);
	pack_u64(packer, rules->kmer_size);
	pack_u64(packer, rules->adapters_n);
	for (uint32_t i = 0; i < rules->adapters_n; i++) {
		text_pack(rules->adapters[i].name, packer);
		text_pack(rules->adapters[i].sequence, packer);
	}
}

static int text_unpack(struct unpacker *unpacker, char *text, size_t size, struct error *err)
{
	uint64_t n;
	int r;

	r = unpack_most(unpacker, size - 1, "the length of an adapter's text", &n, err);
	if (r < 0)
		return r;
	if (n > unpack_left(unpacker))
		return unpack_bad(err, "they end within an adapter");
	memcpy(text, unpacker->at, n);
	unpacker->at += n;
	text[n] = '\0';
	for (uint64_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
			return unpack_bad(err, "an adapter's text has control characters");
	return 0;
}

int rules_unpack(struct count_rules *rules, struct unpacker *unpacker, struct error *err)
{
	uint64_t compat, dup_length, kmer_size, n;
	int r;

	memset(rules, 0, sizeof *rules);
	r = unpack_most(unpacker, _COMPAT_MAX - 1, "the version of FastQC", &compat, err);
	if (r == 0)
		r = unpack_most(unpacker, DUP_LENGTH_MAX, "the length compared for duplicates", &dup_length, err);
	if (r == 0)
		r = unpack_most(unpacker, 10, "the size of k-mers", &kmer_size, err);
	if (r == 0)
		r = unpack_most(unpacker, ADAPTERS_MAX, "the number of adapters", &n, err);
	if (r < 0)
		return r;
	if (kmer_size < 2)
		return unpack_bad(err, "k-mers of less than 2 bases");
	if (n == 0)
		return unpack_bad(err, "rules without an adapter");
	rules->compat = (enum compat)compat;
	rules->dup_length = (uint32_t)dup_length;
	rules->kmer_size = (uint32_t)kmer_size;
	for (rules->adapters_n = 0; rules->adapters_n < n; rules->adapters_n++) {
		struct adapter *adapter = &rules->adapters[rules->adapters_n];

		r = text_unpack(unpacker, adapter->name, sizeof adapter->name, err);
		if (r == 0)
			r = text_unpack(unpacker, adapter->sequence, sizeof adapter->sequence, err);
		if (r < 0)
			return r;
		if (adapter->sequence[0] == '\0')
			return unpack_bad(err, "an adapter without a sequence");
	}
	return 0;
}
