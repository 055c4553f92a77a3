/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as the payload of any message: what can be decoded can be encoded, and is the same when
 * decoded again.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the type. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) void *message = malloc(message_struct_size_largest());
	_cleanup_(freep) uint8_t *first = malloc(PAYLOAD_MAX), *second = malloc(PAYLOAD_MAX);
	size_t first_n = 0, second_n = 0;
	struct error err = {0};

	if (size < 1 || !message || !first || !second)
		return 0;
	if (message_decode(data[0], data + 1, size - 1, message, &err) < 0) {
		if (err.class != ERROR_PROTOCOL || !err.text[0])
			abort();
		return 0;
	}
	if (message_encode(data[0], message, first, PAYLOAD_MAX, &first_n) < 0 ||
	    first_n > message_payload_max(data[0]) ||
	    message_decode(data[0], first, first_n, message, &err) < 0 ||
	    message_encode(data[0], message, second, PAYLOAD_MAX, &second_n) < 0 ||
	    first_n != second_n || memcmp(first, second, first_n) != 0)
		abort();
	return 0;
}
