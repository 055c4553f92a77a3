/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words from people: sizes, durations, numbers, addresses, times, states, roots, lists of hosts, and foreign strings. The first byte is the
 * room for what is written, the rest a text. What is taken means what it says, what is refused has a sentence, what is written fits and
 * can be read back.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/roots.h"
#include "ctl/job.h"
#include "ctl/job_cells.h"
#include "ctl/when.h"
#include "lib/base/cleanup.h"
#include "lib/base/hostlist.h"
#include "lib/base/text.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS 1700000000000 /* 2023-11-14 */
#define NAMES_MAX 100

/* ---- foreign strings */

/* Takes \xHH back; the end of what it was. */
static size_t unescape(const char *text, uint8_t *ret)
{
	size_t n = 0;

	for (const char *at = text; *at; at++) {
		unsigned int byte = (uint8_t)*at;

		if (*at == '\\') {
			must(sscanf(at, "\\x%2x", &byte) == 1);
			at += 3;
		}
		ret[n++] = (uint8_t)byte;
	}
	return n;
}

static void check_escape(const uint8_t *data, size_t size, size_t room)
{
	_cleanup_(freep) char *whole = malloc(4 * size + 1), *cut = malloc(room), *again = malloc(4 * size + 1);
	_cleanup_(freep) uint8_t *back = malloc(4 * size + 1);

	must(whole && cut && again && back);
	text_escape_bytes(whole, 4 * size + 1, data, size);
	must_be_text(whole, strlen(whole));
	must(unescape(whole, back) == size && memcmp(back, data, size) == 0);
	must(strcmp(text_sentence(again, 4 * size + 1, whole), whole) == 0);
	text_escape_bytes(cut, room, data, size);
	must(strlen(cut) < room);
	must_be_text(cut, strlen(cut));
	if (strlen(whole) < room)
		must(strcmp(cut, whole) == 0);
	else if (room > 4) /* what is shown is the beginning */
		must(strlen(cut) >= 3 && strncmp(cut, whole, strlen(cut) - 3) == 0 && strcmp(cut + strlen(cut) - 3, "...") == 0);
}

/* ---- numbers */

/* The number before a unit, not exact. */
static void check_near(const char *text, uint64_t value, long double unit)
{
	long double wants = strtold(text, NULL) * unit, off = (long double)value - wants;

	must(off < 1 + wants * 1e-12L && off > -2 - wants * 1e-12L);
}

static long double factor(const char *unit, const char *const *names, const long double *factors)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(unit, names[i]) == 0)
			return factors[i];
	abort(); /* it has taken a unit that there is not */
}

static void check_numbers(const char *text)
{
	static const char *const sizes[] = {"", "B", "K", "KB", "KiB", "M", "MB", "MiB", "G", "GB", "GiB", "T", "TB", "TiB", NULL};
	static const long double bytes[] = {1, 1, 0x1p10, 0x1p10, 0x1p10, 0x1p20, 0x1p20, 0x1p20, 0x1p30, 0x1p30, 0x1p30, 0x1p40, 0x1p40, 0x1p40};
	static const char *const times[] = {"", "ms", "s", "m", "h", "d", NULL};
	static const long double ms[] = {1000, 1, 1000, 60000, 3600000, 86400000};
	const char *unit = text + strspn(text, "0123456789.");
	uint64_t value = 7;

	if (text_to_size(text, &value) == 0)
		check_near(text, value, factor(unit, sizes, bytes));
	else
		must(value == 7);
	value = 7;
	if (text_to_duration(text, &value) == 0)
		check_near(text, value, factor(unit, times, ms));
	else
		must(value == 7);
	value = 7;
	if (text_to_number(text, &value) == 0) {
		char again[24];
		const char *from = text + strspn(text, "0");

		(void)snprintf(again, sizeof again, "%llu", (unsigned long long)value);
		must(strcmp(again, *from ? from : "0") == 0);
	} else {
		must(value == 7);
	}
}

