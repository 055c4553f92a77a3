/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys and pins: see key.h.
 *
 * A key file is PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. An Ed25519 key
 * has one DER form only (RFC 8410): a fixed head and 32 bytes. So it is read and written here by
 * that form, which spares a program that lives for milliseconds the search of libcrypto's decoders.
 */
#include "lib/wire/key.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"
#include "lib/wire/key_internal.h"

#define RAW_SIZE 32

/* RFC 8410, section 7: OneAsymmetricKey version 0, Ed25519, an octet string in an octet string. */
static const uint8_t private_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

/* RFC 8410, section 4: SubjectPublicKeyInfo, Ed25519, a bit string. */
static const uint8_t public_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

struct key {
	EVP_PKEY *pkey;
	uint8_t pin[PIN_SIZE];
};

static void bio_freep(BIO **bio)
{
	(void)BIO_free(*bio); /* a memory buffer: nothing can fail */
}

static void key_freep(struct key **key)
{
	(void)key_free(*key); /* always NULL */
}

struct key *key_free(struct key *key)
{
	if (key)
		EVP_PKEY_free(key->pkey);
	free(key);
	return NULL;
}

void key_pin(const struct key *key, uint8_t ret_pin[PIN_SIZE])
{
	memcpy(ret_pin, key->pin, PIN_SIZE);
}

EVP_PKEY *key_pkey(const struct key *key)
{
	return key->pkey;
}

int key_pin_of(const EVP_PKEY *pkey, uint8_t ret_pin[PIN_SIZE])
{
	uint8_t raw[RAW_SIZE];
	size_t n = sizeof raw;

	if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(pkey, raw, &n) != 1 || n != sizeof raw)
		return -EINVAL;
	return digest_sha256(public_head, sizeof public_head, raw, sizeof raw, ret_pin);
}

static int key_of_raw(const uint8_t raw[RAW_SIZE], struct key **ret, struct error *err)
{
	_cleanup_(key_freep) struct key *key = calloc(1, sizeof *key);

	if (!key)
		return error_oom(err);
	key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, RAW_SIZE);
	if (!key->pkey || key_pin_of(key->pkey, key->pin) < 0)
		return error_set(err, -EIO, ERROR_SOFTWARE, "libcrypto cannot make an Ed25519 key");
	*ret = TAKE(key);
	return 0;
}

/* ---- files ---- */

/* Whether the folder of the file is that user's. */
static bool owns_folder(uid_t user, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	struct stat st;

	return folder && stat(folder, &st) == 0 && st.st_uid == user;
}

/*
 * The file must be nobody's but the owner's, who is this user or root; for root, who works on the files of a service, also the
 * service's user, whose folder it is. Group may read what root has put there for a service (systemd credentials).
 */
static int check_access(const char *path, const struct stat *st, struct error *err)
{
	mode_t forbidden = st->st_uid == 0 ? 0037 : 0077;

	if (!S_ISREG(st->st_mode))
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "the key file %s is not a regular file", TEXT(path));
	if (st->st_uid != 0 && st->st_uid != geteuid() && !(geteuid() == 0 && owns_folder(st->st_uid, path)))
		return error_set(err, -EPERM, ERROR_DENIED,
		                 "the key file %s belongs to another user", TEXT(path));
	if (st->st_mode & forbidden)
		return error_set(
		    err, -EPERM, ERROR_DENIED,
		    "the key file %s is open to others (mode %04o); say 'chmod 600' on it",
		    TEXT(path), (unsigned int)(st->st_mode & 07777));
	return 0;
}

static int open_key(const char *path, int *ret_fd, struct error *err)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, errno == ENOENT ? ERROR_CONFIG : ERROR_DENIED,
		                 "cannot read the key file %s: %s", TEXT(path), strerror(errno));
	r = check_access(path, &st, err);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

/* The private bytes out of PEM text; 0 or -EINVAL. */
static int parse_pem(const char *text, size_t n, uint8_t ret_raw[RAW_SIZE])
{
	_cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(text, (int)n);
	char *name = NULL, *header = NULL;
	uint8_t *der = NULL;
	long length = 0;
	int r = -EINVAL;

	if (!bio || PEM_read_bio(bio, &name, &header, &der, &length) != 1)
		return -EINVAL;
	if (strcmp(name, "PRIVATE KEY") == 0 && length == (long)(sizeof private_head + RAW_SIZE) &&
	    memcmp(der, private_head, sizeof private_head) == 0) {
		memcpy(ret_raw, der + sizeof private_head, RAW_SIZE);
		r = 0;
	}
	OPENSSL_clear_free(der, (size_t)length);
	OPENSSL_free(name);
	OPENSSL_free(header);
	return r;
}

int key_load(const char *path, struct key **ret, struct error *err)
{
	_cleanup_(closep) int fd = -1;
	char text[4096];
	uint8_t raw[RAW_SIZE];
	ssize_t n;
	int r;

	assert(path && ret);
	crypto_start();
	r = open_key(path, &fd, err);
	if (r < 0)
		return r;
	n = read(fd, text, sizeof text);
	if (n < 0)
		return error_set(err, -errno, ERROR_DENIED, "cannot read the key file %s: %s",
		                 TEXT(path), strerror(errno));
	r = parse_pem(text, (size_t)n, raw);
	OPENSSL_cleanse(text, sizeof text);
	if (r < 0)
		return error_set(
		    err, r, ERROR_CONFIG,
		    "the key file %s holds no unencrypted Ed25519 private key in PEM (PKCS #8)",
		    TEXT(path));
	r = key_of_raw(raw, ret, err);
	OPENSSL_cleanse(raw, sizeof raw);
	return r;
}

/* 1: path is there already. */
static int make_file(const char *path, struct error *err)
{
	_cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_secmem());
	uint8_t der[sizeof private_head + RAW_SIZE];
	char *text;
	long n;
	int r;

	memcpy(der, private_head, sizeof private_head);
	r = digest_random(der + sizeof private_head, RAW_SIZE);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes for a new key: %s",
		                 strerror(-r));
	r = bio && PEM_write_bio(bio, "PRIVATE KEY", "", der, sizeof der) > 0 ? 0 : -ENOMEM;
	OPENSSL_cleanse(der, sizeof der);
	if (r < 0)
		return error_oom(err);
	n = BIO_get_mem_data(bio, &text);
	return durable_write(path, text, (size_t)n, 0600, false, err);
}

int key_load_or_make(const char *path, struct key **ret, bool *ret_made, struct error *err)
{
	int made = 1, r;

	assert(path && ret);
	crypto_start();
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		made = make_file(path, err);
		if (made < 0)
			return made;
	}
	r = key_load(path, ret, err);
	if (r == 0 && ret_made)
		*ret_made = made == 0;
	return r;
}
