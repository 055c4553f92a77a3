/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small texts deflated, for peers and for a store. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0 with bytes to free(), or -ENOMEM. */
int packed_make(const uint8_t *p, size_t n, uint8_t **ret, size_t *ret_n);

/* At most room bytes: 0, -EBADMSG where they are more or it is damaged, -ENOMEM. */
int packed_open(const uint8_t *p, size_t n, uint8_t *to, size_t room, size_t *ret_n);
