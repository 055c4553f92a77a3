/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TAP producer: see tap.h. Its counters are the one state that a test program has for itself. */
#include "tests/unit/tap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
	unsigned int done, failed;
} tap;

/* Prints the text of a line so that it stays one line and is no directive. */
__attribute__((format(printf, 1, 0))) static void print_text(const char *format, va_list args)
{
	char text[512];

	(void)vsnprintf(text, sizeof text, format, args);
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '#')
			*c = ' ';
	printf("%s\n", text);
}

__attribute__((format(printf, 2, 0))) static bool result(bool good, const char *format, va_list args)
{
	tap.done++;
	if (!good)
		tap.failed++;
	printf("%s %u - ", good ? "ok" : "not ok", tap.done);
	print_text(format, args);
	(void)fflush(stdout); /* what was proved before a crash is to be seen */
	return good;
}

bool tap_ok(const char *file, int line, bool cond, const char *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(cond, format, args);
	va_end(args);
	if (!cond)
		diag("%s:%d: %s", file, line, text);
	return cond;
}

bool tap_is_u64(const char *file, int line, uint64_t got, uint64_t want, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(got == want, format, args);
	va_end(args);
	if (got != want)
		diag("%s:%d: got %" PRIu64 ", want %" PRIu64, file, line, got, want);
	return got == want;
}

bool tap_is_i64(const char *file, int line, int64_t got, int64_t want, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(got == want, format, args);
	va_end(args);
	if (got != want)
		diag("%s:%d: got %" PRId64 ", want %" PRId64, file, line, got, want);
	return got == want;
}

bool tap_is_str(const char *file, int line, const char *got, const char *want, const char *format,
                ...)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	va_list args;

	va_start(args, format);
	result(same, format, args);
	va_end(args);
	if (!same) {
		diag("%s:%d: got  %s", file, line, got ? got : "(null)");
		diag("%s:%d: want %s", file, line, want ? want : "(null)");
	}
	return same;
}

bool tap_is_mem(const char *file, int line, const void *got, const void *want, uint64_t n,
                const char *format, ...)
{
	const unsigned char *a = got, *b = want;
	uint64_t at = 0;
	va_list args;

	while (at < n && a[at] == b[at])
		at++;
	va_start(args, format);
	result(at == n, format, args);
	va_end(args);
	if (at < n)
		diag("%s:%d: byte %" PRIu64 " is 0x%02x, want 0x%02x", file, line, at, a[at],
		     b[at]);
	return at == n;
}

void skip(const char *reason, ...)
{
	va_list args;

	tap.done++;
	printf("ok %u # SKIP ", tap.done);
	va_start(args, reason);
	print_text(reason, args);
	va_end(args);
}

int skip_all(const char *reason, ...)
{
	va_list args;

	printf("1..0 # SKIP ");
	va_start(args, reason);
	print_text(reason, args);
	va_end(args);
	return 0;
}

void diag(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	print_text(format, args);
	va_end(args);
}

int done_testing(void)
{
	if (tap.done > 0)
		printf("1..%u\n", tap.done);
	else
		printf("1..0\nBail out! no test was run\n");
	return tap.done == 0 || tap.failed > 0;
}
