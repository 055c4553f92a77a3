/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A TLS 1.3 stream: see tls.h.
 *
 * Both sides show a self-signed certificate; OpenSSL proves that each has the private key, and
 * verify() compares the public key with the pin in place of all X.509 rules. No tickets, no session
 * cache, no early data: every connection proves the keys anew. A client learns that it was refused
 * only after its own handshake is done (TLS 1.3), by an alert when it reads.
 */
#include "lib/wire/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/key_internal.h"
#include "lib/wire/tls_certificate.h"
#include "lib/wire/tls_socket.h"

#define CERTIFICATE_MAX 4096 /* bytes of the other side's certificates; ours are about 250 */

struct tls {
	BIO_METHOD *socket;
	SSL_CTX *context;
};

struct tls_stream {
	SSL *ssl;
	bool pinned; /* a client: want is the only key to accept */
	bool shown;  /* the other side has shown a key: got */
	bool shaken; /* the handshake is done: OpenSSL forgets that where something fails later */
	uint64_t bytes_in; /* of the handshake, and then what came out of whole records */
	uint8_t want[PIN_SIZE];
	uint8_t got[PIN_SIZE];
};

/* ---- the other side's key ---- */

/* Called by OpenSSL in place of the verification of certificates; 1 accepts. */
static int verify(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_stream *stream = SSL_get_app_data(ssl);
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	const EVP_PKEY *pkey = certificate ? X509_get0_pubkey(certificate) : NULL;

	if (!pkey || key_pin_of(pkey, stream->got) < 0) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM);
		return 0;
	}
	stream->shown = true;
	if (stream->pinned && !digest_equal(stream->want, stream->got, PIN_SIZE)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

const uint8_t *tls_stream_pin(const struct tls_stream *stream)
{
	return stream->shown ? stream->got : NULL;
}

/* ---- settings ---- */

static int set_up(SSL_CTX *context, const struct key *key)
{
	_cleanup_(tls_certificate_freep) X509 *certificate = tls_certificate_new(key_pkey(key));

	if (!certificate)
		return -ENOMEM;
	SSL_CTX_set_options(context,
	                    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                              SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(context, CERTIFICATE_MAX);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(context, verify, NULL);
	if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(context, 0) != 1 ||
	    SSL_CTX_set_max_early_data(context, 0) != 1 ||
	    SSL_CTX_set_ciphersuites(context,
	                             "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256") != 1 ||
	    SSL_CTX_set1_groups_list(context, "X25519") != 1 ||
	    SSL_CTX_set1_sigalgs_list(context, "ed25519") != 1 ||
	    SSL_CTX_use_certificate(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key_pkey(key)) != 1)
		return -EIO;
	return 0;
}

int tls_new(const struct key *key, struct tls **ret, struct error *err)
{
	struct tls *tls;
	int r;

	assert(key && ret);
	crypto_start();
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_SSL_STRINGS,
	                     NULL) != 1)
		return error_set(err, -EIO, ERROR_SOFTWARE, "OpenSSL does not start");
	tls = calloc(1, sizeof *tls);
	if (!tls)
		return error_oom(err);
	tls->socket = tls_socket_method_new();
	tls->context = tls->socket ? SSL_CTX_new(TLS_method()) : NULL;
	r = tls->context ? set_up(tls->context, key) : -ENOMEM;
	if (r < 0) {
		(void)tls_free(tls); /* always NULL */
		return error_set(err, r, ERROR_SOFTWARE,
		                 "OpenSSL cannot be set up for TLS 1.3 with Ed25519 keys");
	}
	*ret = tls;
	return 0;
}

struct tls *tls_free(struct tls *tls)
{
	if (tls) {
		SSL_CTX_free(tls->context);
		BIO_meth_free(tls->socket);
	}
	free(tls);
	return NULL;
}

/* ---- a stream ---- */

int tls_stream_new(struct tls *tls, int fd, const uint8_t pin[PIN_SIZE], struct tls_stream **ret,
                   struct error *err)
{
	struct tls_stream *stream;
	BIO *bio;

	assert(tls && fd >= 0 && ret);
	stream = calloc(1, sizeof *stream);
	if (!stream)
		return error_oom(err);
	ERR_clear_error();
	stream->ssl = SSL_new(tls->context);
	bio = tls_socket_new(tls->socket, fd);
	if (!stream->ssl || !bio || SSL_set_app_data(stream->ssl, stream) != 1) {
		BIO_free_all(bio);
		(void)tls_stream_free(stream); /* always NULL */
		return error_oom(err);
	}
	SSL_set_bio(stream->ssl, bio, bio);
	if (pin) {
		stream->pinned = true;
		memcpy(stream->want, pin, PIN_SIZE);
		SSL_set_connect_state(stream->ssl);
	} else {
		SSL_set_accept_state(stream->ssl);
	}
	*ret = stream;
	return 0;
}

struct tls_stream *tls_stream_free(struct tls_stream *stream)
{
	if (stream)
		SSL_free(stream->ssl);
	free(stream);
	return NULL;
}

uint64_t tls_stream_bytes_in(const struct tls_stream *stream)
{
	return stream->shaken ? stream->bytes_in : BIO_number_read(SSL_get_rbio(stream->ssl));
}

/* ---- steps, and how they fail ---- */

