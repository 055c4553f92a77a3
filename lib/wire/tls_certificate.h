/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate that TLS wants around a key: self-signed, for all times, saying nothing. */
#pragma once

#include <openssl/x509.h>

/* NULL: out of memory, or libcrypto cannot sign with the key. */
X509 *tls_certificate_new(EVP_PKEY *pkey);
void tls_certificate_freep(X509 **certificate);
