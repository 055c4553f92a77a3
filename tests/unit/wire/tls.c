/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/wire/tls.c: who is let in and who is not. The other side is a connection of ours, or OpenSSL
 * used directly where it has to do what ours never does: no certificate, another kind of key,
 * TLS 1.2, plain text.
 */
#include "lib/wire/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/key_internal.h"
#include "lib/wire/tls_certificate.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

static struct side client, server;

static void test_pins(void)
{
	uint8_t pin[PIN_SIZE];
	struct pair pair;

	pair_init(&pair, &client, &server, NULL, 0);
	ok(!connection_ready(pair.client) && !connection_ready(pair.server),
	   "not ready before the handshake");
	pair_run(&pair);
	ok(connection_ready(pair.client) && connection_ready(pair.server), "ready: %s%s",
	   pair.client_error.text, pair.server_error.text);
	ok(connection_peer_pin(pair.server, pin), "the server knows the client's key");
	is_mem(pin, client.pin, PIN_SIZE, "its pin");
	ok(connection_peer_pin(pair.client, pin), "and the client the server's");
	is_mem(pin, server.pin, PIN_SIZE, "its pin");
	ok(connection_bytes_in(pair.server) > 300, "bytes of the handshake count");
	pair_deinit(&pair);
}

static void test_wrong_pin(void)
{
	struct pair pair;

	pair_init(&pair, &client, &server, client.pin, 0);
	(void)connection_send(pair.client, fq_Type_PING, 0, NULL);
	pair_run(&pair);
	is_int(pair.client_ended, -EKEYREJECTED, "the client refuses: %s", pair.client_error.text);
	ok(strstr(pair.client_error.text, "not the pinned one") &&
	       pair.client_error.class == ERROR_DENIED,
	   "in words");
	is_int(pair.server_ended, -EKEYREJECTED, "the server learns it: %s",
	       pair.server_error.text);
	ok(strlen(pair.server_error.text) < 200, "in few words");
	is_int(pair_take(pair.server).type, 0, "and has got no frame");
	is_int(connection_send(pair.client, fq_Type_PING, 0, NULL), -EPIPE, "nothing more is sent");
	pair_deinit(&pair);
}

static void test_closed(void)
{
	struct pair pair;

	pair_init(&pair, &client, &server, NULL, 0);
	pair_run(&pair);
	pair.client = connection_free(pair.client);
	pair_run(&pair);
	is_int(pair.server_ended, -ECONNRESET, "closed in order: %s", pair.server_error.text);
	pair_deinit(&pair);

	pair_init(&pair, &client, &server, NULL, 0);
	pair_run(&pair);
	(void)shutdown(connection_fd(pair.client), SHUT_RDWR);
	pair_run(&pair);
	is_int(pair.server_ended, -ECONNABORTED, "cut off: %s", pair.server_error.text);
	pair_deinit(&pair);
}

/*
 * A lost bit in the header of a record once both speak: whoever has shaken hands is not told that
 * it speaks no TLS, neither by itself nor by the other side's alert. (Bits of the length only make
 * it wait for more.)
 */
static void test_damaged(void)
{
	for (unsigned int bit = 0; bit < 24; bit++) {
		uint8_t record[5 + 32] = {0x17, 3, 3, 0, 32};
		struct pair pair;

		record[bit / 8] ^= (uint8_t)(1u << bit % 8);
		pair_init(&pair, &client, &server, NULL, 0);
		pair_run(&pair);
		is_int(write(connection_fd(pair.client), record, sizeof record),
		       (long)sizeof record, "a record past TLS");
		pair_run(&pair);
		is_int(pair.server_ended, -EBADMSG, "bit %u: %s", bit, pair.server_error.text);
		is_int(pair.client_ended, -EBADMSG, "the other side: %s", pair.client_error.text);
		pair_deinit(&pair);
	}
}

/* A longer record than was sent: nothing fails until its end has come, but nothing lives either. */
static void test_endless(void)
{
	const uint8_t record[5 + 32] = {0x17, 3, 3, 0x20, 32};
	struct pair pair;
	uint64_t before;

	pair_init(&pair, &client, &server, NULL, 0);
	pair_run(&pair);
	(void)connection_send(pair.client, fq_Type_PING, 0, NULL);
	before = connection_bytes_in(pair.server);
	pair_run(&pair);
	ok(connection_bytes_in(pair.server) > before, "a PING is a sign of life");
	before = connection_bytes_in(pair.server);
	is_int(write(connection_fd(pair.client), record, sizeof record), (long)sizeof record,
	       "the begin of a record of 8 kB");
	for (int i = 0; i < 20; i++)
		(void)connection_send(pair.client, fq_Type_PING, 0, NULL);
	pair_run(&pair);
	is_int(pair.server_ended, 0, "nothing is wrong yet: %s", pair.server_error.text);
	is_u64(connection_bytes_in(pair.server), before, "PINGs within it are none");
	pair_deinit(&pair);
}

/* ---- other sides that ours never are ---- */

static void ssl_freep(SSL **ssl)
{
	SSL_free(*ssl);
}

