/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files: what is taken, each refusal with its file, line and key, and that a dump loads back to the same settings. */
#include "conf/load.h"

#include <errno.h>
#include <string.h>

#include "conf/print.h"
#include "lib/base/cleanup.h"
#include "tests/unit/conf/sample.h"
#include "tests/unit/tap.h"

/* A fresh conf that has loaded the text; the result of loading. */
static int load(struct conf *conf, struct sample *sample, const char *text, struct error *err)
{
	sample_deinit(sample);
	if (conf_init(conf, &sample_table, sample, err) < 0)
		return -ENOMEM;
	return conf_load_text(conf, "some.conf", text, strlen(text), err);
}

static void test_values(void)
{
	_cleanup_(sample_deinit) struct sample sample = {0};
	struct error err = {0};
	struct conf conf;
	int r;

	r = load(&conf, &sample,
	         "# a comment\nword = \"two\"; folder = \"/a \\\"b\\\" \\\\ \\x0a\";\ncount = 4;\n"
	         "bytes = 5000000000L;\npause : 7\nloud = true;\nfrom = \"[::1]\";\n"
	         "names = (\"a\", \"b\");\nspeed = \"slow\"; any = 12;\n",
	         &err);
	is_int(r, 0, "a file with each type loads (%s)", err.text);
	is_str(sample.word, "two", "a text");
	is_str(sample.folder, "/a \"b\" \\ \n", "a path with escapes");
	is_u64(sample.count, 4, "a number");
	is_u64(sample.bytes, 5000000000, "a size as a large number");
	is_u64(sample.pause_ms, 7000, "a duration as a number of seconds");
	ok(sample.loud, "a switch");
	is_str(sample.from.host, "::1", "an address");
	is_u64(sample.from.port, 5381, "with the port of its row");
	is_u64(sample.names.n, 2, "a list replaces the default");
	is_str(sample.names.items[1], "b", "by its items");
	is_int((int)sample.speed, SPEED_SLOW, "a choice");
	is_int((int)CONF_SOURCE(&conf, struct sample, word), CONF_FILE, "the source is remembered");
	is_int(load(&conf, &sample, "names = []; bytes = \"2K\"; pause = \"250ms\";", &err), 0,
	       "an empty list (%s)", err.text);
	is_u64(sample.names.n, 0, "is empty");
	is_u64(sample.bytes, 2048, "a size as a text");
	is_u64(sample.pause_ms, 250, "a duration as a text");
	is_int((int)CONF_SOURCE(&conf, struct sample, word), CONF_DEFAULT, "the rest is default");
	is_int(load(&conf, &sample, "", &err), 0, "an empty file");
}