static int fail_of_pin(const struct tls_stream *stream, struct error *err)
{
	char got[PIN_TEXT_MAX], want[PIN_TEXT_MAX];

	return error_set(err, -EKEYREJECTED, ERROR_DENIED,
	                 "the coordinator's key is not the pinned one: its SHA-256 is %s instead "
	                 "of %s; if its key was "
	                 "changed on purpose, join again",
	                 text_hex(got, stream->got, PIN_SIZE),
	                 text_hex(want, stream->want, PIN_SIZE));
}

#define NO_TLS "the other side does not speak TLS 1.3 as fqcluster does"
#define DAMAGED "bytes of the connection were changed on the way"

static int fail_of_damage(int alert, struct error *err)
{
	return error_set(err, -EBADMSG, ERROR_UNAVAILABLE, DAMAGED " (the other side says: %s)",
	                 SSL_alert_desc_string_long(alert));
}

/* The other side has said in an alert (RFC 8446, section 6.2) why it goes. */
static int fail_of_alert(const struct tls_stream *stream, int alert, struct error *err)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return error_set(err, -EKEYREJECTED, ERROR_DENIED,
		                 "the other side refused this side's key (TLS: %s)",
		                 SSL_alert_desc_string_long(alert));
	case SSL_AD_BAD_RECORD_MAC:
	case SSL_AD_RECORD_OVERFLOW:
	case SSL_AD_DECODE_ERROR:
	case SSL_AD_DECRYPT_ERROR:
		return fail_of_damage(alert, err);
	case SSL_AD_INTERNAL_ERROR:
		return error_set(err, -ECONNABORTED, ERROR_UNAVAILABLE,
		                 "the other side failed within (TLS: %s)",
		                 SSL_alert_desc_string_long(alert));
	default:
		break;
	}
	if (stream->shaken) /* as in fail_of_protocol(): it does speak TLS */
		return fail_of_damage(alert, err);
	return error_set(err, -EPROTO, ERROR_PROTOCOL, NO_TLS " (it says: %s)",
	                 SSL_alert_desc_string_long(alert));
}

/* OpenSSL's reason as a sentence about the other side. */
static int fail_of_protocol(const struct tls_stream *stream, struct error *err)
{
	unsigned long code = ERR_peek_last_error(); /* the outermost */
	int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;

	switch (reason) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		if (stream->shown && stream->pinned)
			return fail_of_pin(stream, err);
		return error_set(err, -EKEYREJECTED, ERROR_DENIED,
		                 "the other side's key is no Ed25519 key");
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return error_set(err, -EKEYREJECTED, ERROR_DENIED, "the other side showed no key");
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return error_set(err, -ECONNABORTED, ERROR_UNAVAILABLE,
		                 "the connection was cut off by the other side or on the way");
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
		return error_set(err, -EBADMSG, ERROR_UNAVAILABLE, DAMAGED);
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
		return error_set(err, -EKEYREJECTED, ERROR_DENIED,
		                 "the other side does not take Ed25519 keys");
	default:
		break;
	}
	if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + UINT8_MAX)
		return fail_of_alert(stream, reason - SSL_AD_REASON_OFFSET, err);
	/* A side that has shaken hands does speak TLS. */
	if (stream->shaken)
		return error_set(err, -EBADMSG, ERROR_UNAVAILABLE, DAMAGED " (OpenSSL's error %lx)", code);
	return error_set(err, -EPROTO, ERROR_PROTOCOL, NO_TLS " (OpenSSL's error %lx)", code);
}

static int fail_of_system(int code, struct error *err)
{
	if (code == 0 || code == ECONNRESET || code == EPIPE)
		return error_set(err, -ECONNABORTED, ERROR_UNAVAILABLE,
		                 "the connection was cut off by the other side or on the way");
	return error_set(err, -code, ERROR_UNAVAILABLE, "the connection broke: %s", strerror(code));
}

/* What the failure of the SSL call just made, which left r, means. */
static int judge(struct tls_stream *stream, int r, struct error *err)
{
	int code = errno;

	switch (SSL_get_error(stream->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return error_set(err, -ECONNRESET, ERROR_UNAVAILABLE,
		                 "the other side closed the connection");
	case SSL_ERROR_SYSCALL:
		return fail_of_system(code, err);
	default:
		return fail_of_protocol(stream, err);
	}
}

int tls_stream_handshake(struct tls_stream *stream, struct error *err)
{
	int r;

	ERR_clear_error();
	errno = 0;
	r = SSL_do_handshake(stream->ssl);
	if (r != 1)
		return judge(stream, r, err);
	stream->bytes_in = tls_stream_bytes_in(stream);
	stream->shaken = true;
	return 0;
}

int tls_stream_read(struct tls_stream *stream, void *buffer, size_t n, size_t *ret_n,
                    struct error *err)
{
	int r;

	ERR_clear_error();
	errno = 0;
	r = SSL_read_ex(stream->ssl, buffer, n, ret_n);
	if (r != 1)
		return judge(stream, r, err);
	stream->bytes_in += *ret_n;
	return 0;
}

int tls_stream_write(struct tls_stream *stream, const void *bytes, size_t n, size_t *ret_n,
                     struct error *err)
{
	int r;

	ERR_clear_error();
	errno = 0;
	r = SSL_write_ex(stream->ssl, bytes, n, ret_n);
	return r == 1 ? 0 : judge(stream, r, err);
}

void tls_stream_finish(struct tls_stream *stream)
{
	ERR_clear_error();
	if (!SSL_in_init(stream->ssl))
		(void)SSL_shutdown(stream->ssl); /* unsaid, the socket's end says it */
}
