/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/base/text.h: escaping, sizes, durations, numbers, hexadecimal, addresses, amounts and times. */
#include "lib/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tests/unit/tap.h"

static void test_escape(void)
{
	static const struct {
		const char *foreign, *want;
	} cases[] = {
	    {"", ""},
	    {"reads 1.fq", "reads 1.fq"},
	    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa7\xac",
	     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa7\xac"},
	    {"a\nb\x1b[31m\x7f", "a\\x0ab\\x1b[31m\\x7f"},
	    {"a\\b", "a\\x5cb"},
	    {"\xc2\x9b"
	     "31m",
	     "\\xc2\\x9b31m"}, /* CSI in one character */
	    {"\xe2\x80\xae"
	     "gpj.exe",
	     "\\xe2\\x80\\xaegpj.exe"}, /* right-to-left override */
	    {"\xff\xfe", "\\xff\\xfe"},
	    {"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong */
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
	    {"\xef\xbf\xbe\xef\xbf\xbd", "\\xef\\xbf\\xbe\xef\xbf\xbd"}, /* U+FFFE is no character, U+FFFD is one */
	    {"x\xe2\x82", "x\\xe2\\x82"},                 /* cut in mid-character */
	};
	char out[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_str(text_escape(out, sizeof out, cases[i].foreign), cases[i].want, "escape %s",
		       cases[i].want);
	is_str(TEXT("a\tb"), "a\\x09b", "TEXT() inside an expression");
	is_str(text_escape_bytes(out, sizeof out, "a\0b", 3), "a\\x00b", "bytes with a NUL");
	is_str(text_escape_bytes(out, sizeof out, NULL, 0), "", "no bytes");
}

static void test_escape_cut(void)
{
	char out[64];

	is_str(text_sentence(out, sizeof out, "a\\x0ab\x1b\n"), "a\\x0ab\\x1b\\x0a", "a sentence keeps the escapes that it has");
	is_str(text_escape(out, 9, "12345678"), "12345678", "fits exactly");
	is_str(text_escape(out, 9, "123456789"), "12345...", "cut");
	is_str(text_escape(out, 9, "1234\n"), "1234\\x0a", "an escape that fits exactly");
	is_str(text_escape(out, 9, "12345\n"), "12345...", "no half escape");
	is_str(text_escape(out, 9,
	                   "1234\xe2\x82\xac"
	                   "56"),
	       "1234...", "no half character");
	is_str(text_escape(out, 3, "12345"), "..", "room for less than the dots");
	is_str(text_escape(out, 1, "12345"), "", "room for nothing");
	for (size_t size = 1; size < 40; size++) {
		memset(out, '!', sizeof out);
		text_escape(out, size,
		            "ab\xe2\x82\xac\n\xff"
		            "cdefghijklmn\\opq");
		if (strlen(out) >= size || out[size] != '!')
			ok(false, "stays within %zu bytes", size);
	}
	ok(true, "stays within its buffer");
}

struct number_case {
	const char *text;
	int want;
	uint64_t value;
};

static void test_numbers(const char *what, int (*parse)(const char *, uint64_t *),
                         const struct number_case *cases)
{
	for (; cases->text; cases++) {
		uint64_t value = 4711;
		int r = parse(cases->text, &value);

		is_int(r, cases->want, "%s \"%s\"", what, cases->text);
		is_u64(value, r < 0 ? 4711 : cases->value, "%s \"%s\": value", what, cases->text);
	}
}

static const struct number_case sizes[] = {
    {"0", 0, 0},
    {"4096", 0, 4096},
    {"17B", 0, 17},
    {"64K", 0, 65536},
    {"64KB", 0, 65536},
    {"64KiB", 0, 65536},
    {"1.5M", 0, 1572864},
    {"2GiB", 0, UINT64_C(2) << 30},
    {"1T", 0, UINT64_C(1) << 40},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", -ERANGE, 0},
    {"16777216T", -ERANGE, 0},
    {"16777215.999999999T", 0, UINT64_C(18446744073709550516)},
    {"", -EINVAL, 0},
    {"K", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {"+1", -EINVAL, 0},
    {" 1", -EINVAL, 0},
    {"1 ", -EINVAL, 0},
    {"1.", -EINVAL, 0},
    {".5K", -EINVAL, 0},
    {"1.5.5K", -EINVAL, 0},
    {"0x10", -EINVAL, 0},
    {"1e3", -EINVAL, 0},
    {"5X", -EINVAL, 0},
    {"99999999999999999999999X", -EINVAL, 0},
    {NULL, 0, 0},
};

static const struct number_case durations[] = {
    {"250ms", 0, 250},
    {"90", 0, 90000},
    {"90s", 0, 90000},
    {"1.5s", 0, 1500},
    {"0.25", 0, 250},
    {"15m", 0, 900000},
    {"2h", 0, 7200000},
    {"7d", 0, 604800000},
    {"0", 0, 0},
    {"1w", -EINVAL, 0},
    {"s", -EINVAL, 0},
    {"", -EINVAL, 0},
    {"1 h", -EINVAL, 0},
    {"-5s", -EINVAL, 0},
    {"99999999999999999999s", -ERANGE, 0},
    {"213503982335d", -ERANGE, 0},
    {NULL, 0, 0},
};

static const struct number_case numbers[] = {
    {"0", 0, 0},
    {"007", 0, 7},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", -ERANGE, 0},
    {"28446744073709551616", -ERANGE, 0},
    {"", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {"1x", -EINVAL, 0},
    {"1.0", -EINVAL, 0},
    {NULL, 0, 0},
};

static void test_hex(void)
{
	static const uint8_t bytes[] = {0x00, 0x7f, 0xa5, 0xff};
	uint8_t back[4] = {0};
	char out[9];

	is_str(text_hex(out, bytes, 4), "007fa5ff", "to hexadecimal");
	is_str(text_hex(out, bytes, 0), "", "no bytes to hexadecimal");
	is_int(text_unhex("007FA5ff", back, 4), 0, "back, in either case");
	is_mem(back, bytes, 4, "the same bytes");
	is_int(text_unhex("007fa5f", back, 4), -EINVAL, "a digit too few");
	is_int(text_unhex("007fa5ff0", back, 4), -EINVAL, "a digit too many");
	is_int(text_unhex("007fa5fg", back, 4), -EINVAL, "no digit");
	is_mem(back, bytes, 4, "untouched on failure");
}

static void test_address_good(void)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {
	    {"node7", "node7", 5381},
	    {"node7.cluster.example.org:99", "node7.cluster.example.org", 99},
	    {"127.0.0.1:0", "127.0.0.1", 0},
	    {"10.0.0.1", "10.0.0.1", 5381},
	    {"[::1]", "::1", 5381},
	    {"[::1]:65535", "::1", 65535},
	    {"::1", "::1", 5381},
	    {"fe80::1%eth0", "fe80::1%eth0", 5381},
	    {"[fe80::1%eth0]:7", "fe80::1%eth0", 7},
	    {"::", "::", 5381},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = {0};
		char host[TEXT_HOST_MAX] = "";
		uint16_t port = 0;

		is_int(text_to_address(cases[i].text, 5381, host, &port, &err), 0, "address %s %s",
		       cases[i].text, err.text);
		is_str(host, cases[i].host, "address %s: host", cases[i].text);
		is_u64(port, cases[i].port, "address %s: port", cases[i].text);
	}
}

static void test_address_bad(void)
{
	static const char *const cases[] = {
	    "",     ":5381",  "host:",  "host:65536", "host:x", "host: 1",  "host:-1",
	    "[::1", "[::1]x", "[::1]:", "[]",         "[host]", "[host]:1", "a b",
	    "-h",   "host/x", "1:2:3",  "::1%",       "h\x1b",  "[::g]:1",
	    "::1%]", "::1%e\x1b", "[::1%a b]", "5381",
	};
	char longest[300];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = {0};
		char host[TEXT_HOST_MAX] = "kept";
		uint16_t port = 1;

		is_int(text_to_address(cases[i], 5381, host, &port, &err), -EINVAL,
		       "no address: %s", TEXT(cases[i]));
		ok(err.class == ERROR_USAGE && err.text[0] && !strchr(err.text, '\x1b'),
		   "sentence: %s", err.text);
		ok(strcmp(host, "kept") == 0 && port == 1, "untouched on failure");
	}
	memset(longest, 'a', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	char host[TEXT_HOST_MAX];
	uint16_t port;
	is_int(text_to_address(longest, 1, host, &port, NULL), -EINVAL, "a host of 299 characters");
	longest[TEXT_HOST_MAX - 1] = '\0';
	is_int(text_to_address(longest, 1, host, &port, NULL), 0, "a host of 255 characters");
}

static void test_amounts(void)
{
	static const struct {
		uint64_t amount;
		const char *bytes, *count;
	} cases[] = {
	    {0, "0 B", "0"},
	    {17, "17 B", "17"},
	    {999, "999 B", "999"},
	    {1000, "1.0 kB", "1.0 k"},
	    {1949, "1.9 kB", "1.9 k"},
	    {99949, "99.9 kB", "99.9 k"},
	    {99950, "100 kB", "100 k"},
	    {812000000, "812 MB", "812 M"},
	    {999499999, "999 MB", "999 M"},
	    {999500000, "1.0 GB", "1.0 G"},
	    {38200000, "38.2 MB", "38.2 M"},
	    {1900000000, "1.9 GB", "1.9 G"},
	    {UINT64_MAX, "18.4 EB", "18.4 E"},
	};
	char out[16];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		is_str(text_bytes(out, cases[i].amount), cases[i].bytes, "%" PRIu64 " bytes",
		       cases[i].amount);
		is_str(text_count(out, cases[i].amount), cases[i].count, "a count of %" PRIu64,
		       cases[i].amount);
	}
}

static void test_elapsed(void)
{
	char out[32];

	is_str(text_elapsed(out, 0), "0:00", "no time");
	is_str(text_elapsed(out, 2999), "0:02", "2.999 s");
	is_str(text_elapsed(out, 761000), "12:41", "12 minutes");
	is_str(text_elapsed(out, 3723000), "1:02:03", "an hour");
	is_str(text_elapsed(out, 183845000), "2-03:04:05", "two days");
	is_str(text_elapsed(out, UINT64_MAX), "213503982334-14:25:51", "the longest");
}

int main(void)
{
	test_escape();
	test_escape_cut();
	test_numbers("size", text_to_size, sizes);
	test_numbers("duration", text_to_duration, durations);
	test_numbers("number", text_to_number, numbers);
	test_hex();
	test_address_good();
	test_address_bad();
	test_amounts();
	test_elapsed();
	return done_testing();
}