static const struct {
	const char *text, *sentence;
} refused[] = {
    {"word = \"two\";\n\nwrod = 1;",
     "some.conf:3: wrod: there is no such key for sample: right are word, "
     "folder, count, bytes, pause, any, loud, from, names, speed"},
    {"only-here = true;",
     "some.conf:1: only-here: there is no such key for sample: right are word, "
     "folder, count, bytes, pause, any, loud, from, names, speed"},
    {"\nword = 5;",
     "some.conf:2: word: the value has the wrong type: right is a text in double quotes"},
    {"count = \"5\";", "some.conf:1: count: the value has the wrong type: right is a whole "
                       "number without quotes"},
    {"count = 5.5;", "some.conf:1: count: the value has the wrong type: right is a whole "
                     "number without quotes"},
    {"count = { a = 1; };", "some.conf:1: count: the value has the wrong type: right is a "
                            "whole number without quotes"},
    {"count = 0x5;", "some.conf:1: count: the number is hexadecimal: right is a decimal one"},
    {"count = -5;",
     "some.conf:1: count: \"-5\" is no number: right is a whole number without a sign"},
    {"count = 11;", "some.conf:1: count: 11 is out of range: right is 2 to 10 things"},
    {"count = 99999999999L;",
     "some.conf:1: count: 99999999999 is out of range: right is 2 to 10 things"},
    {"bytes = \"3T\";", "some.conf:1: bytes: 3T is out of range: right is 1 to 1T"},
    {"pause = 61;", "some.conf:1: pause: 61s is out of range: right is 100ms to 1m"},
    {"pause = true;",
     "some.conf:1: pause: the value has the wrong type: right is a duration as \"5s\" "
     "in double quotes, or a whole number of seconds"},
    {"loud = 1;", "some.conf:1: loud: the value has the wrong type: right is true or false "
                  "without quotes"},
    {"from = \"a b\";", "some.conf:1: from: a b is no address: right are HOST, HOST:PORT, ADDRESS, "
                        "[IPV6] or [IPV6]:PORT"},
    {"names = \"a\";", "some.conf:1: names: the value has the wrong type: right is a list "
                       "of texts as [\"one\", \"two\"]"},
    {"names = [1, 2];", "some.conf:1: names: the value has the wrong type: right is a list "
                        "of texts as [\"one\", \"two\"]"},
    {"names = [\"123456\"];", "some.conf:1: names: 123456 has 6 bytes: right is 1 to 5"},
    {"speed = \"quick\";", "some.conf:1: speed: \"quick\" is none of the choices: right is "
                           "one of slow|fast|fastest"},
    {"count = 4;\ncount = 5;",
     "some.conf:2: this key has a value in a line before: right is each key once"},
    {"count = 4;\nbytes 5;\n",
     "some.conf:2: syntax error: right are lines of the form  key = value;"},
    {"bytes =\n 5000000000;",
     "some.conf:2: a large number: right is an L behind it (5000000000L), or, of a "
     "size or duration, a text as \"5G\""},
    {"any = -2147483648;",
     "some.conf:1: a large number: right is an L behind it (5000000000L), or, of a "
     "size or duration, a text as \"5G\""},
    {"any = 9223372036854775808L;",
     "some.conf:1: a large number: right is an L behind it (5000000000L), "
     "or, of a size or duration, a text as \"5G\""},
    {"any = 2147483647; /* \" */ count = 4;\n@include \"/etc/passwd\"",
     "some.conf:2: @include is not followed: right is one file with all keys"},
    {"count = 4;\n \t@include \"/etc/passwd\"\n",
     "some.conf:2: @include is not followed: right is one file with all keys"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		_cleanup_(sample_deinit) struct sample sample = {0};
		struct error err = {0};
		struct conf conf;

		ok(load(&conf, &sample, refused[i].text, &err) < 0, "refused: %s", refused[i].text);
		is_str(err.text, refused[i].sentence, "and says why");
		is_int((int)err.class, ERROR_CONFIG, "as an error of the configuration");
	}
}

static void test_bounds(void)
{
	_cleanup_(sample_deinit) struct sample sample = {0};
	_cleanup_(freep) char *large = malloc(CONF_TEXT_MAX + 1);
	struct error err = {0};
	struct conf conf;

	is_int(load(&conf, &sample,
	            "// 5000000000 @include\n/* \n@include \"x\" */ folder = \"\\\"\n@include "
	            "5000000000\"; # @include",
	            &err),
	       0, "the word @include in a comment and a text (%s)", err.text);
	is_int(conf_load_text(&conf, "some.conf", "any = 1;\n\0count = 1;", 19, &err), -EINVAL,
	       "a zero byte is refused");
	is_str(err.text, "some.conf:2: a zero byte: right is plain text", "with its line");
	is_int(conf_load_text(&conf, "some.conf", "\xef\xbb\xbf" "count = 1;", 13, &err), -EINVAL, "a byte order mark too");
	is_str(err.text, "some.conf:1: a byte order mark, which no editor shows: right is plain text without one", "with a word about what cannot be seen");
	is_int(conf_load_text(&conf, "a\nb", "x", 1, &err), -EINVAL, "a name with a newline");
	ok(strncmp(err.text, "a\\x0ab:", 7) == 0, "is escaped");
	if (!large)
		return;
	memset(large, ' ', CONF_TEXT_MAX + 1);
	is_int(conf_load_text(&conf, "some.conf", large, CONF_TEXT_MAX, &err), 0,
	       "the largest file");
	is_int(conf_load_text(&conf, "some.conf", large, CONF_TEXT_MAX + 1, &err), -EFBIG,
	       "one byte more is refused");
}

