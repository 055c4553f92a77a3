/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenSSL's way to a socket: see tls_socket.h. The descriptor is kept in place of the BIO's data.
 */
#include "lib/wire/tls_socket.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static int fd_of(BIO *bio)
{
	return (int)(intptr_t)BIO_get_data(bio);
}

static int outcome(BIO *bio, ssize_t n, int retry, size_t *ret_n)
{
	BIO_clear_retry_flags(bio);
	if (n > 0) {
		*ret_n = (size_t)n;
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
	return 0;
}

static int socket_read(BIO *bio, char *buffer, size_t n, size_t *ret_n)
{
	ssize_t k = recv(fd_of(bio), buffer, n, 0);

	if (k == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return outcome(bio, k, BIO_FLAGS_READ, ret_n);
}

static int socket_write(BIO *bio, const char *bytes, size_t n, size_t *ret_n)
{
	return outcome(bio, send(fd_of(bio), bytes, n, MSG_NOSIGNAL), BIO_FLAGS_WRITE, ret_n);
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) ? 1 : 0;
	default:
		return 0;
	}
}

BIO_METHOD *tls_socket_method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");

	if (method && (BIO_meth_set_read_ex(method, socket_read) != 1 ||
	               BIO_meth_set_write_ex(method, socket_write) != 1 ||
	               BIO_meth_set_ctrl(method, socket_control) != 1)) {
		BIO_meth_free(method);
		method = NULL;
	}
	return method;
}

BIO *tls_socket_new(const BIO_METHOD *method, int fd)
{
	BIO *bio = BIO_new(method);

	if (bio) {
		BIO_set_data(bio, (void *)(intptr_t)fd);
		BIO_set_init(bio, 1);
	}
	return bio;
}
