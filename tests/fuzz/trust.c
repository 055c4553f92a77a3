/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a peers file and as a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A token that was understood is the same when it is made again. */
static void check_token(const uint8_t pin[PIN_SIZE], const char *secret)
{
	char text[TOKEN_TEXT_MAX], again[TOKEN_SECRET_MAX];
	uint8_t pin_again[PIN_SIZE];

	if (strlen(secret) != TOKEN_SECRET_MAX - 1)
		abort();
	token_format(pin, secret, text);
	if (token_parse(text, pin_again, again, NULL) < 0 || memcmp(pin, pin_again, PIN_SIZE) != 0 || strcmp(secret, again) != 0)
		abort();
}

/* A row that was understood is the same when it is written as a line. */
static void check_row(const struct peer_row *row)
{
	static const char *const roles[] = {"", "worker", "client", "admin"};
	_cleanup_(peers_deinit) struct peers again = {0};
	char line[256], hex[PIN_TEXT_MAX];
	int n = snprintf(line, sizeof line, "%s %s %s%s\n", roles[row->role], text_hex(hex, row->pin, PIN_SIZE), row->name,
	                 row->vouch ? " vouch" : "");

	if (peers_parse("line", line, (size_t)n, &again, NULL) < 0 || again.n != 1 || strcmp(again.rows[0].name, row->name) != 0 ||
	    again.rows[0].vouch != row->vouch || (row->vouch && row->role != fq_Role_ROLE_WORKER))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(peers_deinit) struct peers peers = {0};
	_cleanup_(freep) char *text = malloc(size + 1);
	char secret[TOKEN_SECRET_MAX];
	struct error err = {0};
	uint8_t pin[PIN_SIZE];

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (peers_parse("peers", (const char *)data, size, &peers, &err) < 0 && !err.text[0])
		abort();
	for (size_t i = 0; i < peers.n; i++) {
		if (peers_find(&peers, peers.rows[i].pin) != &peers.rows[i])
			abort();
		check_row(&peers.rows[i]);
	}
	if (token_parse(text, pin, secret, &err) == 0)
		check_token(pin, secret);
	else if (!err.text[0] || (strlen(text) > 40 && strstr(err.text, text + 20)))
		abort(); /* the sentence does not repeat it: most may be a secret */
	return 0;
}
