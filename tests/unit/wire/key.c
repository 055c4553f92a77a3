/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/wire/key.c: made once, read again, refused where it is open to others or no key. */
#include "lib/wire/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "tests/unit/tap.h"

/* openssl genpkey -algorithm ed25519; the pin is openssl pkey -pubout -outform DER | sha256sum */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
			  "MC4CAQAwBQYDK2VwBCIEINgpgKxQ72ilLr+66i4bHw4BFNcfB1ZXpwiMTcxRGN3G\n"
			  "-----END PRIVATE KEY-----\n";
static const char pem_pin[] = "c7e0a35ef511caef8e8a1d6cecb4b452c504ba0e1b2682582672c049a07086b0";

static const char rsa[] = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n";

static void write_file(const char *path, const char *text, mode_t mode)
{
	_cleanup_(closep) int fd = -1;

	(void)unlink(path); /* the one before may not be writable */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	       fchmod(fd, mode) == 0,
	   "write %s", path);
}

static void test_make(const char *folder)
{
	struct key *key = NULL, *again = NULL;
	uint8_t pin[PIN_SIZE], pin_again[PIN_SIZE];
	struct error err = {0};
	bool made = false;
	struct stat st;
	char path[100];

	(void)snprintf(path, sizeof path, "%s/a/b/key.pem", folder);
	ok(key_load(path, &key, &err) == -ENOENT, "no key yet: %s", err.text);
	ok(key_load_or_make(path, &key, &made, &err) == 0 && made, "made: %s", err.text);
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "for the owner only");
	ok(key_load_or_make(path, &again, &made, &err) == 0 && !made, "read again: %s", err.text);
	key_pin(key, pin);
	key_pin(again, pin_again);
	is_mem(pin_again, pin, PIN_SIZE, "the same key");
	key_free(key);
	key_free(again);
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
	*strrchr(path, '/') = '\0';
	ok(rmdir(path) == 0, "no other file was left");
}

static void refused(const char *path, const char *text, mode_t mode, int code, const char *words)
{
	struct error err = {0};
	struct key *key = NULL;

	write_file(path, text, mode);
	is_int(key_load(path, &key, &err), code, "refused: %s", err.text);
	ok(strstr(err.text, words) != NULL, "says '%s'", words);
}

static void test_load(const char *folder)
{
	char path[100], hex[PIN_TEXT_MAX];
	struct error err = {0};
	struct key *key = NULL;
	uint8_t pin[PIN_SIZE];

	(void)snprintf(path, sizeof path, "%s/key.pem", folder);
	write_file(path, pem, 0400);
	ok(key_load(path, &key, &err) == 0, "a key of openssl: %s", err.text);
	key_pin(key, pin);
	is_str(text_hex(hex, pin, PIN_SIZE), pem_pin, "has the pin that openssl says");
	key = key_free(key);
	refused(path, pem, 0644, -EPERM, "chmod 600");
	refused(path, pem, 0620, -EPERM, "0620");
	refused(path, rsa, 0600, -EINVAL, "no unencrypted Ed25519");
	refused(path, "", 0600, -EINVAL, "no unencrypted Ed25519");
	refused(path, "nonsense\n", 0600, -EINVAL, "no unencrypted Ed25519");
	if (geteuid() == 0) {
		write_file(path, pem, 0440);
		ok(key_load(path, &key, &err) == 0, "root may let a group read: %s", err.text);
		key = key_free(key);
		ok(chown(path, 12345, 0) == 0, "a file of another user");
		ok(key_load(path, &key, &err) == -EPERM, "refused: %s", err.text);
	} else {
		refused(path, pem, 0440, -EPERM, "chmod 600");
	}
	(void)unlink(path);
	ok(mkdir(path, 0700) == 0 && key_load(path, &key, &err) < 0, "a folder: %s", err.text);
	(void)rmdir(path);
}

int main(void)
{
	char folder[] = "/tmp/fqcluster-key-XXXXXX";

	if (!mkdtemp(folder))
		return skip_all("no temporary folder");
	test_make(folder);
	test_load(folder);
	(void)rmdir(folder);
	return done_testing();
}
