/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of nodes: see hostlist.h. */
#include "lib/base/hostlist.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 9 /* a longer number is part of the name */

/* "node007": node, 7, 3 digits. */
struct host {
	const char *name;
	size_t prefix, digits;
	uint32_t number;
};

static struct host host_of(const char *name, size_t n)
{
	struct host host = {.name = name, .prefix = n};

	while (host.digits < DIGITS_MAX && host.prefix > 0 && name[host.prefix - 1] >= '0' && name[host.prefix - 1] <= '9') {
		host.prefix--;
		host.digits++;
	}
	for (size_t i = host.prefix; i < n; i++)
		host.number = host.number * 10 + (uint32_t)(name[i] - '0');
	return host;
}

static int hosts_compare(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	size_t n = x->prefix < y->prefix ? x->prefix : y->prefix;
	int way = memcmp(x->name, y->name, n);

	if (way == 0)
		way = (x->prefix > y->prefix) - (x->prefix < y->prefix);
	if (way == 0)
		way = (x->number > y->number) - (x->number < y->number);
	return way != 0 ? way : (x->digits > y->digits) - (x->digits < y->digits);
}

/* Whether the number is written with zeros before it. */
static bool is_padded(const struct host *host)
{
	return host->digits > 1 && host->name[host->prefix] == '0';
}

/* Whether both can stand within the same brackets. */
static bool is_kin(const struct host *a, const struct host *b)
{
	return a->digits > 0 && b->digits > 0 && a->prefix == b->prefix && memcmp(a->name, b->name, a->prefix) == 0 &&
	       (a->digits == b->digits || (!is_padded(a) && !is_padded(b)));
}

static bool is_same(const struct host *a, const struct host *b)
{
	return hosts_compare(a, b) == 0;
}

struct folded {
	char *out;
	size_t size, n;
	size_t left; /* names that are not shown yet */
	bool cut;    /* there were more, nobody knows how many */
};

/* What has to be said at the end, with its zero. */
static size_t tail_size(size_t left, bool cut)
{
	return cut ? sizeof ",..." : left > 0 ? 1 + (size_t)snprintf(NULL, 0, ",+%zu", left) : 1;
}

/* How many of hosts[0..n), all kin, follow each other from the first on. */
static size_t run_length(const struct host *hosts, size_t n)
{
	size_t length = 1;

	while (length < n && hosts[length].number == hosts[length - 1].number + 1)
		length++;
	return length;
}

/* A run of them; first: it begins the kin, alone: there is no other. False: there is no room for it, and for saying what is left out. */
static bool put_run(struct folded *folded, const struct host *hosts, size_t n, bool first, bool alone)
{
	const struct host *last = &hosts[n - 1];
	const size_t room = folded->size - folded->n, left = folded->left - n;
	const int prefix = first ? (int)hosts->prefix : 0;
	int length = snprintf(folded->out + folded->n, room, "%s%.*s%s%.*s%s%.*s", folded->n > 0 ? "," : "", prefix, hosts->name,
	                      first && !alone ? "[" : "", (int)hosts->digits, hosts->name + hosts->prefix, n > 1 ? "-" : "",
	                      n > 1 ? (int)last->digits : 0, last->name + last->prefix);

	if (length < 0 || (size_t)length + !alone + tail_size(left, folded->cut) > room) {
		folded->out[folded->n] = '\0'; /* no half of one */
		return false;
	}
	folded->n += (size_t)length;
	folded->left = left;
	return true;
}

/* hosts[0..n), all kin. False: as above. */
static bool put_kin(struct folded *folded, const struct host *hosts, size_t n)
{
	size_t i = 0;
	bool fits = true;

	while (fits && i < n) {
		size_t length = run_length(hosts + i, n - i);

		fits = put_run(folded, hosts + i, length, i == 0, n == 1);
		i += fits ? length : 0;
	}
	if (i > 0 && n > 1)
		folded->out[folded->n++] = ']';
	return fits;
}

static void put_tail(struct folded *folded)
{
	char *end = folded->out + folded->n;
	const size_t room = folded->size - folded->n;
	const char *comma = folded->n > 0 ? "," : "";

	if (folded->cut)
		(void)snprintf(end, room, "%s...", comma);
	else if (folded->left > 0)
		(void)snprintf(end, room, "%s+%zu", comma, folded->left);
	else
		*end = '\0';
}

/* more: how many there are besides. */
static char *fold(char *out, size_t size, struct host *hosts, size_t n, size_t more, bool cut)
{
	struct folded folded = {.out = out, .size = size, .cut = cut};
	size_t kept = 0;
	bool fits = true;

	qsort(hosts, n, sizeof *hosts, hosts_compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !is_same(&hosts[kept - 1], &hosts[i]))
			hosts[kept++] = hosts[i];
	folded.left = kept + more;
	for (size_t i = 0, end; fits && i < kept; i = end) {
		for (end = i + 1; end < kept && is_kin(&hosts[i], &hosts[end]) && is_kin(&hosts[end - 1], &hosts[end]); end++)
			;
		fits = put_kin(&folded, hosts + i, end - i);
	}
	put_tail(&folded);
	return out;
}

char *hostlist_fold_names(char *out, size_t size, const char *const *names, size_t n)
{
	struct host *hosts = calloc(n + 1, sizeof *hosts);

	for (size_t i = 0; hosts && i < n; i++)
		hosts[i] = host_of(names[i], strlen(names[i]));
	if (hosts)
		(void)fold(out, size, hosts, n, 0, false);
	else
		(void)snprintf(out, size, "+%zu", n);
	free(hosts);
	return out;
}

char *hostlist_fold(char *out, size_t size, const char *names, bool cut)
{
	struct host hosts[HOSTLIST_NAMES_MAX];
	size_t n = 0, more = 0;

	if (strpbrk(names, "[+")) {
		(void)snprintf(out, size, "%s", names);
		return out;
	}
	for (const char *at = names; *at;) {
		size_t length = strcspn(at, ",");

		if (cut && at[length] == '\0')
			break;
		if (length > 0 && n < HOSTLIST_NAMES_MAX)
			hosts[n++] = host_of(at, length);
		else
			more += length > 0;
		at += length + (at[length] == ',');
	}
	return fold(out, size, hosts, n, more, cut);
}
