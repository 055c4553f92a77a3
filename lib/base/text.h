/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for people and from people: foreign strings made printable, sizes, durations, addresses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/*
 * Writes a foreign string (a path, a read name, a peer's text) so that no terminal, log or page is fooled: UTF-8 text
 * stays, control bytes, invalid UTF-8 and the backslash become \xHH. Longer than size - 1 is cut and ends in "...".
 * Returns out.
 */
char *text_escape(char *out, size_t size, const char *foreign);
char *text_escape_bytes(char *out, size_t size, const void *foreign, size_t n);

/*
 * The same for a sentence in which foreign strings were escaped before, by another program perhaps: the backslash stays, so that
 * they are not escaped twice.
 */
char *text_sentence(char *out, size_t size, const char *foreign);

/* For use inside one printf: a buffer that lives to the end of the enclosing block. */
#define TEXT(foreign) text_escape((char[512]){0}, 512, (foreign))

#define SENTENCE(foreign) text_sentence((char[ERROR_TEXT_MAX]){0}, ERROR_TEXT_MAX, (foreign))

/* The length of the well-formed UTF-8 sequence that begins at s, of which n > 0 bytes are there, or 0; and its character. */
size_t text_utf8_length(const uint8_t *s, size_t n, uint32_t *ret_code);

/* Controls, the backslash, characters that turn the direction of writing, break lines or are not seen, and what is no character. */
bool text_is_unfit(uint32_t code);

/*
 * "4096", "64K", "1.5M", "2GiB" (powers of 1024; K M G T, with or without B or iB) to bytes.
 * Returns 0, or -EINVAL where it is no size or -ERANGE where it exceeds UINT64_MAX.
 */
int text_to_size(const char *text, uint64_t *ret_bytes);

/* "250ms", "90", "90s", "15m", "2h", "7d" to milliseconds (a bare number is seconds); 0, -EINVAL or -ERANGE. */
int text_to_duration(const char *text, uint64_t *ret_ms);

/* A whole decimal number and nothing else: 0, -EINVAL or -ERANGE. */
int text_to_number(const char *text, uint64_t *ret_number);

/* Lower-case hexadecimal of n bytes into out[2 * n + 1]; and back: 0 or -EINVAL unless exactly 2 * n hex digits. */
char *text_hex(char *out, const uint8_t *bytes, size_t n);
int text_unhex(const char *text, uint8_t *ret_bytes, size_t n);

/*
 * "host", "host:port", "[v6]", "[v6]:port", bare v6 address. The port is default_port where none is given.
 * Returns 0, or -EINVAL with a sentence.
 */
#define TEXT_HOST_MAX 256
int text_to_address(const char *text, uint16_t default_port, char ret_host[TEXT_HOST_MAX], uint16_t *ret_port,
                    struct error *err);

/* "1.9 GB", "812 MB", "17 B" (powers of 1000, three digits); "38.2 M" for counts; into out[16]. Return out. */
char *text_bytes(char out[16], uint64_t bytes);
char *text_count(char out[16], uint64_t count);

/* "0:02", "12:41", "1:02:03", "2-03:04:05" from milliseconds (Slurm's way) into out[32]. Returns out. */
char *text_elapsed(char out[32], uint64_t ms);