static void context_freep(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

static int accept_all(X509_STORE_CTX *store, void *unused)
{
	return 1;
}

struct stranger {
	bool serves;
	int version;
	const char *key_type; /* NULL: no certificate; "ED25519", "RSA" */
};

static SSL_CTX *stranger_context(const struct stranger *stranger)
{
	SSL_CTX *context = SSL_CTX_new(TLS_method());
	EVP_PKEY *pkey = NULL;

	SSL_CTX_set_cert_verify_callback(context, accept_all, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_min_proto_version(context, stranger->version);
	(void)SSL_CTX_set_max_proto_version(context, stranger->version);
	if (stranger->key_type) {
		_cleanup_(tls_certificate_freep) X509 *certificate = NULL;
		bool rsa = strcmp(stranger->key_type, "RSA") == 0;

		pkey = rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
		           : EVP_PKEY_Q_keygen(NULL, NULL, stranger->key_type);
		certificate = tls_certificate_new(pkey);
		if (!certificate) { /* ours is made for keys that take no digest */
			certificate = X509_new();
			(void)X509_set_pubkey(certificate, pkey);
			(void)X509_sign(certificate, pkey, EVP_sha256());
		}
		(void)SSL_CTX_use_certificate(context, certificate);
		(void)SSL_CTX_use_PrivateKey(context, pkey);
		EVP_PKEY_free(pkey);
	}
	return context;
}

/* Lets ours and a stranger speak; *ret_ended is how ours ended, or 0. */
static void meet(const struct stranger *stranger, int *ret_ended, struct error *ret_error)
{
	_cleanup_(context_freep) SSL_CTX *context = stranger_context(stranger);
	_cleanup_(ssl_freep) SSL *ssl = SSL_new(context);
	struct connection *ours;
	struct error err = {0};
	int fds[2], r = 0, done = 0;
	char byte;

	pair_sockets(fds, 0);
	(void)SSL_set_fd(ssl, fds[0]);
	if (stranger->serves) {
		SSL_set_accept_state(ssl);
		r = connection_new_client(client.tls, fds[1], server.pin, &ours, &err);
	} else {
		SSL_set_connect_state(ssl);
		r = connection_new_server(server.tls, fds[1], &ours, &err);
	}
	for (int i = 0; i < 50 && r == 0; i++) {
		if (done != 1)
			done = SSL_do_handshake(ssl);
		else
			(void)SSL_read(ssl, &byte, 1);
		r = connection_run(ours, ret_error);
	}
	*ret_ended = r;
	ERR_clear_error();
	ours = connection_free(ours);
	closep(&fds[0]);
}

static void refused(const char *what, struct stranger stranger, int code)
{
	struct error err = {0};
	int ended;

	meet(&stranger, &ended, &err);
	is_int(ended, code, "%s: %s", what, err.text);
	ok(strlen(err.text) < 300, "%s: in few words", what);
}

static void test_strangers(void)
{
	struct error err = {0};
	int ended;

	meet(&(struct stranger){false, TLS1_3_VERSION, "ED25519"}, &ended, &err);
	is_int(ended, 0, "any client with an Ed25519 key is let in %s", err.text);
	refused("client without a certificate", (struct stranger){false, TLS1_3_VERSION, NULL},
	        -EKEYREJECTED);
	refused("client with an RSA key", (struct stranger){false, TLS1_3_VERSION, "RSA"},
	        -EKEYREJECTED);
	refused("client of TLS 1.2", (struct stranger){false, TLS1_2_VERSION, "ED25519"}, -EPROTO);
	refused("server with another key", (struct stranger){true, TLS1_3_VERSION, "ED25519"},
	        -EKEYREJECTED);
	refused("server with an RSA key", (struct stranger){true, TLS1_3_VERSION, "RSA"}, -EPROTO);
	refused("server of TLS 1.2", (struct stranger){true, TLS1_2_VERSION, "ED25519"}, -EPROTO);
}

static void plain_text(bool serves, const char *text)
{
	struct connection *ours;
	struct error err = {0};
	int fds[2], r;

	pair_sockets(fds, 0);
	r = serves ? connection_new_client(client.tls, fds[1], server.pin, &ours, &err)
	           : connection_new_server(server.tls, fds[1], &ours, &err);
	ok(r == 0 && send(fds[0], text, strlen(text), MSG_NOSIGNAL) > 0, "plain text");
	for (int i = 0; i < 5 && r == 0; i++)
		r = connection_run(ours, &err);
	is_int(r, -EPROTO, "is refused: %s", err.text);
	ok(strlen(err.text) < 200, "in few words");
	ours = connection_free(ours);
	closep(&fds[0]);
}

/* ---- what a handshake costs ---- */

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void measure(void)
{
	double begin = now();

	for (int i = 0; i < 100; i++) {
		struct pair pair;

		pair_init(&pair, &client, &server, NULL, 0);
		pair_run(&pair);
		pair_deinit(&pair);
	}
	diag("a handshake, both sides: %.3f ms", (now() - begin) / 100);
}

int main(void)
{
	side_init(&client);
	side_init(&server);
	test_pins();
	test_wrong_pin();
	test_closed();
	test_damaged();
	test_endless();
	test_strangers();
	plain_text(false, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	plain_text(
	    false,
	    "\1\1\1\1\1\1\1\1 something like a frame, and more of it than a TLS header needs");
	plain_text(true, "220 mail.example.org ESMTP\r\n");
	measure();
	side_deinit(&client);
	side_deinit(&server);
	return done_testing();
}
