/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL's way to a socket: as its own, but a broken connection is an error (EPIPE) and never a signal. */
#pragma once

#include <openssl/bio.h>

BIO_METHOD *tls_socket_method_new(void); /* NULL: out of memory; freed by BIO_meth_free() after all of its BIOs */
BIO *tls_socket_new(const BIO_METHOD *method, int fd); /* fd stays the caller's */
