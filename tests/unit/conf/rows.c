/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each row of each option table has a help sentence, a field of its type, one name for all places, and bounds or choices. Rows that are
 * wrong on purpose prove that the test can fail.
 */
#include <string.h>

#include "conf/client_settings.h"
#include "conf/coord_settings.h"
#include "conf/worker_settings.h"
#include "tests/unit/conf/paragraph.h"
#include "tests/unit/tap.h"

static bool fits_field(const struct option_row *row)
{
	static const size_t sizes[OPTION_TYPE_MAX] = {
	    [OPTION_STRING] = sizeof(char *),
	    [OPTION_PATH] = sizeof(char *),
	    [OPTION_NUMBER] = sizeof(uint64_t),
	    [OPTION_SIZE] = sizeof(uint64_t),
	    [OPTION_DURATION] = sizeof(uint64_t),
	    [OPTION_BOOL] = sizeof(bool),
	    [OPTION_ADDRESS] = sizeof(struct conf_address),
	    [OPTION_LIST] = sizeof(struct conf_list),
	    [OPTION_CHOICE] = sizeof(unsigned int),
	};

	return row->type < OPTION_TYPE_MAX && row->size == sizes[row->type];
}

/* The long name is the key with dashes. */
static bool is_same_name(const struct option_row *row)
{
	const char *key = row->key, *name = row->long_name;

	if (!key || !name)
		return key || name;
	for (; *key && *name; key++, name++)
		if (*key != *name && !(*key == '_' && *name == '-'))
			return false;
	return *key == *name;
}

/* The number of faults, which are said. */
static size_t check_row(const struct option_row *row)
{
	const char *name = row->long_name ? row->long_name : row->key;
	size_t n = row->help ? strlen(row->help) : 0, faults = 0;

	if (n < 5 || row->help[n - 1] != '.' || (row->help[0] >= 'a' && row->help[0] <= 'z')) {
		diag("%s has no help sentence that ends in a full stop", name);
		faults++;
	}
	if (!fits_field(row)) {
		diag("%s does not fit its field", name);
		faults++;
	}
	if (!is_same_name(row)) {
		diag("%s has another name in the file", name);
		faults++;
	}
	if (row->key && is_quantity(row) && (row->largest == 0 || row->largest > INT64_MAX)) {
		diag("%s has no largest value", name);
		faults++;
	}
	if ((row->type == OPTION_CHOICE) != (row->choices != NULL) ||
	    (row->type != OPTION_BOOL && row->long_name && !row->argument)) {
		diag("%s lacks its choices or the name of its argument", name);
		faults++;
	}
	return faults;
}

static void test_wrong_rows(void)
{
	struct option_row row = client_table.rows[0];

	row.help = NULL;
	is_u64(check_row(&row), 1, "a row without a help sentence is found");
	row = client_table.rows[0];
	row.help = "No full stop";
	is_u64(check_row(&row), 1, "a help sentence without a full stop is found");
	row = client_table.rows[0];
	row.size = 4;
	is_u64(check_row(&row), 1, "a field of another type is found");
	row = client_table.rows[0];
	row.key = "hast";
	is_u64(check_row(&row), 1, "a key that is not the long name is found");
}

int main(void)
{
	static const struct option_table *const tables[] = {&coord_table, &worker_table, &client_table};

	for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
		for (size_t i = 0; i < tables[k]->n; i++)
			is_u64(check_row(&tables[k]->rows[i]), 0, "%s: row %zu", tables[k]->name, i);
	test_wrong_rows();
	return done_testing();
}
