/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See given.h. */
#include "ctl/given.h"

#include <errno.h>
#include <string.h>

static bool is_in(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The first one that was given, or NULL. */
static const struct conf_given *given_find(const struct call *call, const struct option_table *table, const char *const *but)
{
	for (size_t i = 0; i < call->given->given_n; i++) {
		const struct conf_given *given = &call->given->given[i];

		if (given->table == table && !is_in(but, table->rows[given->row].long_name))
			return given;
	}
	return NULL;
}

int given_refuse(const struct call *call, const struct option_table *table, const char *const *but, const char *what, struct error *err)
{
	const struct conf_given *given = given_find(call, table, but);
	const char letter[2] = {given ? table->rows[given->row].letter : '\0'};

	if (!given)
		return 0;
	return error_set(err, -EINVAL, ERROR_USAGE, "-%s%s is for %s; 'fqctl %s --help' tells more", given->by_letter ? "" : "-",
	                 given->by_letter ? letter : table->rows[given->row].long_name, what, call->verb->name);
}

int given_name(enum conf_source source, const char *name, const char *what, struct error *err)
{
	return source == CONF_COMMAND && !name[0] ? error_set(err, -EINVAL, ERROR_USAGE, "%s is empty", what) : 0;
}

int given_no_table(const struct call *call, const char *use, struct error *err)
{
	const struct conf_given *given = given_find(call, &table_options_table, NULL);

	if (!given)
		return 0;
	return error_set(err, -EINVAL, ERROR_USAGE, "--%s is for tables, and %s prints none; 'fqctl %s --help' tells more",
	                 table_options_table.rows[given->row].long_name, use, call->verb->name);
}
