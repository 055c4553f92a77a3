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
	bool full;
};

static void put(struct folded *folded, const char *text, size_t n)
{
	if (folded->full || folded->n + n + sizeof ",..." > folded->size) {
		folded->full = true;
		return;
	}
	memcpy(folded->out + folded->n, text, n);
	folded->n += n;
}

/* hosts[0..n), all kin. */
static void put_kin(struct folded *folded, const struct host *hosts, size_t n)
{
	const size_t before = folded->n;

	put(folded, hosts->name, hosts->prefix + (n == 1 ? hosts->digits : 0));
	for (size_t i = 0, last; n > 1 && i < n; i = last + 1) {
		for (last = i; last + 1 < n && hosts[last + 1].number == hosts[last].number + 1; last++)
			;
		put(folded, i == 0 ? "[" : ",", 1);
		put(folded, hosts[i].name + hosts[i].prefix, hosts[i].digits);
		if (last > i) {
			put(folded, "-", 1);
			put(folded, hosts[last].name + hosts[last].prefix, hosts[last].digits);
		}
	}
	if (n > 1)
		put(folded, "]", 1);
	if (folded->full)
		folded->n = before; /* no half of one */
}

static size_t hosts_parse(const char *names, bool *cut, struct host hosts[HOSTLIST_NAMES_MAX])
{
	size_t n = 0;

	for (const char *at = names; *at;) {
		size_t length = strcspn(at, ",");

		if (*cut && at[length] == '\0')
			break;
		if (n == HOSTLIST_NAMES_MAX) {
			*cut = true;
			break;
		}
		if (length > 0)
			hosts[n++] = host_of(at, length);
		at += length + (at[length] == ',');
	}
	return n;
}

char *hostlist_fold(char *out, size_t size, const char *names, bool cut)
{
	struct folded folded = {.out = out, .size = size};
	struct host hosts[HOSTLIST_NAMES_MAX];
	size_t n = hosts_parse(names, &cut, hosts), kept = 0;

	qsort(hosts, n, sizeof *hosts, hosts_compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !is_same(&hosts[kept - 1], &hosts[i]))
			hosts[kept++] = hosts[i];
	for (size_t i = 0, end; i < kept; i = end) {
		for (end = i + 1; end < kept && is_kin(&hosts[i], &hosts[end]) && is_kin(&hosts[end - 1], &hosts[end]); end++)
			;
		if (i > 0)
			put(&folded, ",", 1);
		put_kin(&folded, hosts + i, end - i);
	}
	if (folded.n > 0 && out[folded.n - 1] == ',')
		folded.n--;
	(void)snprintf(out + folded.n, size - folded.n, "%s", !cut && !folded.full ? "" : folded.n > 0 ? ",..." : "...");
	return out;
}
