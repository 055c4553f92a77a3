/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What fqctl diff reads: two fastqc_data.txt, or zips that have one; the input is both, with a zero byte between. Each is taken or refused
 * with its name and line; rows are lines of the text. Nothing differs from itself, and from b to a it is as from a to b where both have
 * the same columns.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/diff.h"
#include "lib/base/cleanup.h"
#include "lib/qc/archive.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ZIP_TEXT_MAX (1u << 20)

static char *copy_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static bool in_text(const char *at, const char *text, size_t n)
{
	return at >= text && at <= text + n && strlen(at) <= (size_t)(text + n - at) && !strchr(at, '\n');
}

static void check_told(const struct told *told, size_t n)
{
	must(told->there & 1u << SECTION_BASIC);
	for (size_t id = 0; id < _SECTION_MAX; id++) {
		const struct told_section *section = &told->sections[id];

		if (!(told->there & 1u << id)) {
			must(section->rows_n == 0 && !section->columns && !section->note);
			continue;
		}
		must(section->id == (enum section_id)id && section->status <= STATUS_FAIL);
		must(!section->columns || in_text(section->columns, told->text, n));
		must(!section->note || in_text(section->note, told->text, n));
		for (size_t i = 0; i < section->rows_n; i++)
			must(in_text(section->rows[i], told->text, n));
	}
}

/* False: it was refused. */
static bool take(struct told *told, const uint8_t *data, size_t size)
{
	char *text = copy_of(data, size);
	struct error err = {0};
	size_t n = size;

	if (size >= 4 && memcmp(data, "PK\003\004", 4) == 0) {
		free(text);
		text = NULL;
		if (report_archive_text(data, size, ZIP_TEXT_MAX, &text, &n, &err) < 0) {
			must(err.class == ERROR_DATA && err.text[0]);
			return false;
		}
		must(n <= ZIP_TEXT_MAX && text[n] == '\0');
	}
	if (told_read(told, text, n, "a\033.txt", &err) < 0) {
		must(err.class == ERROR_DATA && strncmp(err.text, "a\\x1b.txt:", 10) == 0);
		must_be_text(err.text, strlen(err.text));
		return false;
	}
	check_told(told, n);
	return true;
}

static void check_section(const struct diff_section *diff)
{
	if (!diff->compared)
		return;
	must(isfinite(diff->value_a) && isfinite(diff->value_b) && diff->row && diff->column);
	must(diff->most == fabs(diff->value_a - diff->value_b));
}

static void check_same(const struct told *told, enum section_id id)
{
	struct diff_section diff;

	must(diff_section(told, told, id, &diff) == 0);
	check_section(&diff);
	must(diff.a == diff.b && diff.only_a == 0 && diff.only_b == 0 && !diff_worse(&diff));
	must(!diff.compared || diff.most == 0);
}

static void check_both(const struct told *a, const struct told *b, enum section_id id)
{
	const char *columns_a = a->sections[id].columns, *columns_b = b->sections[id].columns;
	struct diff_section ab, ba;

	must(diff_section(a, b, id, &ab) == 0 && diff_section(b, a, id, &ba) == 0);
	check_section(&ab);
	check_section(&ba);
	must(ab.a == ba.b && ab.b == ba.a && ab.only_a == ba.only_b && ab.only_b == ba.only_a);
	must(!(diff_worse(&ab) && diff_worse(&ba)));
	if (columns_a && columns_b && strcmp(columns_a, columns_b) == 0)
		must(ab.compared == ba.compared && (!ab.compared || ab.most == ba.most));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size >= 2 && memcmp(data, "PK", 2) != 0 ? memchr(data, '\0', size) : NULL;
	size_t first = zero ? (size_t)(zero - data) : size;
	struct told a _cleanup_(told_deinit) = {0}, b _cleanup_(told_deinit) = {0};

	if (!take(&a, data, first))
		return 0;
	for (size_t id = 0; id < _SECTION_MAX; id++)
		check_same(&a, (enum section_id)id);
	if (!zero || !take(&b, zero + 1, size - first - 1))
		return 0;
	for (size_t id = 0; id < _SECTION_MAX; id++)
		check_both(&a, &b, (enum section_id)id);
	return 0;
}
