/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FastQC's configuration files from any hand: limits, adapters and contaminants are taken, or refused with a sentence. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/adapter_list.h"
#include "lib/qc/contaminants.h"
#include "lib/qc/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is refused has a sentence of one line. */
static void judge(int r, const struct error *err)
{
	if (r < 0 && (err->text[0] == '\0' || strpbrk(err->text, "\n\x1b") || err->class != ERROR_CONFIG))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct contaminants *contaminants = NULL;
	struct count_rules rules;
	struct limits limits;
	struct error err = {0};
	char source[64];
	int r;

	limits_default(&limits);
	judge(limits_read(&limits, text, size, "fuzz.txt", &err), &err);
	rules_default(&rules, COMPAT_0_12_1);
	judge(adapter_list_read(&rules, text, size, "fuzz.txt", &err), &err);
	if (rules.adapters_n == 0 || rules_longest_adapter(&rules) == 0)
		abort();
	r = contaminants_read(text, size, "fuzz.txt", &contaminants, &err);
	judge(r, &err);
	if (r == 0 && contaminants_hit(contaminants, "GATCGGAAGAGCACACGTCTGAACTCCAGTCAC", COMPAT_0_12_1, source, sizeof source) < 0)
		abort();
	contaminants_free(contaminants);
	return 0;
}
