/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a peers file and as a token. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/wire/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	for (size_t i = 0; i < peers.n; i++)
		if (peers_find(&peers, peers.rows[i].pin) != &peers.rows[i])
			abort();
	if (token_parse(text, pin, secret, &err) == 0 && strlen(secret) != TOKEN_SECRET_MAX - 1)
		abort();
	return 0;
}