static void test_files(void)
{
	_cleanup_(sample_deinit) struct sample sample = {0};
	_cleanup_(fclosep) FILE *stream = NULL;
	struct error err = {0};
	struct conf conf;

	(void)load(&conf, &sample, "", &err);
	is_int(conf_load_file(&conf, "/nonexistent/x.conf", &err), CONF_NO_FILE,
	       "a file that is not there");
	ok(conf_load_file(&conf, "/", &err) < 0, "a folder is refused");
	is_str(err.text, "/ cannot be read: Is a directory", "with the reason");
	is_int((int)err.class, ERROR_CONFIG, "as an error of the configuration");
	stream = fmemopen((char[]){"count = 9;"}, 10, "r");
	if (stream)
		is_int(conf_load_stream(&conf, "stream", stream, &err), 0, "a stream loads");
	is_u64(sample.count, 9, "with its value");
}

static void test_environment(void)
{
	_cleanup_(sample_deinit) struct sample sample = {0};
	struct error err = {0};
	struct conf conf;

	(void)setenv("FQ_SAMPLE_WORD", "", 1);
	(void)setenv("FQ_SAMPLE_FROM", "there:9", 1);
	(void)setenv("FQ_SAMPLE_NAMES", "z", 1);
	(void)load(&conf, &sample, "word = \"file\"; from = \"here\"; names = [\"a\", \"b\"];",
	           &err);
	is_int(conf_environment(&conf, &err), 0, "the environment (%s)", err.text);
	is_str(sample.word, "file", "an empty variable counts as none");
	is_str(sample.from.host, "there", "a variable wins over the file");
	is_u64(sample.names.n, 1, "and replaces a list");
	is_int((int)CONF_SOURCE(&conf, struct sample, from), CONF_ENVIRONMENT,
	       "the source is remembered");
	(void)setenv("FQ_SAMPLE_WORD", "x", 1);
	is_int(conf_environment(&conf, &err), -ERANGE, "a wrong variable");
	is_str(err.text, "FQ_SAMPLE_WORD of the environment: x has 1 bytes: right is 2 to 8",
	       "is named");
	(void)unsetenv("FQ_SAMPLE_WORD");
}

/* The dump of a conf as a new string; NULL where that fails. */
static char *dump(const struct conf *conf)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r;

	if (!out)
		return NULL;
	r = conf_dump(out, conf);
	if (fclose(out) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void test_dump(void)
{
	_cleanup_(sample_deinit) struct sample a = {0}, b = {0};
	_cleanup_(freep) char *first = NULL, *second = NULL;
	struct error err = {0};
	struct conf conf;

	is_int(load(&conf, &a,
	            "word = \"\\\"\\\\\\t\xc3\xa4\"; folder = \"/x\\x01\\ny\"; count = 9; bytes = "
	            "1025; "
	            "pause = \"1001ms\"; loud = true; from = \"[fe80::1]:0\"; names = [\"a\\\"\", "
	            "\"\\\\\"]; "
	            "speed = \"fastest\"; any = 9223372036854775807L;",
	            &err),
	       0, "settings that need care (%s)", err.text);
	first = dump(&conf);
	ok(first && load(&conf, &b, first, &err) == 0, "the dump loads (%s)", err.text);
	second = dump(&conf);
	is_str(second, first, "and dumps the same");
	is_str(b.word, a.word, "a text with quotes, backslash and tab comes back");
	is_str(b.folder, a.folder, "control characters come back");
	is_u64(b.bytes, 1025, "an odd size comes back");
	is_u64(b.pause_ms, 1001, "an odd duration comes back");
	is_u64(b.any, INT64_MAX, "a large number comes back");
	is_u64(b.from.port, 0, "port 0 comes back");
	if (b.names.n == 2)
		is_str(b.names.items[1], "\\", "a list comes back");
	ok(!strstr(first, "only"), "what is only on the command line is not dumped");
}

int main(void)
{
	test_values();
	test_refused();
	test_bounds();
	test_files();
	test_environment();
	test_dump();
	return done_testing();
}
