/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for people and from people: see text.h. Nothing here depends on the locale. */
#include "lib/base/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128; /* of a uint64_t times a unit */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- foreign strings ---- */

/* RFC 3629, table 3-7 of Unicode. */
size_t text_utf8_length(const uint8_t *s, size_t n, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code;
	size_t length;

	if (s[0] < 0x80) {
		*ret_code = s[0];
		return 1;
	}
	length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || length > n)
		return 0;
	code = s[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fU);
	}
	if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return length;
}

bool text_is_unfit(uint32_t code)
{
	return code < 0x20 || code == '\\' || (code >= 0x7f && code <= 0x9f) || code == 0xad ||
	       code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f) ||
	       (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

static char *escape(char *out, size_t size, const void *foreign, size_t n, bool backslash_stays)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *s = foreign;
	size_t at = 0, fits = 0; /* fits: the last place from which "..." still fits */

	assert(out && size > 0 && (foreign || !n));
	for (size_t i = 0; i < n;) {
		uint32_t code = 0;
		size_t length = text_utf8_length(s + i, n - i, &code);
		bool plain = length > 0 && (!text_is_unfit(code) || (code == '\\' && backslash_stays));
		size_t taken = length > 0 ? length : 1, written = plain ? taken : 4 * taken;

		if (written > size - 1 - at) {
			out[fits] = '\0';
			(void)strncat(out, "...", size - 1 - fits);
			return out;
		}
		for (size_t k = i; k < i + taken; k++) {
			if (plain) {
				out[at++] = (char)s[k];
				continue;
			}
			out[at++] = '\\';
			out[at++] = 'x';
			out[at++] = hex[s[k] >> 4];
			out[at++] = hex[s[k] & 15];
		}
		if (at + 3 <= size - 1)
			fits = at;
		i += taken;
	}
	out[at] = '\0';
	return out;
}

char *text_escape_bytes(char *out, size_t size, const void *foreign, size_t n)
{
	return escape(out, size, foreign, n, false);
}

char *text_escape(char *out, size_t size, const char *foreign)
{
	return escape(out, size, foreign, strlen(foreign), false);
}

char *text_sentence(char *out, size_t size, const char *foreign)
{
	return escape(out, size, foreign, strlen(foreign), true);
}

/* ---- numbers with units ---- */

/* A decimal number: whole + part / parts. */
struct decimal {
	uint64_t whole, part, parts;
	bool too_large; /* whole exceeds UINT64_MAX */
};

struct unit {
	const char *name;
	uint64_t factor;
};

/* Reads the digits at *text and moves it behind them; false where there is none. */
static bool read_whole(const char **text, struct decimal *number)
{
	const char *s = *text;

	*number = (struct decimal){.parts = 1};
	for (; is_digit(*s); s++)
		if (__builtin_mul_overflow(number->whole, 10, &number->whole) ||
		    __builtin_add_overflow(number->whole, (uint64_t)(*s - '0'), &number->whole))
			number->too_large = true;
	if (s == *text)
		return false;
	*text = s;
	return true;
}

/* The same with digits behind a point; those behind the ninth change nothing that we count. */
static bool read_decimal(const char **text, struct decimal *number)
{
	const char *s;

	if (!read_whole(text, number))
		return false;
	if (**text != '.')
		return true;
	s = *text + 1;
	if (!is_digit(*s))
		return false;
	for (; is_digit(*s); s++)
		if (number->parts < 1000000000) {
			number->part = 10 * number->part + (uint64_t)(*s - '0');
			number->parts *= 10;
		}
	*text = s;
	return true;
}

static int read_with_unit(const char *text, const struct unit *units, uint64_t *ret)
{
	struct decimal number;
	u128 value;

	if (!read_decimal(&text, &number))
		return -EINVAL;
	while (units->name && strcmp(units->name, text) != 0)
		units++;
	if (!units->name)
		return -EINVAL;
	value =
	    (u128)number.whole * units->factor + (u128)number.part * units->factor / number.parts;
	if (number.too_large || value > UINT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)value;
	return 0;
}

int text_to_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
	    {"", 1},
	    {"B", 1},
	    {"K", UINT64_C(1) << 10},
	    {"KB", UINT64_C(1) << 10},
	    {"KiB", UINT64_C(1) << 10},
	    {"M", UINT64_C(1) << 20},
	    {"MB", UINT64_C(1) << 20},
	    {"MiB", UINT64_C(1) << 20},
	    {"G", UINT64_C(1) << 30},
	    {"GB", UINT64_C(1) << 30},
	    {"GiB", UINT64_C(1) << 30},
	    {"T", UINT64_C(1) << 40},
	    {"TB", UINT64_C(1) << 40},
	    {"TiB", UINT64_C(1) << 40},
	    {NULL, 0},
	};

	assert(text && ret_bytes);
	return read_with_unit(text, units, ret_bytes);
}

int text_to_duration(const char *text, uint64_t *ret_ms)
{
	static const struct unit units[] = {
	    {"", 1000},          {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000},
	    {"d", 86400 * 1000}, {NULL, 0},
	};

	assert(text && ret_ms);
	return read_with_unit(text, units, ret_ms);
}

