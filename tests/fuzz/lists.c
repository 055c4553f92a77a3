/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A user's configuration files: limits, contaminants (and what they hit), adapters. The first byte says which of them the rest
 * is. Each is taken, or refused with a sentence that names the file and the line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/adapter_list.h"
#include "lib/qc/contaminants.h"
#include "lib/qc/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void must_say(const struct error *err)
{
	must(strncmp(err->text, "list.txt", strlen("list.txt")) == 0 && err->class != ERROR_NONE);
}

static void try_limits(const char *text, size_t n)
{
	struct error err = {0};
	struct limits limits;

	limits_default(&limits);
	if (limits_read(&limits, text, n, "list.txt", &err) < 0)
		must_say(&err);
}

/* The beginning of the file itself is what may come from a contaminant. */
static void try_contaminants(const char *text, size_t n)
{
	struct contaminants *contaminants;
	struct error err = {0};
	char sequence[76] = "", hit[200];
	size_t bases = 0;

	for (size_t i = 0; i < n && bases < sizeof sequence - 1; i++)
		if (text[i] && strchr("ACGTN", text[i]))
			sequence[bases++] = text[i];
	if (contaminants_read(text, n, "list.txt", &contaminants, &err) < 0) {
		must_say(&err);
		return;
	}
	for (enum compat compat = 0; compat < _COMPAT_MAX; compat++) {
		must(contaminants_hit(contaminants, (const uint8_t *)sequence, bases, compat, hit, sizeof hit) == 0);
		must(hit[0] != '\0' && strlen(hit) < sizeof hit);
	}
	contaminants_free(contaminants);
}

static void try_adapters(const char *text, size_t n)
{
	_cleanup_(freep) struct count_rules *rules = malloc(sizeof *rules);
	struct packer packer = {0};
	struct error err = {0};

	must(rules != NULL);
	rules_default(rules, COMPAT_0_12_1);
	if (adapter_list_read(rules, text, n, "list.txt", &err) < 0) {
		must_say(&err);
		return;
	}
	must(rules->adapters_n >= 1 && rules->adapters_n <= ADAPTERS_MAX);
	rules_pack(rules, &packer);
	must(!packer.oom && packer.n <= RULES_PACKED_MAX);
	free(packer.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const char *, size_t) = {try_limits, try_contaminants, try_adapters};

	if (size > 0)
		tries[data[0] % 3]((const char *)data + 1, size - 1);
	return 0;
}
