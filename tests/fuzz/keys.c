/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of keys as a person may have left them: the first byte says whether the rest is a key in PEM, peers of a coordinator, or the
 * coordinators that a worker knows. A key is loaded twice alike, or refused without repeating a part of it. To a list, where it is right,
 * a row is added and taken away again: all others stay as they were, and so do comments.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"
#include "lib/wire/trust.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET_PIECE 12 /* bytes of a key that no sentence has */
#define FILE_MAX (1u << 20)

static char path[128];

static void prepare(void)
{
	folder_make();
	(void)snprintf(path, sizeof path, "%s/file", folder);
}

static void file_write(const uint8_t *data, size_t size)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

static void check_sentence(const struct error *err)
{
	must(err->text[0] && err->class != ERROR_NONE);
	must_be_text(err->text, strlen(err->text));
	must(strstr(err->text, path) != NULL);
}

/* ---- a key */

static void try_key(const uint8_t *data, size_t size)
{
	uint8_t pin[PIN_SIZE], again[PIN_SIZE];
	struct key *key = NULL;
	struct error err = {0};

	if (key_load(path, &key, &err) < 0) {
		check_sentence(&err);
		for (size_t i = 0; i + SECRET_PIECE <= size; i++)
			must(!memmem(err.text + strlen(path), strlen(err.text) - strlen(path), data + i, SECRET_PIECE) ||
			     memmem("no unencrypted Ed25519 private key in PEM (PKCS #8)", 51, data + i, SECRET_PIECE) ||
			     memmem("the key file ", 13, data + i, SECRET_PIECE));
		return;
	}
	key_pin(key, pin);
	key_free(key);
	must(key_load(path, &key, &err) == 0);
	key_pin(key, again);
	key_free(key);
	must(memcmp(pin, again, PIN_SIZE) == 0);
}

/* ---- lists */

/* Comments are there in their order, before as after. */
static void check_comments(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = NULL;
	const char *at;
	struct error err;
	size_t n = 0;

	must(durable_read(path, FILE_MAX, &text, &n, &err) == 0);
	at = text;
	for (size_t i = 0, length; i < size; i += length + 1) {
		const uint8_t *end = memchr(data + i, '\n', size - i);

		length = end ? (size_t)(end - data) - i : size - i;
		if (length == 0 || data[i] != '#')
			continue;
		at = memmem(at, (size_t)(text + n - at), data + i, length);
		must(at != NULL);
		at += length;
	}
}

static bool same_row(const struct peer_row *a, const struct peer_row *b)
{
	return a->role == b->role && a->vouch == b->vouch && strcmp(a->name, b->name) == 0 && memcmp(a->pin, b->pin, PIN_SIZE) == 0;
}

/* All rows of `before` but that of the new pin. */
static void check_others(const struct peers *before, const struct peers *after, const struct peer_row *but)
{
	size_t others = 0;

	for (size_t i = 0; i < before->n; i++) {
		const struct peer_row *row = peers_find(after, before->rows[i].pin);

		if (memcmp(before->rows[i].pin, but->pin, PIN_SIZE) == 0)
			continue;
		must(row && same_row(row, &before->rows[i]));
		others++;
	}
	must(after->n == others + (peers_find(after, but->pin) != NULL));
}

static void try_peers(const uint8_t *data, size_t size)
{
	struct peers peers _cleanup_(peers_deinit) = {0}, before _cleanup_(peers_deinit) = {0}, again _cleanup_(peers_deinit) = {0};
	struct peer_row row = {.role = fq_Role_ROLE_WORKER, .name = "new-1", .vouch = true};
	struct error err = {0};

	if (peers_load(path, &peers, &err) < 0) {
		check_sentence(&err);
		return;
	}
	must(peers_load(path, &before, &err) == 0);
	memset(row.pin, 0xab, sizeof row.pin);
	if (peers.n > 0 && size % 2)
		memcpy(row.pin, peers.rows[peers.n / 2].pin, sizeof row.pin); /* one of those that are there */
	must(peers_add(path, &peers, &row, &err) == 0 && peers_load(path, &again, &err) == 0);
	must(peers_find(&again, row.pin) && same_row(peers_find(&again, row.pin), &row));
	check_others(&before, &again, &row);
	check_others(&before, &peers, &row);
	check_comments(data, size);
	peers_deinit(&again);
	must(peers_remove(path, &peers, row.pin, &err) == 0 && peers_load(path, &again, &err) == 0);
	must(!peers_find(&again, row.pin) && !peers_find(&peers, row.pin));
	check_others(&before, &again, &row);
	check_comments(data, size);
}

static void try_known(const uint8_t *data, size_t size)
{
	uint8_t pin[PIN_SIZE], got[PIN_SIZE], other[PIN_SIZE];
	struct error err = {0};
	int before = known_find(path, "other", 5381, other, &err), r;

	if (before < 0)
		check_sentence(&err);
	memset(pin, 0xcd, sizeof pin);
	r = known_add(path, "::1", 7, pin, &err);
	if (r < 0) {
		check_sentence(&err);
		return;
	}
	check_comments(data, size);
	r = known_find(path, "::1", 7, got, &err);
	if (r < 0) { /* a line before it is wrong */
		check_sentence(&err);
		return;
	}
	must(r == 0 && memcmp(got, pin, sizeof pin) == 0);
	r = known_find(path, "other", 5381, got, &err);
	must(before < 0 || (r == before && (r != 0 || memcmp(got, other, sizeof got) == 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const uint8_t *, size_t) = {try_key, try_peers, try_known};

	if (size < 1)
		return 0;
	if (!folder[0])
		prepare();
	file_write(data + 1, size - 1);
	tries[data[0] % 3](data + 1, size - 1);
	return 0;
}
