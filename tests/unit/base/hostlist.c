/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of nodes folded. */
#include "lib/base/hostlist.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/tap.h"

static void test_folds(void)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"node", "node"},
	    {"node07", "node07"},
	    {"node01,node02,node03,node04,node07", "node[01-04,07]"},
	    {"node03,node01,node02", "node[01-03]"},
	    {"node1,node2,node2,node1", "node[1-2]"},
	    {"n8,n9,n10,n11", "n[8-11]"},
	    {"n08,n09,n10,n11", "n[08-11]"},
	    {"n099,n100,n101", "n[099-101]"},
	    {"n1,n01", "n1,n01"},
	    {"a1,b1,a2,c", "a[1-2],b1,c"},
	    {"7,8,9", "[7-9]"},
	    {"x123456789012", "x123456789012"},
	    {",a1,,a2,", "a[1-2]"},
	};
	char out[256];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_str(hostlist_fold(out, sizeof out, cases[i][0], false), cases[i][1], "%s", cases[i][0]);
	is_str(hostlist_fold(out, sizeof out, "node01,node02,node0", true), "node[01-02],...", "a name that may be cut is left out");
	is_str(hostlist_fold(out, sizeof out, "node01", true), "...", "also where it is the only one");
}

/* Whatever the room, the list is whole names and ends in "..." where some are left out. */
static void test_room(void)
{
	const char *names = "alpha1,alpha2,beta,gamma09,gamma10,gamma11,gamma13";
	const char *whole = "alpha[1-2],beta,gamma[09-11,13]";
	char out[64];
	int bad = 0;

	for (size_t size = 5; size < sizeof out; size++) {
		size_t n = strlen(hostlist_fold(out, size, names, false));

		if (n >= size || (strcmp(out, whole) != 0 && (n < 3 || strcmp(out + n - 3, "...") != 0 || strncmp(out, whole, n - 4) != 0)) )
			bad += n != 3;
	}
	is_int(bad, 0, "what does not fit is left out");
	is_str(hostlist_fold(out, 24, names, false), "alpha[1-2],beta,...", "and the rest stays");
}

static void test_many(void)
{
	static char names[20000];
	char out[64];
	size_t n = 0;

	for (unsigned i = 1; i <= HOSTLIST_NAMES_MAX + 10; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%snode%u", i > 1 ? "," : "", i);
	is_str(hostlist_fold(out, sizeof out, names, false), "node[1-256],...", "more names than are folded: it says so");
}

int main(void)
{
	test_folds();
	test_room();
	test_many();
	return done_testing();
}
