/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inputs of one name from different folders: the folders of their results. */
#include "ctl/output_apart.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/tap.h"

#define PATHS_MAX 8

static const char *told(const char *const *paths)
{
	static char text[500];
	struct output_apart apart = {0};
	size_t n = 0, at = 0;

	while (n < PATHS_MAX && paths[n])
		n++;
	text[0] = '\0';
	if (output_apart_find(&apart, paths, n, COMPAT_0_12_1) < 0)
		return "out of memory";
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s[%s]", i ? " " : "", output_apart_of(&apart, paths[i]));
	output_apart_deinit(&apart);
	return text;
}

int main(void)
{
	static const char *const one[PATHS_MAX] = {"/no/a/x.fq", "/no/a/y.fq"};
	static const char *const two[PATHS_MAX] = {"/no/a/x.fq", "/no/b/x.fq.gz", "/no/b/y.fq"};
	static const char *const deep[PATHS_MAX] = {"/no/run1/lane1/x.fq", "/no/run1/lane2/x.fq", "/no/run2/lane1/x.fq"};
	static const char *const above[PATHS_MAX] = {"/no/x.fq", "/no/b/x.fq"};
	static const char *const alike[PATHS_MAX] = {"/no/run/x.fq", "/no/run1/x.fq", "/no/run10/x.fq"};
	static const char *const same[PATHS_MAX] = {"/no/a/x.fq", "/no/a/x.fq.gz"};
	static const char *const root[PATHS_MAX] = {"/x.fq", "/no/x.fq"};
	static const char *const climbs[PATHS_MAX] = {"/no/a/../../../etc/x.fq", "/no/b/./x.fq", "../../no/c/../x.fq", "/..//no/../no//a/x.fq"};
	static const char *const alone[PATHS_MAX] = {"no/../../x.fq", "/no/a/../x.fq", "/no/x.fq.gz"};

	is_str(told(one), "[] []", "other names go beside each other");
	is_str(told(two), "[a] [b] []", "one name in two folders");
	is_str(told(deep), "[run1/lane1] [run1/lane2] [run2/lane1]", "as much of the path as differs");
	is_str(told(above), "[] [b]", "one folder within the other");
	is_str(told(alike), "[run] [run1] [run10]", "names that begin with each other");
	is_str(told(same), "[] []", "in one folder they stay, and are refused");
	is_str(told(root), "[] [no]", "the root");
	is_str(told(climbs), "[etc] [no/b] [no] [no/a]", "no folder is above that of the results, whatever a path of another host says");
	is_str(told(alone), "[] [no] [no]", "nor one that goes up only");
	return done_testing();
}
