/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of each type: what is taken, what is refused and how, and the way back to text. */
#include "conf/option.h"

#include <errno.h>
#include <string.h>

#include "conf/load.h"
#include "lib/base/cleanup.h"
#include "tests/unit/conf/sample.h"
#include "tests/unit/tap.h"

/* Sets the text and gives the value back as the config file would have it; NULL where it was refused. */
static char *value_of(struct sample *sample, const char *name, const char *text, struct error *err)
{
	char *value = NULL;

	if (option_set_text(sample_row(name), sample, text, err) < 0)
		return NULL;
	ok(option_format(sample_row(name), sample, &value) == 0, "%s formats", name);
	return value;
}

static void test_taken(struct sample *sample)
{
	static const struct {
		const char *name, *text, *value;
	} taken[] = {
	    {"word", "ab", "\"ab\""},
	    {"word", "12345678", "\"12345678\""},
	    {"folder", "", "\"\""},
	    {"folder", "a \"b\"\\\n", "\"a \\\"b\\\"\\\\\\x0a\""},
	    {"count", "2", "2"},
	    {"count", "10", "10"},
	    {"any", "18446744073709551615", "18446744073709551615L"},
	    {"bytes", "1", "\"1\""},
	    {"bytes", "1T", "\"1T\""},
	    {"bytes", "1536", "\"1536\""},
	    {"bytes", "1.5M", "\"1536K\""},
	    {"pause", "100ms", "\"100ms\""},
	    {"pause", "1m", "\"1m\""},
	    {"pause", "2", "\"2s\""},
	    {"pause", "1500ms", "\"1500ms\""},
	    {"loud", NULL, "true"},
	    {"loud", "false", "false"},
	    {"from", "node7", "\"node7:5381\""},
	    {"from", "10.0.0.1:0", "\"10.0.0.1:0\""},
	    {"from", "[::1]:7", "\"[::1]:7\""},
	    {"from", "", "\"\""},
	    {"speed", "slow", "\"slow\""},
	    {"speed", "fastest", "\"fastest\""},
	};

	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		struct error err = {0};
		_cleanup_(freep) char *value = value_of(sample, taken[i].name, taken[i].text, &err);

		is_str(value, taken[i].value, "%s takes %s", taken[i].name,
		       taken[i].text ? taken[i].text : "no value");
	}
}

static void test_refused(struct sample *sample)
{
	static const struct {
		const char *name, *text, *sentence;
	} refused[] = {
	    {"word", "", "it must not be empty"},
	    {"word", "a", "a has 1 bytes: right is 2 to 8"},
	    {"word", "123456789", "123456789 has 9 bytes: right is 2 to 8"},
	    {"count", "1", "1 is out of range: right is 2 to 10 things"},
	    {"count", "11", "11 is out of range: right is 2 to 10 things"},
	    {"count", "99999999999999999999999",
	     "99999999999999999999999 is out of range: right is 2 to 10 things"},
	    {"count", "3x", "\"3x\" is no number: right is a whole number without a sign"},
	    {"count", "", "\"\" is no number: right is a whole number without a sign"},
	    {"count", "-3", "\"-3\" is no number: right is a whole number without a sign"},
	    {"any", "18446744073709551616",
	     "18446744073709551616 is out of range: right is 0 or more"},
	    {"bytes", "0", "0 is out of range: right is 1 to 1T"},
	    {"bytes", "2T", "2T is out of range: right is 1 to 1T"},
	    {"bytes", "8Q",
	     "\"8Q\" is no size: right is a number, alone or with K, M, G or T behind it"},
	    {"pause", "99ms", "99ms is out of range: right is 100ms to 1m"},
	    {"pause", "61", "61 is out of range: right is 100ms to 1m"},
	    {"pause", "1y",
	     "\"1y\" is no duration: right is a number of seconds, or one with ms, s, m, h or d "
	     "behind it"},
	    {"loud", "maybe", "\"maybe\" is neither true nor false"},
	    {"speed", "fas", "\"fas\" is none of the choices: right is one of slow|fast|fastest"},
	    {"speed", "", "\"\" is none of the choices: right is one of slow|fast|fastest"},
	    {"names", "", "it must not be empty"},
	    {"names", "123456", "123456 has 6 bytes: right is 1 to 5"},
	};

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct error err = {0};
		int r = option_set_text(sample_row(refused[i].name), sample, refused[i].text, &err);

		ok(r == -EINVAL || r == -ERANGE, "%s refuses \"%s\"", refused[i].name,
		   refused[i].text);
		is_str(err.text, refused[i].sentence, "and says why");
		is_int((int)err.class, ERROR_USAGE, "as a usage error");
	}
}

static void test_refused_changes_nothing(struct sample *sample)
{
	struct error err = {0};
	_cleanup_(freep) char *value = NULL;

	ok(option_set_text(sample_row("count"), sample, "7", &err) == 0, "count is 7");
	ok(option_set_text(sample_row("count"), sample, "70", &err) == -ERANGE, "70 is too large");
	is_u64(sample->count, 7, "count is still 7");
	value = value_of(sample, "from", "h:1", &err);
	ok(option_set_text(sample_row("from"), sample, "h:1:2:x", &err) == -EINVAL, "no address");
	is_str(sample->from.host, "h", "the address is still h");
}

static void test_list(struct sample *sample)
{
	const struct option_row *row = sample_row("names");
	_cleanup_(freep) char *value = NULL;
	struct error err = {0};
	size_t n = 1;

	is_str(sample->names.items[0], "x", "a list begins with its default");
	while (option_set_text(row, sample, "y", &err) == 0)
		n++;
	is_u64(n, OPTION_LIST_MAX, "a list has a largest length");
	is_str(err.text, "too many: right is at most 256", "which it says");
	option_clear(row, sample);
	is_u64(sample->names.n, 0, "a cleared list is empty");
	ok(option_set_text(row, sample, "a", &err) == 0 &&
	       option_set_text(row, sample, "b", &err) == 0,
	   "two items");
	ok(option_format(row, sample, &value) == 0, "a list formats");
	is_str(value, "[\"a\", \"b\"]", "as an array");
}

static void test_number(struct sample *sample)
{
	struct error err = {0};

	ok(option_set_number(sample_row("pause"), sample, 60000, &err) == 0,
	   "the largest duration");
	ok(option_set_number(sample_row("pause"), sample, 60001, &err) == -ERANGE,
	   "one more is too long");
	is_str(err.text, "60001ms is out of range: right is 100ms to 1m", "and says so");
}

int main(void)
{
	_cleanup_(sample_deinit) struct sample sample = {0};
	struct conf conf;

	if (!ok(conf_init(&conf, &sample_table, &sample, NULL) == 0, "defaults"))
		return done_testing();
	is_str(sample.word, "one", "the default of a text");
	is_str(sample.folder, "", "no default of a text is an empty one");
	is_u64(sample.bytes, 64 << 20, "the default of a size");
	is_int((int)sample.speed, SPEED_FAST, "the default of a choice");
	test_list(&sample);
	test_taken(&sample);
	test_refused(&sample);
	test_refused_changes_nothing(&sample);
	test_number(&sample);
	return done_testing();
}