static void check_told(const uint8_t *data, size_t size)
{
	uint64_t value = 0;
	char text[32];

	memcpy(&value, data, size < sizeof value ? size : sizeof value);
	must(strlen(text_bytes(text, value)) < 16 && strlen(text_count(text, value)) < 16 && strlen(text_elapsed(text, value)) < 32);
}

/* ---- addresses and times */

static void check_sentence(const struct error *err)
{
	must(err->text[0] && err->class == ERROR_USAGE);
	must_be_text(err->text, strlen(err->text));
}

static void check_address(const char *text)
{
	char host[TEXT_HOST_MAX], again[TEXT_HOST_MAX], whole[TEXT_HOST_MAX + 16];
	uint16_t port, port_again;
	struct error err = {0};

	if (text_to_address(text, 5381, host, &port, &err) < 0) {
		check_sentence(&err);
		return;
	}
	must(host[0] && host[0] != '-');
	(void)snprintf(whole, sizeof whole, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	must(text_to_address(whole, 1, again, &port_again, &err) == 0 && strcmp(host, again) == 0 && port == port_again);
}

static void check_when(const char *text)
{
	struct error err = {0};
	uint64_t ms = 7;

	if (when_parse("-S", text, NOW_MS, &ms, &err) < 0) {
		check_sentence(&err);
		return;
	}
	must(ms % 1000 == 0 || strstr(text, "ms") || strchr(text, '.'));
	if (text[strspn(text, "0123456789")] && strchr("smhd", text[strlen(text) - 1]))
		must(ms <= NOW_MS);
}

/* ---- of options */

static void check_states(const char *text)
{
	struct error err = {0};
	uint32_t states = 0;

	if (job_states_parse(text, &states, &err) < 0)
		check_sentence(&err);
	else
		must((states != 0) == (text[0] != '\0') && !(states >> JOB_TOLD_MAX));
}

/* Both paths of a root are absolute, in the text, and go up nowhere. */
static void check_root(const char *text)
{
	struct error err = {0};
	struct root root;

	if (root_parse(text, &root, &err) < 0) {
		check_sentence(&err);
		return;
	}
	must(root.site >= text && root.site + root.site_n <= text + strlen(text));
	must(root.local >= text && root.local + root.local_n <= text + strlen(text));
	must(root.site_n == 0 || (root.site[0] == '/' && root.site[root.site_n - 1] != '/'));
	must(root.local_n == 0 || (root.local[0] == '/' && root.local[root.local_n - 1] != '/'));
	must(!memmem(root.site, root.site_n, "/../", 4) && !memmem(root.local, root.local_n, "/../", 4));
}

/* ---- hosts */

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct hosts {
	char names[NAMES_MAX][80];
	size_t n, left; /* left: so many are only counted */
};

/* digits 0: there is no number. */
static void hosts_add(struct hosts *hosts, const char *prefix, size_t n, int digits, unsigned long number)
{
	char figures[24] = "";

	must(hosts->n < NAMES_MAX);
	if (digits > 0)
		(void)snprintf(figures, sizeof figures, "%0*lu", digits, number);
	(void)snprintf(hosts->names[hosts->n++], sizeof hosts->names[0], "%.*s%s", (int)n, prefix, figures);
}

/* "node[01-03,07],x,+2" to names; returns what is behind the first of them. */
static const char *hosts_read(struct hosts *hosts, const char *at)
{
	size_t n = strcspn(at, "[,");
	const char *prefix = at;

	if (*at == '+') {
		hosts->left = strtoul(at + 1, (char **)&at, 10);
		must(hosts->left > 0 && *at == '\0');
		return at;
	}
	if (at[n] != '[') {
		must(n > 0);
		hosts_add(hosts, prefix, n, 0, 0);
		return at + n;
	}
	while (*(at += at == prefix ? n : 0) != ']') {
		const char *digits = ++at;
		unsigned long from = strtoul(at, (char **)&at, 10), to = from;
		int width = (int)(at - digits);

		must(width > 0);
		if (*at == '-')
			to = strtoul(at + 1, (char **)&at, 10);
		must(to >= from && (*at == ',' || *at == ']'));
		for (; from <= to; from++)
			hosts_add(hosts, prefix, n, width, from);
	}
	return at + 1;
}

static void hosts_expand(struct hosts *hosts, const char *text)
{
	while (*text) {
		text = hosts_read(hosts, text);
		must(*text == '\0' || (*text == ',' && text[1]));
		text += *text == ',';
	}
	qsort(hosts->names, hosts->n, sizeof hosts->names[0], by_text);
}

/* Names as the coordinator lets nodes have them. */
static void hosts_take(struct hosts *hosts, const uint8_t *data, size_t size)
{
	static const char letters[] = "0123456789an.-_:";
	size_t at = 0;

	while (at < size && hosts->n < NAMES_MAX) {
		char *name = hosts->names[hosts->n];
		size_t n = 0;

		for (; at < size && n < 64 && data[at] != ',' && data[at] != '\n'; at++)
			name[n++] = letters[data[at] % (sizeof letters - 1)];
		name[n] = '\0';
		hosts->n += n > 0;
		at += n < 64;
	}
	qsort(hosts->names, hosts->n, sizeof hosts->names[0], by_text);
}

/* What was folded whole is unfolded to the same names. */
static void check_back(const struct hosts *shown, const char *list)
{
	char **names = NULL;
	struct error err;
	size_t n = 0;

	if (shown->left > 0 || shown->n == 0 || strstr(list, "..."))
		return;
	must(hostlist_unfold(list, &names, &err) == 0);
	while (names[n])
		n++;
	must(n == shown->n);
	for (size_t i = 0; i < n; i++)
		must(bsearch(names[i], shown->names, n, sizeof shown->names[0], by_text) != NULL);
	(void)hostlist_free(names);
}

/* What anybody writes. */
static void check_unfold(const char *text)
{
	char **names = NULL;
	struct error err = {0};
	size_t n = 0;

	if (hostlist_unfold(text, &names, &err) < 0) {
		check_sentence(&err);
		return;
	}
	for (; names[n]; n++)
		must(names[n][0] != '\0' && names[n][strcspn(names[n], "[],")] == '\0');
	must(n > 0 && n <= HOSTLIST_UNFOLD_MAX);
	(void)hostlist_free(names);
}

static void check_hosts(const uint8_t *data, size_t size, size_t room)
{
	struct hosts *given = calloc(1, sizeof *given), *shown = calloc(1, sizeof *shown);
	_cleanup_(freep) char *out = malloc(room);
	const char *names[NAMES_MAX];
	size_t once = 0, k = 0;

	must(given && shown && out);
	hosts_take(given, data, size);
	for (size_t i = 0; i < given->n; i++) {
		names[i] = given->names[i];
		once += i == 0 || strcmp(given->names[i - 1], given->names[i]) != 0;
	}
	if (room >= 32) {
		hostlist_fold_names(out, room, names, given->n);
		must(strlen(out) < room);
		hosts_expand(shown, out);
		must(shown->n + shown->left == once);
		for (size_t i = 0; i < shown->n; i++) { /* in the order of texts both */
			while (k < given->n && strcmp(given->names[k], shown->names[i]) != 0)
				k++;
			must(k < given->n && (i == 0 || strcmp(shown->names[i - 1], shown->names[i]) != 0));
		}
		check_back(shown, out);
	}
	free(given);
	free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	size_t room;

	if (!text || size < 1)
		return 0;
	room = 1 + (size_t)data[0];
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	check_escape(data + 1, size - 1, room);
	check_numbers(text);
	check_told(data + 1, size - 1);
	check_address(text);
	check_when(text);
	check_states(text);
	check_root(text);
	check_hosts(data + 1, size - 1, room);
	check_unfold(text);
	return 0;
}
