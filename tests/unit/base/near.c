/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words that were meant, and words that were not. */
#include "lib/base/near.h"

#include "tests/unit/tap.h"

int main(void)
{
	static const struct {
		const char *word, *name;
		bool near;
	} cases[] = {
	    {"submit", "submit", true},   {"submi", "submit", true},   {"sumbit", "submit", true},   {"submitt", "submit", true},
	    {"stat", "status", true},     {"nods", "nodes", true},     {"ndoes", "nodes", true},     {"subimtt", "submit", true},
	    {"--helpp", "--help", true},  {"s", "status", false},      {"", "status", false},        {"drain", "token", false},
	    {"nodes", "join", false},     {"ab", "ba", true},          {"abc", "", false},           {"wiat", "wait", true},
	    {"frobnicate", "cancel", false}, {"resubmits", "submit", false}, {"aaaaaaaaaabbbbbbbbbbccccccccccdd", "aaaa", false},
	    {"a", "aaaaaaaaaabbbbbbbbbbccccccccccdd", false}, {"wait", "aaaaaaaaaabbbbbbbbbbccccccccccdd", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ok(near_word(cases[i].word, cases[i].name) == cases[i].near, "\"%s\" %s \"%s\"", cases[i].word,
		   cases[i].near ? "may mean" : "does not mean", cases[i].name);
	return done_testing();
}
