/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate around a key: see tls_certificate.h. */
#include "lib/wire/tls_certificate.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "lib/base/cleanup.h"

void tls_certificate_freep(X509 **certificate)
{
	X509_free(*certificate);
}

static bool fill(X509 *certificate, EVP_PKEY *pkey)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
	       ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "700101000000Z") == 1 &&
	       ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") == 1 &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	                                  (const unsigned char *)"fqcluster", -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, name) == 1 &&
	       X509_set_pubkey(certificate, pkey) == 1 &&
	       X509_sign(certificate, pkey, NULL) > 0; /* Ed25519 takes no digest */
}

X509 *tls_certificate_new(EVP_PKEY *pkey)
{
	_cleanup_(tls_certificate_freep) X509 *certificate = X509_new();

	return certificate && fill(certificate, pkey) ? TAKE(certificate) : NULL;
}
