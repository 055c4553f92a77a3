/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON and Prometheus's text: see forms.h. */
#include "tests/fuzz/forms.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

#define DEEP_MAX 50

/* ---- JSON: the text has no zero bytes and one behind it */

static void json_blanks(const char **at)
{
	*at += strspn(*at, " \t\n\r");
}

static void json_string(const char **at)
{
	must(*(*at)++ == '"');
	for (; **at != '"'; ++*at) {
		must((unsigned char)**at >= ' ');
		if (**at != '\\')
			continue;
		++*at;
		must(**at && strchr("\"\\/bfnrtu", **at));
		must(**at != 'u' || strspn(*at + 1, "0123456789abcdefABCDEF") >= 4);
	}
	++*at;
}

static void json_digits(const char **at)
{
	size_t n = strspn(*at, "0123456789");

	must(n > 0);
	*at += n;
}

static void json_number(const char **at)
{
	*at += **at == '-';
	must(!(**at == '0' && (*at)[1] >= '0' && (*at)[1] <= '9'));
	json_digits(at);
	if (**at == '.') {
		++*at;
		json_digits(at);
	}
	if (**at == 'e' || **at == 'E') {
		++*at;
		*at += **at == '-' || **at == '+';
		json_digits(at);
	}
}

static bool json_word(const char **at)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(*at, words[i], strlen(words[i])) == 0) {
			*at += strlen(words[i]);
			return true;
		}
	return false;
}

static void json_value(const char **at, int deep);

/* What stands between brackets, or of an object with their keys. */
static void json_several(const char **at, int deep, char end)
{
	++*at;
	json_blanks(at);
	if (**at == end) {
		++*at;
		return;
	}
	for (;;) {
		json_blanks(at);
		if (end == '}') {
			json_string(at);
			json_blanks(at);
			must(*(*at)++ == ':');
		}
		json_value(at, deep + 1);
		if (**at == end)
			break;
		must(*(*at)++ == ',');
	}
	++*at;
}

static void json_value(const char **at, int deep)
{
	must(deep < DEEP_MAX);
	json_blanks(at);
	if (**at == '{' || **at == '[')
		json_several(at, deep, **at == '{' ? '}' : ']');
	else if (**at == '"')
		json_string(at);
	else if (!json_word(at))
		json_number(at);
	json_blanks(at);
}

void must_be_json(const char *text, size_t n)
{
	const char *at = text;
	uint32_t code;

	for (size_t i = 0, length; i < n; i += length)
		must((length = text_utf8_length((const uint8_t *)text + i, n - i, &code)) > 0 && code != 0);
	must(text[n] == '\0');
	json_value(&at, 0);
	must(at == text + n);
}

/* ---- Prometheus */

#define SERIES_MAX 4096
#define METRIC_MAX 128 /* bytes of a name */

struct scrape {
	char metric[METRIC_MAX], type[METRIC_MAX]; /* of the last TYPE */
	char bucket[METRIC_MAX];                   /* the last bucket's value */
	char *series[SERIES_MAX], *metrics[SERIES_MAX];
	size_t series_n, metrics_n;
};

static void put_once(char **list, size_t *n, const char *text, size_t length)
{
	for (size_t i = 0; i < *n; i++)
		must(strlen(list[i]) != length || memcmp(list[i], text, length) != 0);
	must(*n < SERIES_MAX);
	list[*n] = strndup(text, length);
	must(list[(*n)++] != NULL);
}

static size_t metric_name(const char *at)
{
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");

	must(n > 0 && n < METRIC_MAX && !(*at >= '0' && *at <= '9'));
	return n;
}

static void scrape_type(struct scrape *scrape, const char *at)
{
	size_t n = metric_name(at);

	put_once(scrape->metrics, &scrape->metrics_n, at, n);
	(void)snprintf(scrape->metric, sizeof scrape->metric, "%.*s", (int)n, at);
	must(at[n] == ' ');
	(void)snprintf(scrape->type, sizeof scrape->type, "%s", at + n + 1);
	must(strcmp(scrape->type, "gauge") == 0 || strcmp(scrape->type, "counter") == 0 || strcmp(scrape->type, "histogram") == 0);
	scrape->bucket[0] = '\0';
}

/* {name="value",...}: how long it is. */
static size_t labels(const char *begin)
{
	const char *at = begin;

	do {
		at++; /* the bracket, or a comma */
		at += metric_name(at);
		must(at[0] == '=' && at[1] == '"');
		for (at += 2; *at != '"'; at++) {
			must(*at != '\0');
			must(*at != '\\' || strchr("\\\"n", *++at));
		}
		at++;
	} while (*at == ',');
	must(*at++ == '}');
	return (size_t)(at - begin);
}

static void sample(struct scrape *scrape, const char *line)
{
	size_t n = metric_name(line), metric = strlen(scrape->metric);
	const char *rest = line + metric, *value;
	char *end;

	must(metric > 0 && strncmp(line, scrape->metric, metric) == 0);
	if (strcmp(scrape->type, "histogram") == 0)
		must(strncmp(rest, "_bucket{", 8) == 0 || strncmp(rest, "_sum ", 5) == 0 || strncmp(rest, "_count ", 7) == 0);
	else
		must(n == metric);
	if (line[n] == '{')
		n += labels(line + n);
	put_once(scrape->series, &scrape->series_n, line, n);
	must(line[n] == ' ');
	value = line + n + 1;
	must(*value >= '0' && *value <= '9' && strtod(value, &end) >= 0 && *end == '\0');
	if (strncmp(rest, "_bucket", 7) == 0) {
		must(strtod(value, NULL) >= strtod(scrape->bucket, NULL));
		(void)snprintf(scrape->bucket, sizeof scrape->bucket, "%s", value);
	} else if (strncmp(rest, "_count", 6) == 0) {
		must(strcmp(scrape->bucket, value) == 0);
	}
}

static void scrape_line(struct scrape *scrape, const char *line)
{
	if (strncmp(line, "# HELP ", 7) == 0)
		must(line[7 + metric_name(line + 7)] == ' ');
	else if (strncmp(line, "# TYPE ", 7) == 0)
		scrape_type(scrape, line + 7);
	else
		sample(scrape, line);
}

void must_be_metrics(const char *text, size_t n)
{
	struct scrape *scrape = calloc(1, sizeof *scrape);
	char *copy = strndup(text, n), *line, *rest = copy;

	must(scrape && copy && n > 0 && text[n - 1] == '\n');
	must_be_text(text, n);
	copy[n - 1] = '\0';
	while ((line = strsep(&rest, "\n")))
		scrape_line(scrape, line);
	for (size_t i = 0; i < scrape->series_n; i++)
		free(scrape->series[i]);
	for (size_t i = 0; i < scrape->metrics_n; i++)
		free(scrape->metrics[i]);
	free(scrape);
	free(copy);
}
