/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of options: from text into the field with all checks of the row, and back into the syntax of the config file. */
#include "conf/option.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"

static void *field_of(const struct option_row *row, void *settings)
{
	return (char *)settings + row->offset;
}

static const void *const_field_of(const struct option_row *row, const void *settings)
{
	return (const char *)settings + row->offset;
}

/* ---- numbers ---- */

/* "8M", "250ms", "12" into out: what the parser reads back to the same number. */
static char *format_number(const struct option_row *row, uint64_t number, char out[32])
{
	static const struct unit {
		const char *name;
		uint64_t factor;
	} sizes[] = {{"T", UINT64_C(1) << 40},
	             {"G", 1 << 30},
	             {"M", 1 << 20},
	             {"K", 1 << 10},
	             {"", 1}},
	  durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	const struct unit *units = row->type == OPTION_SIZE ? sizes : durations;
	size_t i = 0;

	if (row->type == OPTION_NUMBER || number == 0) {
		(void)snprintf(out, 32, "%" PRIu64 "%s", number,
		               row->type == OPTION_DURATION ? "s" : "");
		return out;
	}
	while (number % units[i].factor != 0)
		i++;
	(void)snprintf(out, 32, "%" PRIu64 "%s", number / units[i].factor, units[i].name);
	return out;
}

static int range_error(const struct option_row *row, const char *text, struct error *err)
{
	const char *space = row->unit ? " " : "", *unit = row->unit ? row->unit : "";
	char smallest[32], largest[32];

	(void)format_number(row, row->smallest, smallest);
	(void)format_number(row, row->largest, largest);
	if (row->largest == 0)
		return error_set(err, -ERANGE, ERROR_USAGE,
		                 "%s is out of range: right is %s%s%s or more", text, smallest,
		                 space, unit);
	return error_set(err, -ERANGE, ERROR_USAGE, "%s is out of range: right is %s to %s%s%s",
	                 text, smallest, largest, space, unit);
}

static int check_number(const struct option_row *row, uint64_t number, const char *text,
                        struct error *err)
{
	if (number < row->smallest || (row->largest > 0 && number > row->largest))
		return range_error(row, text, err);
	return 0;
}

int option_set_number(const struct option_row *row, void *settings, uint64_t number,
                      struct error *err)
{
	char text[32];
	int r;

	assert(row->type == OPTION_NUMBER || row->type == OPTION_SIZE ||
	       row->type == OPTION_DURATION);
	r = check_number(row, number, format_number(row, number, text), err);
	if (r < 0)
		return r;
	*(uint64_t *)field_of(row, settings) = number;
	return 0;
}

static int set_number_text(const struct option_row *row, void *settings, const char *text,
                           struct error *err)
{
	uint64_t number = 0;
	const char *noun, *right;
	int r;

	switch (row->type) {
	case OPTION_SIZE:
		r = text_to_size(text, &number);
		noun = "size", right = "a number, alone or with K, M, G or T behind it";
		break;
	case OPTION_DURATION:
		r = text_to_duration(text, &number);
		noun = "duration",
		right = "a number of seconds, or one with ms, s, m, h or d behind it";
		break;
	default:
		r = text_to_number(text, &number);
		noun = "number", right = "a whole number without a sign";
	}
	if (r == -ERANGE)
		return range_error(row, TEXT(text), err);
	if (r < 0)
		return error_set(err, r, ERROR_USAGE, "\"%s\" is no %s: right is %s", TEXT(text),
		                 noun, right);
	r = check_number(row, number, text, err);
	if (r < 0)
		return r;
	*(uint64_t *)field_of(row, settings) = number;
	return 0;
}

/* ---- texts ---- */

static int check_text(const struct option_row *row, const char *text, struct error *err)
{
	uint64_t largest = row->largest > 0 ? row->largest : OPTION_TEXT_MAX, n = strlen(text);

	if (n == 0 && row->smallest > 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "it must not be empty");
	if (n < row->smallest || n > largest)
		return error_set(err, -ERANGE, ERROR_USAGE,
		                 "%s has %" PRIu64 " bytes: right is %" PRIu64 " to %" PRIu64,
		                 TEXT(text), n, row->smallest, largest);
	return 0;
}

static int set_text(const struct option_row *row, void *settings, const char *text,
                    struct error *err)
{
	char **field = field_of(row, settings);
	char *copy;
	int r;

	r = check_text(row, text, err);
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return error_oom(err);
	free(*field);
	*field = copy;
	return 0;
}

static int add_item(const struct option_row *row, void *settings, const char *text,
                    struct error *err)
{
	struct conf_list *list = field_of(row, settings);
	_cleanup_(freep) char *copy = NULL;
	char **items;
	int r;

	r = check_text(row, text, err);
	if (r < 0)
		return r;
	if (list->n >= OPTION_LIST_MAX)
		return error_set(err, -ERANGE, ERROR_USAGE, "too many: right is at most %d",
		                 OPTION_LIST_MAX);
	copy = strdup(text);
	items = copy ? reallocarray(list->items, list->n + 1, sizeof *items) : NULL;
	if (!items)
		return error_oom(err);
	items[list->n] = TAKE(copy);
	list->items = items;
	list->n++;
	return 0;
}

