/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom to trust: see trust.h. */
#include "lib/wire/trust.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"
#include "lib/wire/lines.h"

#define TOKEN_HEAD "FQ1-"
#define VOUCH_WORD "vouch"
#define PIN_HEX (2UL * PIN_SIZE)
#define SECRET_HEX (2UL * TOKEN_SECRET_BYTES)
#define ADDRESS_MAX (TEXT_HOST_MAX + 16)

static const char *const role_words[] = {
    [fq_Role_ROLE_WORKER] = "worker",
    [fq_Role_ROLE_CLIENT] = "client",
    [fq_Role_ROLE_ADMIN] = "admin",
};

/* ---- peers ---- */

const char *role_name(fq_Role role)
{
	return role >= fq_Role_ROLE_WORKER && role <= _fq_Role_MAX ? role_words[role] : "none";
}

static fq_Role role_of(const char *word)
{
	for (int role = fq_Role_ROLE_WORKER; role <= _fq_Role_MAX; role++)
		if (strcmp(word, role_words[role]) == 0)
			return (fq_Role)role;
	return fq_Role_ROLE_NONE;
}

static int peer_of_line(const char *name, const struct line *line, struct peer_row *ret,
                        struct error *err)
{
	if (line->words < 3 || line->words > 4)
		return line_wrong(name, line, err,
		                  "there should be three words: ROLE PIN NAME, or with vouch four, but there are %u",
		                  line->words);
	*ret = (struct peer_row){.role = role_of(line->word[0]), .vouch = line->words == 4};
	if (ret->role == fq_Role_ROLE_NONE)
		return line_wrong(name, line, err,
		                  "'%s' is no role; it should be worker, client or admin",
		                  TEXT(line->word[0]));
	if (text_unhex(line->word[1], ret->pin, PIN_SIZE) < 0)
		return line_wrong(name, line, err,
		                  "'%s' is no pin; it should be 64 hexadecimal digits",
		                  TEXT(line->word[1]));
	if ((size_t)snprintf(ret->name, sizeof ret->name, "%s", line->word[2]) >= sizeof ret->name)
		return line_wrong(name, line, err, "the name has more than %zu bytes",
		                  sizeof ret->name - 1);
	if (ret->vouch && strcmp(line->word[3], VOUCH_WORD) != 0)
		return line_wrong(name, line, err, "behind the name there can be " VOUCH_WORD " alone, but there is '%s'",
		                  TEXT(line->word[3]));
	if (ret->vouch && ret->role != fq_Role_ROLE_WORKER)
		return line_wrong(name, line, err, "only a worker can vouch for users of its host, not a key of role %s",
		                  TEXT(line->word[0]));
	return 0;
}

static int append(struct peers *peers, const struct peer_row *row)
{
	struct peer_row *rows = reallocarray(peers->rows, peers->n + 1, sizeof *rows);

	if (!rows)
		return -ENOMEM;
	rows[peers->n] = *row;
	peers->rows = rows;
	peers->n++;
	return 0;
}

int peers_parse(const char *name, const char *text, size_t n, struct peers *ret, struct error *err)
{
	_cleanup_(peers_deinit) struct peers peers = {0};
	const char *at = text, *end = text + n;
	struct line line = {0};
	struct peer_row row;
	int r;

	assert(name && (text || !n) && ret);
	while ((r = line_next(name, &at, end, &line, err)) > 0) {
		r = peer_of_line(name, &line, &row, err);
		if (r < 0)
			return r;
		if (peers_find(&peers, row.pin))
			return line_wrong(name, &line, err, "this key stands here a second time");
		if (append(&peers, &row) < 0)
			return error_oom(err);
	}
	if (r < 0)
		return r;
	*ret = peers;
	peers = (struct peers){0};
	return 0;
}

int peers_load(const char *path, struct peers *ret, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	struct stat st;
	size_t n = 0;
	int r;

	assert(path && ret);
	if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH) != 0)
		return error_set(err, -EPERM, ERROR_CONFIG, "%s can be written by everybody, who then can enrol himself; right is chmod o-w",
		                 TEXT(path));
	r = durable_read(path, LINES_FILE_MAX, &text, &n, err);
	return r < 0 ? r : peers_parse(path, text ? text : "", n, ret, err);
}

void peers_deinit(struct peers *peers)
{
	free(peers->rows);
	*peers = (struct peers){0};
}

const struct peer_row *peers_find(const struct peers *peers, const uint8_t pin[PIN_SIZE])
{
	for (size_t i = 0; i < peers->n; i++)
		if (memcmp(peers->rows[i].pin, pin, PIN_SIZE) == 0) /* pins are no secrets */
			return &peers->rows[i];
	return NULL;
}

static bool is_of_pin(const struct line *line, const void *data)
{
	uint8_t pin[PIN_SIZE];

	return line->words >= 2 && text_unhex(line->word[1], pin, PIN_SIZE) == 0 &&
	       memcmp(pin, data, PIN_SIZE) == 0;
}

/* A name comes from outside and becomes a word of a line. */
static int check_name(const char *name, struct error *err)
{
	char escaped[4 * PEER_NAME_MAX];

	if (!name[0] || strpbrk(name, " \t") ||
	    strcmp(text_escape(escaped, sizeof escaped, name), name) != 0)
		return error_set(
		    err, -EINVAL, ERROR_USAGE,
		    "'%s' cannot be a peer's name; it should be one word of printable characters",
		    escaped);
	return 0;
}

