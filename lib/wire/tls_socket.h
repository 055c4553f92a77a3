/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenSSL's way to a socket: as its own, but a broken connection is an error (EPIPE) and never a
 * signal.
 */
#pragma once

#include <openssl/bio.h>

/* NULL: out of memory. Freed by BIO_meth_free() after all of its BIOs. */
BIO_METHOD *tls_socket_method_new(void);
BIO *tls_socket_new(const BIO_METHOD *method, int fd); /* fd stays the caller's */