int text_to_number(const char *text, uint64_t *ret_number)
{
	struct decimal number;

	assert(text && ret_number);
	if (!read_whole(&text, &number) || *text != '\0')
		return -EINVAL;
	if (number.too_large)
		return -ERANGE;
	*ret_number = number.whole;
	return 0;
}

/* ---- hexadecimal ---- */

char *text_hex(char *out, const uint8_t *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	assert(out && (bytes || !n));
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int text_unhex(const char *text, uint8_t *ret_bytes, size_t n)
{
	assert(text && (ret_bytes || !n));
	if (strlen(text) != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < 2 * n; i++)
		if (hex_value(text[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < n; i++)
		ret_bytes[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	return 0;
}

/* ---- addresses ---- */

/* A host's name or IPv4 address: what getaddrinfo() may be asked without surprise. */
static bool is_name(const char *host)
{
	if (host[0] == '\0' || host[0] == '-')
		return false;
	return host[strspn(host,
	                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] ==
	       '\0';
}

/* An IPv6 address in figures, with or without the interface it belongs to (fe80::1%eth0). */
static bool is_v6(const char *host)
{
	struct in6_addr address;
	char figures[INET6_ADDRSTRLEN];
	size_t n = strcspn(host, "%");

	if (n >= sizeof figures || (host[n] == '%' && !is_name(host + n + 1)))
		return false;
	memcpy(figures, host, n);
	figures[n] = '\0';
	return inet_pton(AF_INET6, figures, &address) == 1;
}

int text_to_address(const char *text, uint16_t default_port, char ret_host[TEXT_HOST_MAX],
                    uint16_t *ret_port, struct error *err)
{
	static const char right[] = "right are HOST, HOST:PORT, ADDRESS, [IPV6] or [IPV6]:PORT";
	bool bracket = text[0] == '[';
	const char *start = text + bracket, *end, *port = NULL;
	uint64_t number = default_port;
	char host[TEXT_HOST_MAX];

	assert(ret_host && ret_port);
	if (bracket) {
		end = strchrnul(start, ']');
		if (*end == '\0' || (end[1] != '\0' && end[1] != ':'))
			return error_set(err, -EINVAL, ERROR_USAGE, "%s is no address: %s",
			                 TEXT(text), right);
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		end = strchrnul(start, ':');
		if (*end == ':' && strchr(end + 1, ':'))
			end += strlen(end); /* two colons: an IPv6 address without brackets */
		port = *end == ':' ? end + 1 : NULL;
	}
	if ((size_t)(end - start) >= sizeof host)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "%s is no address: a host has at most %d characters", TEXT(text),
		                 TEXT_HOST_MAX - 1);
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	if (!port && host[0] != '\0' && host[strspn(host, "0123456789")] == '\0')
		return error_set(err, -EINVAL, ERROR_USAGE, "%s is a port alone and no address: %s", TEXT(text), right);
	if (!is_v6(host) && (bracket || !is_name(host)))
		return error_set(err, -EINVAL, ERROR_USAGE, "%s is no address: %s", TEXT(text),
		                 right);
	if (port && (text_to_number(port, &number) < 0 || number > UINT16_MAX))
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "%s has no port behind its last colon: right is 0 to 65535",
		                 TEXT(text));
	memcpy(ret_host, host, strlen(host) + 1);
	*ret_port = (uint16_t)number;
	return 0;
}

/* ---- amounts and times ---- */

/* "812", "38.2 M": the amount to three digits, in the largest unit of 1000 in which it is not below 1. */
static void print_amount(char out[16], uint64_t amount, const char *base)
{
	static const char *const prefixes[] = {"k", "M", "G", "T", "P", "E"};
	uint64_t unit = 1000, tenths;
	size_t i = 0;

	if (amount < 1000) {
		(void)snprintf(out, 16, "%" PRIu64 "%s%s", amount, *base ? " " : "", base);
		return;
	}
	while (i < 5 && ((u128)amount + unit / 2) / unit >= 1000) {
		unit *= 1000;
		i++;
	}
	tenths = (uint64_t)(((u128)amount * 10 + unit / 2) / unit);
	if (tenths < 1000)
		(void)snprintf(out, 16, "%" PRIu64 ".%" PRIu64 " %s%s", tenths / 10, tenths % 10,
		               prefixes[i], base);
	else
		(void)snprintf(out, 16, "%" PRIu64 " %s%s",
		               (uint64_t)(((u128)amount + unit / 2) / unit), prefixes[i], base);
}

char *text_bytes(char out[16], uint64_t bytes)
{
	print_amount(out, bytes, "B");
	return out;
}

char *text_count(char out[16], uint64_t count)
{
	print_amount(out, count, "");
	return out;
}

char *text_elapsed(char out[32], uint64_t ms)
{
	uint64_t s = ms / 1000, d = s / 86400, h = s / 3600 % 24, m = s / 60 % 60;

	if (d > 0)
		(void)snprintf(out, 32, "%" PRIu64 "-%02u:%02u:%02u", d, (unsigned int)h,
		               (unsigned int)m, (unsigned int)(s % 60));
	else if (h > 0)
		(void)snprintf(out, 32, "%u:%02u:%02u", (unsigned int)h, (unsigned int)m,
		               (unsigned int)(s % 60));
	else
		(void)snprintf(out, 32, "%u:%02u", (unsigned int)m, (unsigned int)(s % 60));
	return out;
}
