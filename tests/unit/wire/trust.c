/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/wire/trust.c: peers and known files there and back, comments kept, wrong lines named, tokens.
 */
#include "lib/wire/trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define PIN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PIN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PIN_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static char folder[] = "/tmp/fqcluster-trust-XXXXXX";

static void in_folder(char path[100], const char *name)
{
	(void)snprintf(path, 100, "%s/%s", folder, name);
}

static void write_file(const char *path, const char *text)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "we");

	ok(f && fputs(text, f) >= 0, "write %s", path);
}

static void file_is(const char *path, const char *want, const char *what)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "re");
	char text[2000] = "";

	if (f)
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
	is_str(text, want, "%s", what);
}

static struct peer_row row(fq_Role role, int pin_byte, const char *name)
{
	struct peer_row row = {.role = role};

	memset(row.pin, pin_byte, sizeof row.pin);
	(void)snprintf(row.name, sizeof row.name, "%s", name);
	return row;
}

static void test_peers_file(void)
{
	_cleanup_(peers_deinit) struct peers peers = {0}, again = {0};
	struct peer_row a = row(fq_Role_ROLE_WORKER, 0xaa, "node-a"),
			b = row(fq_Role_ROLE_CLIENT, 0xbb, "anna"), c;
	struct error err = {0};
	struct stat st;
	char path[100];

	in_folder(path, "peers");
	ok(peers_load(path, &peers, &err) == 0 && peers.n == 0, "a missing file is an empty list");
	ok(peers_add(path, &peers, &a, &err) == 0, "add: %s", err.text);
	ok(peers_add(path, &peers, &b, &err) == 0 && peers.n == 2, "add a second: %s", err.text);
	file_is(path, "worker " PIN_A " node-a\nclient " PIN_B " anna\n", "the file");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "its mode");
	write_file(path,
	           "# our peers\n\n  worker\t" PIN_A "  node-a\r\n# people\nclient " PIN_B " anna");
	b.role = fq_Role_ROLE_ADMIN;
	ok(peers_add(path, &peers, &b, &err) == 0 && peers.n == 2, "replace: %s", err.text);
	file_is(path,
	        "# our peers\n\n  worker\t" PIN_A "  node-a\r\n# people\nadmin " PIN_B " anna\n",
	        "comments and other lines are kept");
	a.role = fq_Role_ROLE_CLIENT;
	ok(peers_add(path, &peers, &a, &err) == 0, "replace the first: %s", err.text);
	file_is(path, "# our peers\n\nclient " PIN_A " node-a\n# people\nadmin " PIN_B " anna\n",
	        "and again");
	ok(peers_load(path, &again, &err) == 0 && again.n == 2, "read again: %s", err.text);
	ok(peers_find(&again, b.pin) && peers_find(&again, b.pin)->role == fq_Role_ROLE_ADMIN,
	   "found");
	c = row(fq_Role_ROLE_ADMIN, 0xcc, "x");
	ok(!peers_find(&again, c.pin), "another is not");
	c = row(fq_Role_ROLE_ADMIN, 0xcc, "two words");
	ok(peers_add(path, &peers, &c, &err) == -EINVAL, "a name of two words: %s", err.text);
	c = row(fq_Role_ROLE_ADMIN, 0xcc, "x\nadmin");
	ok(peers_add(path, &peers, &c, &err) == -EINVAL, "a name of two lines: %s", err.text);
	c = row(fq_Role_ROLE_ADMIN, 0xcc, "");
	ok(peers_add(path, &peers, &c, &err) == -EINVAL && peers.n == 2, "no name: %s", err.text);
	ok(peers_remove(path, &peers, peers.rows[0].pin, &err) == 0 && peers.n == 1 && !peers_find(&peers, a.pin) &&
	       peers_find(&peers, b.pin),
	   "one is taken out: %s", err.text);
	file_is(path, "# our peers\n\n# people\nadmin " PIN_B " anna\n", "its line too, and no other");
	ok(peers_remove(path, &peers, a.pin, &err) == 0 && peers.n == 1, "one that is not there: %s", err.text);
	file_is(path, "# our peers\n\n# people\nadmin " PIN_B " anna\n", "nothing changes");
	(void)unlink(path);
}

static void test_vouch(void)
{
	_cleanup_(peers_deinit) struct peers peers = {0}, again = {0};
	struct peer_row a = row(fq_Role_ROLE_WORKER, 0xaa, "login1");
	struct error err = {0};
	char path[100];

	in_folder(path, "peers");
	write_file(path, "# logins\nworker " PIN_A " login1 vouch # a host with users\n");
	ok(peers_load(path, &peers, &err) == -EINVAL, "a comment is a line of its own: %s", err.text);
	write_file(path, "# logins\nworker " PIN_A "\tlogin1   vouch\nworker " PIN_B " vouch\n");
	ok(peers_load(path, &peers, &err) == 0 && peers.n == 2, "a worker that vouches, and one of that name: %s", err.text);
	ok(peers.n == 2 && peers.rows[0].vouch && !peers.rows[1].vouch, "the word stands behind the name");
	ok(peers_add(path, &peers, &a, &err) == 0 && !peers.rows[0].vouch, "enrolled anew without: %s", err.text);
	file_is(path, "# logins\nworker " PIN_A " login1\nworker " PIN_B " vouch\n", "the word goes");
	a.vouch = true;
	ok(peers_add(path, &peers, &a, &err) == 0, "and with it: %s", err.text);
	file_is(path, "# logins\nworker " PIN_A " login1 vouch\nworker " PIN_B " vouch\n", "it is there");
	ok(peers_load(path, &again, &err) == 0 && again.n == 2 && again.rows[0].vouch, "and read again: %s", err.text);
	(void)unlink(path);
}

