/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of nodes folded. */
#include "lib/base/hostlist.h"

#include <stdio.h>
#include <stdlib.h>
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

/* How many names a folded list has, without those that are left out. */
static unsigned long names_in(const char *list)
{
	unsigned long n = 0;
	char *end;

	for (const char *at = list; *at && *at != '+'; at++) {
		if (*at >= '0' && *at <= '9' && (at == list || strchr("[,", at[-1]))) {
			unsigned long first = strtoul(at, &end, 10);

			n += *end == '-' ? strtoul(end + 1, &end, 10) - first + 1 : 1;
			at = end - 1;
		} else if (at == list || (at[-1] == ',' && (*at < '0' || *at > '9'))) {
			n += strcspn(at, "[") > strcspn(at, ",");
		}
	}
	return n;
}

/* Whatever the room, the list is whole names and says how many are left out. */
static void test_room(void)
{
	const char *names = "alpha1,alpha2,beta,gamma09,gamma10,gamma11,gamma13";
	static const char whole[] = "alpha[1-2],beta,gamma[09-11,13]";
	char out[64];
	int bad = 0;

	for (size_t size = 5; size < sizeof out; size++) {
		size_t n = strlen(hostlist_fold(out, size, names, false));
		const char *plus = strrchr(out, '+');

		bad += n >= size || (strcmp(out, whole) != 0 && (!plus || names_in(out) + strtoul(plus + 1, NULL, 10) != 7));
	}
	is_int(bad, 0, "what does not fit is left out and counted");
	is_str(hostlist_fold(out, sizeof whole, names, false), whole, "what just fits is there");
	is_str(hostlist_fold(out, 20, names, false), "alpha[1-2],beta,+4", "otherwise whole names stay");
	is_str(hostlist_fold(out, 14, "n1,n2,n3,n10,n20,n30", false), "n[1-3,10],+2", "also of those that come together");
	is_str(hostlist_fold(out, sizeof out, whole, false), whole, "what is folded stays");
	is_str(hostlist_fold(out, sizeof out, "alpha[1-2],+5", true), "alpha[1-2],+5", "also what was cut");
}

static void test_many(void)
{
	static char names[20000], texts[3000][8];
	static const char *list[3000];
	char out[64];
	size_t n = 0;

	for (unsigned i = 1; i <= HOSTLIST_NAMES_MAX + 10; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%snode%u", i > 1 ? "," : "", i);
	is_str(hostlist_fold(out, sizeof out, names, false), "node[1-256],+10", "more names than are folded: it says so");
	for (unsigned i = 0; i < 3000; i++)
		(void)snprintf(texts[i], sizeof texts[i], "n%04u", 2 * i);
	for (unsigned i = 0; i < 3000; i++)
		list[i] = texts[i];
	is_str(hostlist_fold_names(out, 25, list, 3000), "n[0000,0002,0004],+2997", "as many as there are");
	is_str(hostlist_fold_names(out, sizeof out, list, 0), "", "none");
}

/* ---- and unfolded */

static const char *unfolded(char out[ERROR_TEXT_MAX], const char *list)
{
	struct error err = {0};
	char **names = NULL;
	size_t n = 0;

	if (hostlist_unfold(list, &names, &err) < 0) {
		memcpy(out, err.text, sizeof err.text);
		return out;
	}
	out[0] = '\0';
	for (char **name = names; *name; name++)
		n += (size_t)snprintf(out + n, n < ERROR_TEXT_MAX ? ERROR_TEXT_MAX - n : 0, "%s%s", n > 0 ? " " : "", *name);
	(void)hostlist_free(names); /* always NULL */
	return out;
}

static void test_unfolds(void)
{
	static const char *const cases[][2] = {
	    {"node", "node"},
	    {"node[01-04,07]", "node01 node02 node03 node04 node07"},
	    {"n[8-11]", "n8 n9 n10 n11"},
	    {"n[098-101]", "n098 n099 n100 n101"},
	    {"a[1-2],b1,c", "a1 a2 b1 c"},
	    {"[7-9]", "7 8 9"},
	    {"rack[1-2]n[1-2]-x", "rack1n1-x rack1n2-x rack2n1-x rack2n2-x"},
	    {"x123456789012", "x123456789012"},
	};
	static const char *const wrong[][2] = {
	    {"", "a name in it is empty"},         {"a,,b", "a name in it is empty"},      {"a,", "a name in it is empty"},
	    {"n[1-2", "a [ has no ]"},             {"n1-2]", "a ] stands without its ["},  {"n[]", "in brackets stand numbers"},
	    {"n[1,]", "in brackets stand numbers"}, {"n[a]", "in brackets stand numbers"}, {"n[1-]", "in brackets stand numbers"},
	    {"n[4-1]", "in brackets stand numbers"}, {"n[1-2-3]", "in brackets stand numbers"},
	    {"n[0000000001]", "in brackets stand numbers"}, {"n[[1]]", "in brackets stand numbers"},
	    {"n[1-4],+13", "some names were left out of it"}, {"n[1-4],...", "some names were left out of it"},
	    {"n[1-4097]", "it has more than 4096 names"}, {"[1-99][1-99]", "it has more than 4096 names"},
	    {"[1][1][1][1][1]", "it has too many brackets"},
	};
	char out[ERROR_TEXT_MAX], long_list[3000];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_str(unfolded(out, cases[i][0]), cases[i][1], "%s", cases[i][0]);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(strstr(unfolded(out, wrong[i][0]), wrong[i][1]) != NULL, "'%s': %s", wrong[i][0], out);
	memset(long_list, 'x', sizeof long_list - 1);
	long_list[sizeof long_list - 1] = '\0';
	ok(strstr(unfolded(out, long_list), "it is too long") != NULL, "3,000 bytes: %s", out + strlen(out) - 60);
	(void)unfolded(out, "[1-64][1-64]");
	ok(strncmp(out, "11 12", 5) == 0, "4096 names are read");
}

/* What was folded comes back. */
static void test_back(void)
{
	static const char list[] = "alpha1,alpha2,beta,gamma09,gamma10,gamma11,gamma13";
	char folded[256], out[ERROR_TEXT_MAX];

	(void)unfolded(out, hostlist_fold(folded, sizeof folded, list, false));
	for (char *at = out; *at; at++)
		*at = *at == ' ' ? ',' : *at;
	is_str(out, list, "%s", folded);
}

int main(void)
{
	test_folds();
	test_room();
	test_many();
	test_unfolds();
	test_back();
	return done_testing();
}