/* ---- the other types ---- */

static int set_bool(const struct option_row *row, void *settings, const char *text,
                    struct error *err)
{
	bool *field = field_of(row, settings);

	if (text && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "\"%s\" is neither true nor false",
		                 TEXT(text));
	*field = !text || strcmp(text, "true") == 0;
	return 0;
}

static int set_address(const struct option_row *row, void *settings, const char *text,
                       struct error *err)
{
	struct conf_address *field = field_of(row, settings), address = {0};
	int r;

	if (*text == '\0' && row->smallest > 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "it must not be empty");
	if (*text != '\0') {
		r = text_to_address(text, row->port, address.host, &address.port, err);
		if (r < 0)
			return r;
	}
	*field = address;
	return 0;
}

static int set_choice(const struct option_row *row, void *settings, const char *text,
                      struct error *err)
{
	unsigned int *field = field_of(row, settings), i = 0;

	for (const char *s = row->choices; s; i++) {
		size_t n = strcspn(s, "|");

		if (strlen(text) == n && strncmp(s, text, n) == 0) {
			*field = i;
			return 0;
		}
		s = s[n] == '|' ? s + n + 1 : NULL;
	}
	return error_set(err, -EINVAL, ERROR_USAGE,
	                 "\"%s\" is none of the choices: right is one of %s", TEXT(text),
	                 row->choices);
}

int option_set_text(const struct option_row *row, void *settings, const char *text,
                    struct error *err)
{
	assert(text || row->type == OPTION_BOOL);
	switch (row->type) {
	case OPTION_STRING:
	case OPTION_PATH:
		return set_text(row, settings, text, err);
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_DURATION:
		return set_number_text(row, settings, text, err);
	case OPTION_BOOL:
		return set_bool(row, settings, text, err);
	case OPTION_ADDRESS:
		return set_address(row, settings, text, err);
	case OPTION_LIST:
		return add_item(row, settings, text, err);
	case OPTION_CHOICE:
		return set_choice(row, settings, text, err);
	case OPTION_TYPE_MAX:
		break;
	}
	return error_set(err, -EINVAL, ERROR_SOFTWARE, "an option of unknown type");
}

void option_clear(const struct option_row *row, void *settings)
{
	void *field = field_of(row, settings);

	if (row->type == OPTION_STRING || row->type == OPTION_PATH) {
		free(*(char **)field);
	} else if (row->type == OPTION_LIST) {
		struct conf_list *list = field;

		for (size_t i = 0; i < list->n; i++)
			free(list->items[i]);
		free(list->items);
	}
	memset(field, 0, row->size);
}

/* ---- back to text ---- */

static void put_quoted(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (const char *s = text; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			(void)fprintf(out, "\\x%02x", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static void put_address(FILE *out, const struct option_row *row, const struct conf_address *address)
{
	bool v6 = strchr(address->host, ':');

	(void)fprintf(out, "\"%s%s%s", v6 ? "[" : "", address->host, v6 ? "]" : "");
	if (address->host[0] != '\0' && (address->port > 0 || row->port > 0))
		(void)fprintf(out, ":%u", address->port);
	(void)fputc('"', out);
}

static void put_list(FILE *out, const struct conf_list *list)
{
	(void)fputc('[', out);
	for (size_t i = 0; i < list->n; i++) {
		(void)fputs(i > 0 ? ", " : "", out);
		put_quoted(out, list->items[i]);
	}
	(void)fputc(']', out);
}

static void put_choice(FILE *out, const struct option_row *row, unsigned int choice)
{
	const char *s = row->choices;

	while (choice-- > 0)
		s = strchr(s, '|') + 1;
	(void)fprintf(out, "\"%.*s\"", (int)strcspn(s, "|"), s);
}

/* A stream in memory fails only for lack of it, which fclose reports. */
static void put_value(FILE *out, const struct option_row *row, const void *field)
{
	char number[32];

	switch (row->type) {
	case OPTION_STRING:
	case OPTION_PATH:
		put_quoted(out, *(char *const *)field);
		break;
	case OPTION_NUMBER:
		(void)fprintf(out, "%s%s", format_number(row, *(const uint64_t *)field, number),
		              *(const uint64_t *)field > INT32_MAX ? "L" : "");
		break;
	case OPTION_SIZE:
	case OPTION_DURATION:
		(void)fprintf(out, "\"%s\"", format_number(row, *(const uint64_t *)field, number));
		break;
	case OPTION_BOOL:
		(void)fputs(*(const bool *)field ? "true" : "false", out);
		break;
	case OPTION_ADDRESS:
		put_address(out, row, field);
		break;
	case OPTION_LIST:
		put_list(out, field);
		break;
	case OPTION_CHOICE:
		put_choice(out, row, *(const unsigned int *)field);
		break;
	case OPTION_TYPE_MAX:
		break;
	}
}

int option_format(const struct option_row *row, const void *settings, char **ret)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return -ENOMEM;
	put_value(out, row, const_field_of(row, settings));
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}