static void wrong_bytes(const char *text, size_t n, const char *words)
{
	struct peers peers = {0};
	struct error err = {0};

	ok(peers_parse("peers", text, n, &peers, &err) == -EINVAL && err.class == ERROR_CONFIG,
	   "refused: %s", err.text);
	ok(strstr(err.text, words) != NULL, "says '%s'", words);
}

static void wrong(const char *text, const char *words)
{
	wrong_bytes(text, strlen(text), words);
}

static void test_wrong_lines(void)
{
	char line[2000];

	wrong("# c\n\nmaster " PIN_A " x\n", "peers:3: 'master' is no role");
	wrong("worker " PIN_A "\n", "peers:1: there should be three words");
	wrong("worker " PIN_A " a b\n", "behind the name there can be vouch alone, but there is 'b'");
	wrong("worker " PIN_A " a vouch b\n", "but there are 5");
	wrong("client " PIN_A " a vouch\n", "only a worker can vouch for users of its host, not a key of role client");
	wrong("admin " PIN_A " a vouch\n", "not a key of role admin");
	wrong("worker abc x\n", "'abc' is no pin");
	wrong("worker " PIN_A " x\nclient " PIN_A " y",
	      "peers:2: this key stands here a second time");
	wrong_bytes("worker\0", 7, "bytes that are no text");
	wrong("a\033b c d", "bytes that are no text");
	memset(line, 'x', sizeof line);
	wrong_bytes(line, sizeof line, "peers:1: the line has more than");
	memcpy(line, "worker " PIN_A " ", 72);
	wrong_bytes(line, 72 + 65, "the name has more than 64 bytes");
}

static void test_known(void)
{
	uint8_t a[PIN_SIZE], b[PIN_SIZE], got[PIN_SIZE];
	struct error err = {0};
	char path[100];

	memset(a, 0xaa, sizeof a);
	memset(b, 0xbb, sizeof b);
	in_folder(path, "known");
	is_int(known_find(path, "coord", 5381, got, &err), 1, "no file");
	ok(known_add(path, "coord", 5381, a, &err) == 0, "add: %s", err.text);
	ok(known_add(path, "::1", 5381, b, &err) == 0, "add an address: %s", err.text);
	file_is(path, "coord:5381 " PIN_A "\n[::1]:5381 " PIN_B "\n", "the file");
	ok(known_find(path, "COORD", 5381, got, &err) == 0 && got[0] == 0xaa,
	   "found, as names are");
	ok(known_find(path, "::1", 5381, got, &err) == 0 && got[0] == 0xbb, "found the address");
	is_int(known_find(path, "coord", 5382, got, &err), 1,
	       "another port is another coordinator");
	ok(known_add(path, "coord", 5381, b, &err) == 0, "replace: %s", err.text);
	file_is(path, "coord:5381 " PIN_B "\n[::1]:5381 " PIN_B "\n", "the file");
	write_file(path, "coord:5381 " PIN_C " more\n");
	ok(known_find(path, "coord", 5381, got, &err) == -EINVAL, "wrong line: %s", err.text);
	(void)unlink(path);
}

static void no_token(const char *text, const char *words)
{
	char secret[TOKEN_SECRET_MAX];
	uint8_t pin[PIN_SIZE];
	struct error err = {0};

	ok(token_parse(text, pin, secret, &err) == -EINVAL && err.class == ERROR_USAGE,
	   "refused: %s", err.text);
	ok(strstr(err.text, words) != NULL, "says '%s'", words);
}

static void test_token(void)
{
	const char *secret = "0123456789abcdef0123456789abcdef01234567";
	uint8_t pin[PIN_SIZE], got[PIN_SIZE];
	char text[TOKEN_TEXT_MAX], got_secret[TOKEN_SECRET_MAX];
	struct error err = {0};

	memset(pin, 0xcc, sizeof pin);
	token_format(pin, secret, text);
	is_str(text, "FQ1-" PIN_C "-0123456789abcdef0123456789abcdef01234567", "the text");
	ok(token_parse(text, got, got_secret, &err) == 0, "parse: %s", err.text);
	is_mem(got, pin, sizeof pin, "the pin");
	is_str(got_secret, secret, "the secret");
	no_token("", "begin with FQ1-");
	no_token("FQ2-" PIN_C "-0123456789abcdef0123456789abcdef01234567", "begin with FQ1-");
	no_token("FQ1-", "was all of it copied");
	no_token("FQ1-" PIN_C "-0123456789abcdef0123456789abcdef0123456", "was all of it copied");
	no_token("FQ1-" PIN_C "+0123456789abcdef0123456789abcdef01234567", "was all of it copied");
	no_token("FQ1-" PIN_C "-0123456789abcdef0123456789abcdef0123456x", "no hexadecimal");
}

int main(void)
{
	if (!mkdtemp(folder))
		return skip_all("no temporary folder");
	test_peers_file();
	test_vouch();
	test_wrong_lines();
	test_known();
	test_token();
	ok(rmdir(folder) == 0, "no other file was left");
	return done_testing();
}
