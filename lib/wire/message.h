/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages of fqcluster.proto to and from bytes: one table row a frame type. The only file
 * group that includes nanopb.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/wire/fqcluster.pb.h"

#define PROTO_VERSION 3
#define PROTO_VERSION_OLDEST 1
#define PORT_DEFAULT 5381

/* The newest version that this program speaks: PROTO_VERSION, or 1 where the failpoint speak-1 is on. */
uint32_t message_version(void);

#define DATA_MAX 65536          /* payload of one DATA frame */
#define PAYLOAD_MAX (64 * 1024) /* largest payload of any frame */

#define BRIEF_NUMBER_MAX 2     /* numbers of briefs: 1 and 2 */
#define BRIEF_MAX (128u << 20) /* bytes of one: 100,000 sequences of 1,000 bases, and room */

/* "TASK" for fq_Type_TASK; "a frame of unknown type" for what is not known. */
const char *message_name(uint16_t type);

/*
 * Largest payload of a type in bytes, or 0 for an unknown type: the generated _size and a little
 * room for fields that a newer version may have added.
 */
uint32_t message_payload_max(uint16_t type);

/*
 * Size of the C struct of a type (0 for unknown and for DATA); the largest of all is enough for any
 * message.
 */
size_t message_struct_size(uint16_t type);
size_t message_struct_size_largest(void);

/*
 * Encodes into out (PAYLOAD_MAX bytes are enough for all); *ret_n bytes. message may be NULL where
 * it is fq_Empty. -EMSGSIZE when it does not fit, -EINVAL for a type that is no message (bugs of
 * ours).
 */
int message_encode(uint16_t type, const void *message, uint8_t *out, size_t out_size,
                   size_t *ret_n);

/*
 * Decodes n bytes into *ret_message (message_struct_size(type) bytes, zeroed first). Strings are
 * terminated, enums and bounds checked. -EBADMSG with a sentence (ERROR_PROTOCOL).
 */
int message_decode(uint16_t type, const uint8_t *payload, size_t n, void *ret_message,
                   struct error *err);
