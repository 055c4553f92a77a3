/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom to trust, in text files that a person can read.
 *
 *   peers (coordinator)   one line a peer:  ROLE PIN NAME [vouch]   ('#' begins a comment line)
 *   known (worker, user)  one line a coordinator:  HOST:PORT PIN
 *
 * vouch, of a worker only: it says who the users of its host are, and they need no keys.
 *
 * and the token that brings the two together: FQ1-<hex pin of the coordinator>-<secret>.
 * Writing is durable: a new file, fsync, rename, fsync of the folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/wire/key.h"
#include "lib/wire/message.h"

#define PEER_NAME_MAX 65

struct peer_row {
	fq_Role role;
	uint8_t pin[PIN_SIZE];
	char name[PEER_NAME_MAX];
	bool vouch; /* a worker's */
};

struct peers {
	struct peer_row *rows;
	size_t n;
};

/*
 * Reads the whole file (a missing file is an empty list). A wrong line: file, line, sentence
 * (ERROR_CONFIG).
 */
int peers_load(const char *path, struct peers *ret, struct error *err);
int peers_parse(const char *name, const char *text, size_t n, struct peers *ret, struct error *err);
void peers_deinit(struct peers *peers);

/* NULL: there is none. */
const struct peer_row *peers_find(const struct peers *peers, const uint8_t pin[PIN_SIZE]);

/*
 * Appends (or replaces the row with the same pin), in memory and durably in the file, keeping the
 * file's comments.
 */
int peers_add(const char *path, struct peers *peers, const struct peer_row *row, struct error *err);

/* Takes the row with this pin away, in memory and durably in the file. */
int peers_remove(const char *path, struct peers *peers, const uint8_t pin[PIN_SIZE], struct error *err);

/* "worker", "client", "admin"; "none". */
const char *role_name(fq_Role role);

/* The pin of HOST:PORT. 0, or 1 where the file or the line is not there. */
int known_find(const char *path, const char *host, uint16_t port, uint8_t ret_pin[PIN_SIZE],
               struct error *err);
int known_add(const char *path, const char *host, uint16_t port, const uint8_t pin[PIN_SIZE],
              struct error *err);

#define TOKEN_SECRET_BYTES 20
#define TOKEN_SECRET_MAX (2 * TOKEN_SECRET_BYTES + 1)
#define TOKEN_TEXT_MAX 128

void token_format(const uint8_t pin[PIN_SIZE], const char *secret, char ret_text[TOKEN_TEXT_MAX]);
int token_parse(const char *text, uint8_t ret_pin[PIN_SIZE], char ret_secret[TOKEN_SECRET_MAX],
                struct error *err);