int peers_add(const char *path, struct peers *peers, const struct peer_row *row, struct error *err)
{
	char text[LINE_TEXT_MAX], hex[PIN_TEXT_MAX];
	struct peer_row *old;
	int r;

	assert(path && peers && row->role > fq_Role_ROLE_NONE && row->role <= _fq_Role_MAX);
	assert(!row->vouch || row->role == fq_Role_ROLE_WORKER);
	r = check_name(row->name, err);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof text, "%s %s %s%s", role_words[row->role],
	               text_hex(hex, row->pin, PIN_SIZE), row->name, row->vouch ? " " VOUCH_WORD : "");
	r = lines_change(path, text, is_of_pin, row->pin, err);
	if (r < 0)
		return r;
	old = (struct peer_row *)peers_find(peers, row->pin);
	if (old)
		*old = *row;
	else if (append(peers, row) < 0)
		return error_oom(err);
	return 0;
}

int peers_remove(const char *path, struct peers *peers, const uint8_t pin[PIN_SIZE], struct error *err)
{
	uint8_t gone[PIN_SIZE]; /* pin may be that of a row */
	size_t kept = 0;
	int r;

	assert(path && peers && pin);
	memcpy(gone, pin, PIN_SIZE);
	r = lines_change(path, NULL, is_of_pin, gone, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < peers->n; i++)
		if (memcmp(peers->rows[i].pin, gone, PIN_SIZE) != 0)
			peers->rows[kept++] = peers->rows[i];
	peers->n = kept;
	return 0;
}

/* ---- known coordinators ---- */

static void format_address(const char *host, uint16_t port, char ret[ADDRESS_MAX])
{
	(void)snprintf(ret, ADDRESS_MAX, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static bool is_of_address(const struct line *line, const void *data)
{
	return strcasecmp(line->word[0], data) == 0;
}

int known_find(const char *path, const char *host, uint16_t port, uint8_t ret_pin[PIN_SIZE],
               struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	char address[ADDRESS_MAX];
	struct line line = {0};
	const char *at;
	size_t n = 0;
	int r;

	assert(path && host && ret_pin);
	format_address(host, port, address);
	r = durable_read(path, LINES_FILE_MAX, &text, &n, err);
	if (r != 0)
		return r;
	at = text;
	while ((r = line_next(path, &at, text + n, &line, err)) > 0) {
		uint8_t pin[PIN_SIZE];

		if (line.words != 2 || text_unhex(line.word[1], pin, PIN_SIZE) < 0)
			return line_wrong(
			    path, &line, err,
			    "there should be HOST:PORT and a pin of 64 hexadecimal digits");
		if (!is_of_address(&line, address))
			continue;
		memcpy(ret_pin, pin, PIN_SIZE);
		return 0;
	}
	return r < 0 ? r : 1;
}

int known_add(const char *path, const char *host, uint16_t port, const uint8_t pin[PIN_SIZE],
              struct error *err)
{
	char text[ADDRESS_MAX + PIN_TEXT_MAX + 1], address[ADDRESS_MAX], hex[PIN_TEXT_MAX];

	assert(path && host && pin);
	format_address(host, port, address);
	(void)snprintf(text, sizeof text, "%s %s", address, text_hex(hex, pin, PIN_SIZE));
	return lines_change(path, text, is_of_address, address, err);
}

/* ---- tokens ---- */

void token_format(const uint8_t pin[PIN_SIZE], const char *secret, char ret_text[TOKEN_TEXT_MAX])
{
	char hex[PIN_TEXT_MAX];

	(void)snprintf(ret_text, TOKEN_TEXT_MAX, TOKEN_HEAD "%s-%s", text_hex(hex, pin, PIN_SIZE),
	               secret);
}

/* The sentence never repeats the text: most of it may be a secret. */
int token_parse(const char *text, uint8_t ret_pin[PIN_SIZE], char ret_secret[TOKEN_SECRET_MAX],
                struct error *err)
{
	const size_t head = strlen(TOKEN_HEAD), n = head + PIN_HEX + 1 + SECRET_HEX;
	uint8_t bytes[TOKEN_SECRET_BYTES];
	char pin[PIN_TEXT_MAX];

	assert(text && ret_pin && ret_secret);
	if (strncmp(text, TOKEN_HEAD, head) != 0)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "that is no token; it should begin with " TOKEN_HEAD
		                 ", as 'fqctl token' prints it");
	if (strlen(text) != n || text[head + PIN_HEX] != '-')
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "the token has %zu characters in place of %zu, or lacks a '-'; "
		                 "was all of it copied?",
		                 strlen(text), n);
	memcpy(pin, text + head, PIN_HEX);
	pin[PIN_HEX] = '\0';
	text += head + PIN_HEX + 1;
	if (text_unhex(pin, ret_pin, PIN_SIZE) < 0 || text_unhex(text, bytes, sizeof bytes) < 0)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "the token has characters that are no hexadecimal digits");
	memcpy(ret_secret, text, TOKEN_SECRET_MAX);
	return 0;
}
