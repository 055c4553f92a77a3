/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CSV's contract, line by line, and its decimals against those of Python. */
#include "lib/qc/csv.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/decimal.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

/* ---- decimals */

static void test_decimals(void)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
	    {36, "36.0"},
	    {0, "0.0"},
	    {-0.0, "-0.0"},
	    {-0.25, "-0.25"},
	    {32.63915044997766, "32.63915044997766"},
	    {5e-05, "5e-05"},
	    {0.0001, "0.0001"},
	    {1.0 / 3, "0.3333333333333333"},
	    {1e15, "1000000000000000.0"},
	    {9007199254740994, "9007199254740994.0"},
	    {1e16, "1e+16"},
	    {1.5e300, "1.5e+300"},
	    {DBL_MAX, "1.7976931348623157e+308"},
	    {5e-324, "5e-324"},
	    {0x1p-24,
	     "5.960464477539063e-08"}, /* a power of two: the nearest 16 digits do not read back */
	    {9.5, "9.5"},
	    {99.99999999999999, "99.99999999999999"},
	    {NAN, "nan"},
	    {-INFINITY, "-inf"},
	};
	char text[DECIMAL_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		is_str(decimal_shortest(text, rows[i].value), rows[i].text, "%s", rows[i].text);
}

static double random_double(uint64_t *seed, uint64_t i)
{
	double value;
	uint64_t bits;

	if (i % 4 == 0) /* any finite double */
		bits = random_next(seed) << 8 ^ random_next(seed);
	else if (i % 4 == 1) /* what a mean can be */
		return (double)random_below(seed, 94000000) /
		       (double)(1 + random_below(seed, 1000000));
	else if (i % 4 == 2) /* a power of two, or next to one */
		bits = (random_below(seed, 2047) << 52) + random_below(seed, 3) - (i % 8 == 2);
	else
		return (double)random_next(seed);
	memcpy(&value, &bits, sizeof value);
	return isfinite(value) ? value : 1;
}

static const char python_compare[] =
    "import sys, struct\n"
    "bad = 0\n"
    "for line in open(sys.argv[1]):\n"
    "    bits, text = line.split()\n"
    "    if repr(struct.unpack('>d', bytes.fromhex(bits))[0]) != text:\n"
    "        bad += 1\n"
    "        print('#', bits, text)\n"
    "sys.exit(bad > 0)\n";

static void test_python(void)
{
	char path[] = "/tmp/fqcluster-decimals-XXXXXX", command[2048], text[DECIMAL_MAX];
	_cleanup_(fclosep) FILE *f = NULL;
	const uint64_t n = 200000;
	uint64_t seed = 20;
	int fd;

	if (system("python3 -c '' >/dev/null 2>&1") != 0) {
		skip("there is no python3 to compare with");
		return;
	}
	fd = mkstemp(path);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!f)
		abort();
	for (uint64_t i = 0; i < n; i++) {
		double value = random_double(&seed, i);
		uint64_t bits;

		memcpy(&bits, &value, sizeof bits);
		fprintf(f, "%016" PRIx64 " %s\n", bits, decimal_shortest(text, value));
	}
	fflush(f);
	(void)snprintf(command, sizeof command, "python3 -c \"%s\" %s", python_compare, path);
	ok(system(command) == 0, "%" PRIu64 " doubles as Python's repr prints them", n);
	(void)unlink(path);
}

/* ---- lines */

/* Counters of the qualities given, up to a NULL. */
static struct counters *counters_of(const char *const *qualities, uint32_t modules)
{
	struct counters *counters = counters_make(modules);
	static struct batch batch; /* too large for some stacks */
	static char bytes[8][128];

	batch.n = 0;
	for (; qualities[batch.n]; batch.n++) {
		uint32_t length = (uint32_t)strlen(qualities[batch.n]);

		memset(bytes[batch.n], '~', sizeof bytes[0]); /* must not be counted */
		memcpy(bytes[batch.n], qualities[batch.n], length);
		batch.records[batch.n] = (struct record){
		    .quality = (const uint8_t *)bytes[batch.n],
		    .length = length,
		    .quality_length = length,
		};
	}
	if (counters_add(counters, &batch) < 0)
		abort();
	return counters;
}

static void csv_of_modules(const char *const *qualities, uint32_t modules,
                           struct csv_options options, const char *want, const char *name)
{
	_cleanup_(counters_freep) struct counters *counters = counters_of(qualities, modules);
	_cleanup_(freep) char *text = NULL;
	struct error err = {0};
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	is_int(csv_write(out, counters, &options, &err), 0, "%s: written %s", name, err.text);
	fclose(out);
	is_str(text, want, "%s", name);
}

