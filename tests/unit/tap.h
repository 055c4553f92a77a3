/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small producer of TAP for tests in C: one line a fact, and done_testing() at the end of main() for its exit status.
 *
 *	int main(void)
 *	{
 *		ok(parse("x") == -EINVAL, "a word is no number");
 *		is_u64(bases, 12, "bases of %s", name);
 *		return done_testing();
 *	}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Each returns whether the fact holds; a failing one says where it stands and what was got and wanted. */
#define ok(cond, ...) tap_ok(__FILE__, __LINE__, (cond), #cond, __VA_ARGS__)
#define is_u64(got, want, ...) tap_is_u64(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
#define is_i64(got, want, ...) tap_is_i64(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
#define is_int(got, want, ...) is_i64(got, want, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
#define is_mem(got, want, n, ...) tap_is_mem(__FILE__, __LINE__, (got), (want), (n), __VA_ARGS__)

/* One test that this machine cannot do. */
void skip(const char *reason, ...) __attribute__((format(printf, 1, 2)));

/* The whole program is skipped: call it before any test and return its result. */
int skip_all(const char *reason, ...) __attribute__((format(printf, 1, 2)));

/* A line of comment. */
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the plan; 0 when every test passed, 1 otherwise (also when there was none). */
int done_testing(void);

bool tap_ok(const char *file, int line, bool cond, const char *text, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool tap_is_u64(const char *file, int line, uint64_t got, uint64_t want, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool tap_is_i64(const char *file, int line, int64_t got, int64_t want, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool tap_is_str(const char *file, int line, const char *got, const char *want, const char *format,
                ...) __attribute__((format(printf, 5, 6)));
bool tap_is_mem(const char *file, int line, const void *got, const void *want, uint64_t n,
                const char *format, ...) __attribute__((format(printf, 6, 7)));
