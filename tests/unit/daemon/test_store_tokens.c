/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's tokens: each is good for so many keys and so long, and no other secret is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

static void test_tokens(const char *folder)
{
	struct store *store = store_at(folder);
	uint8_t hash[DIGEST_SIZE] = {1}, other[DIGEST_SIZE] = {2}, none[DIGEST_SIZE] = {0};
	struct token_row row = {0};
	struct error error;
	uint32_t role = 0;
	uint64_t n = 0;

	is_int(store_save_token(store, hash, 2, 2, 1000, &error), 0, "a token for two keys");
	is_int(store_use_token(store, other, 500, &role, &error), STORE_NONE, "another secret is no use");
	ok(store_use_token(store, hash, 500, &role, &error) == 0 && role == 2, "the first key");
	is_int(store_use_token(store, hash, 999, &role, &error), 0, "the second key");
	is_int(store_use_token(store, hash, 999, &role, &error), STORE_NONE, "the third is refused");
	is_int(store_save_token(store, other, 1, 5, 1000, &error), 0, "another token");
	ok(store_count_tokens(store, 999, &n, &error) == 0 && n == 1, "one is good");
	ok(store_next_token(store, none, 999, &row, &error) == 0 && memcmp(row.hash, other, sizeof other) == 0 && row.role == 1 &&
	       row.uses == 5 && row.expires_ms == 1000,
	   "and can be looked at");
	is_int(store_next_token(store, row.hash, 999, &row, &error), STORE_NONE, "no other");
	is_int(store_use_token(store, other, 1000, &role, &error), STORE_NONE, "has expired at its time");
	ok(store_count_tokens(store, 1000, &n, &error) == 0 && n == 0, "none is good then");
	is_int(store_save_token(store, hash, 1, 5, 2000, &error), 0, "a third token");
	is_int(store_forget_token(store, hash, &error), 0, "is taken back");
	is_int(store_use_token(store, hash, 1000, &role, &error), STORE_NONE, "and of no use any more");
	is_int(store_commit(store, &error), 0, "committed");
	store_free(store);
}

int main(void)
{
	char base[] = "/tmp/fqstore.XXXXXX", folder[64];

	if (!mkdtemp(base))
		return skip_all("no temporary folder: %s", strerror(errno));
	(void)snprintf(folder, sizeof folder, "%s/state", base);
	test_tokens(folder);
	folder_remove(folder);
	(void)rmdir(base);
	return done_testing();
}