/* From the modules that it asks for, and from the table that a report has. */
static void csv_is(const char *const *qualities, struct csv_options options, const char *want,
                   const char *name)
{
	char also[128];

	(void)snprintf(also, sizeof also, "%s, from the table", name);
	csv_of_modules(qualities, csv_modules(&options), options, want, name);
	csv_of_modules(qualities, COUNT_QUALITY_TABLE, options, want, also);
}

#define READS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_lines(void)
{
	const struct csv_options plain = {.phred = PHRED_33};

	csv_is(READS("E"), plain, "0,36.0\n", "one base");
	csv_is(READS("#AE", "!I", "I"), plain, "0,14.0\n1,36.0\n2,36.0\n",
	       "a mean divides by the reads that reach");
	csv_is(READS(""), plain, "", "a read without bases gives no lines");
	csv_is((const char *const[]){NULL}, plain, "", "nothing gives no lines");
	csv_is((const char *const[]){NULL}, (struct csv_options){.phred = PHRED_33, .header = true},
	       "", "nor with a header");
	csv_is(READS("!!", "!!", "!\""), plain, "0,0.0\n1,0.3333333333333333\n", "thirds");
	csv_is(READS("II"), (struct csv_options){.phred = PHRED_33, .crlf = true},
	       "0,40.0\r\n1,40.0\r\n", "CRLF");
	csv_is(READS("II"), (struct csv_options){.phred = PHRED_33, .base = 1}, "1,40.0\n2,40.0\n",
	       "from 1");
	csv_is(READS("I"), (struct csv_options){.phred = PHRED_33, .header = true},
	       "position,mean_quality\n0,40.0\n", "header");
	csv_is(READS("h"), (struct csv_options){.phred = PHRED_64}, "0,40.0\n", "Phred+64");
	csv_is(READS("5", "4"), (struct csv_options){.phred = PHRED_64}, "0,-11.5\n",
	       "qualities below the offset");
	csv_is(READS("h@"), (struct csv_options){.phred = PHRED_AUTO}, "0,40.0\n1,0.0\n",
	       "auto: '@' and above is +64");
	csv_is(READS("h?"), (struct csv_options){.phred = PHRED_AUTO}, "0,71.0\n1,30.0\n",
	       "auto: '?' is +33");
}

static void test_error_mean(void)
{
	const struct csv_options options = {.phred = PHRED_33, .error_mean = true, .header = true};

	csv_is(READS("+", "+"), options, "position,mean_quality,error_mean_quality\n0,10.0,10.0\n",
	       "equal qualities");
	csv_is(READS("!"), options, "position,mean_quality,error_mean_quality\n0,0.0,0.0\n",
	       "quality 0 is no -0.0");
	csv_is(READS("+", "5"), options,
	       "position,mean_quality,error_mean_quality\n0,15.0,12.59637310505756\n", "10 and 20");
	ok(csv_modules(&options) == (COUNT_MEAN | COUNT_QUALITY_TABLE), "needs the table");
}

/* The decimal point is a point whatever the locale, and the locale is as before afterwards. */
static void test_locale(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
	                                    "nl_NL.UTF-8"};
	const char *name = NULL;

	for (size_t i = 0; !name && i < sizeof names / sizeof names[0]; i++)
		name = setlocale(LC_ALL, names[i]);
	if (!name) {
		skip("no locale with a decimal comma is installed");
		return;
	}
	csv_is(READS("I", "H"), (struct csv_options){.phred = PHRED_33}, "0,39.5\n", name);
	is_str(localeconv()->decimal_point, ",", "the locale is as before");
	(void)setlocale(LC_ALL, "C");
}

static void test_failures(void)
{
	_cleanup_(counters_freep) struct counters *lengths = counters_of(READS("I"), COUNT_LENGTHS);
	_cleanup_(counters_freep) struct counters *mean = counters_of(READS("I"), COUNT_MEAN);
	_cleanup_(fclosep) FILE *full = fopen("/dev/full", "w"), *null = fopen("/dev/null", "w");
	struct csv_options options = {.phred = PHRED_33};
	struct error err = {0};

	if (!full || !null)
		abort();
	is_int(csv_write(null, lengths, &options, &err), -EINVAL, "counters without sums: %s",
	       err.text);
	is_int(csv_write(full, mean, &options, &err), -ENOSPC, "a full disk: %s", err.text);
	is_int(err.class, ERROR_CANT_CREATE, "its class");
	options.error_mean = true;
	is_int(csv_write(null, mean, &options, &err), -EINVAL, "counters without a table: %s",
	       err.text);
}

int main(void)
{
	test_decimals();
	test_python();
	test_lines();
	test_error_mean();
	test_locale();
	test_failures();
	return done_testing();
}
