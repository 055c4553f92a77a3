/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines: options of one and of several tables, verbs, what is refused and in which words. */
#include "conf/arguments.h"

#include <errno.h>
#include <string.h>

#include "conf/start.h"
#include "lib/base/cleanup.h"
#include "tests/unit/conf/sample.h"
#include "tests/unit/tap.h"

#define WORDS_MAX 24

/* A verb whose -c and --loud are its own. */
struct verb {
	char *copy;
	bool loud;
};

static const struct option_row verb_rows[] = {
    {.long_name = "copy",
     .letter = 'c',
     .argument = "DIR",
     .type = OPTION_PATH,
     .help = "Copy.",
     OPTION_FIELD(struct verb, copy)},
    {.long_name = "loud", .type = OPTION_BOOL, .help = "Loud.", OPTION_FIELD(struct verb, loud)},
};

static const struct option_table verb_table = {
    .name = "verb", .rows = verb_rows, .n = 2, .settings_size = sizeof(struct verb)};

/* Parses words parted by single spaces, behind a program's name, against the sample's and the common options. */
static int parse(struct conf_arguments *arguments, const char *line, enum arguments_mode mode,
                 char buffer[256], struct error *err)
{
	const struct option_table *tables[] = {&sample_table, &conf_common_table};
	char *words[WORDS_MAX] = {(char[]){"program"}}, *save = NULL;
	int n = 1;

	(void)snprintf(buffer, 256, "%s", line);
	for (char *word = strtok_r(buffer, " ", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	return arguments_parse(arguments, tables, 2, mode, n, words, err);
}

static void test_options(void)
{
	_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
	_cleanup_(sample_deinit) struct sample sample = {0};
	struct error err = {0};
	char buffer[256];
	struct conf conf;

	is_int(
	    parse(
		&arguments,
		"-w two first --count=4 -lo --names a second --names b -h node:1 --spe slow -- -x",
		ARGUMENTS_ALL, buffer, &err),
	    0, "a command line (%s)", err.text);
	is_u64(arguments.rest_n, 3, "has positional arguments");
	is_str(arguments.rest[0], "first", "in their order");
	is_str(arguments.rest[1], "second", "also behind options");
	is_str(arguments.rest[2], "-x", "and behind --");
	is_int(conf_init(&conf, &sample_table, &sample, &err), 0, "defaults");
	is_int(conf_load_text(&conf, "f", "names = [\"file\"]; count = 7;", 28, &err), 0, "a file");
	is_int(conf_apply(&conf, &arguments, &err), 0, "applied (%s)", err.text);
	is_str(sample.word, "two", "a letter with its value");
	is_u64(sample.count, 4, "a long name wins over the file");
	ok(sample.loud && sample.only_here, "two flags in one word");
	is_u64(sample.names.n, 2, "a list replaces that of the file");
	is_str(sample.names.items[1], "b", "and each use adds one");
	is_str(sample.from.host, "node", "-h is the host");
	is_int((int)sample.speed, SPEED_SLOW, "a long name may be cut where it is clear");
	is_int((int)CONF_SOURCE(&conf, struct sample, count), CONF_COMMAND,
	       "the source is remembered");
}

/* A dash of a long name may be an underscore; both spellings are one option, so neither makes the other ambiguous. */
static void test_underscores(void)
{
	static const char *const lines[] = {"--only-here", "--only_here", "--only_", "--only", "--on"};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
		_cleanup_(sample_deinit) struct sample sample = {0};
		struct error err = {0};
		struct conf conf;
		char buffer[256];

		is_int(parse(&arguments, lines[i], ARGUMENTS_ALL, buffer, &err), 0, "%s (%s)", lines[i], err.text);
		ok(conf_init(&conf, &sample_table, &sample, &err) == 0 && conf_apply(&conf, &arguments, &err) == 0 &&
		       sample.only_here,
		   "is --only-here");
	}
}

static void test_refused(void)
{
	static const struct {
		const char *line, *sentence;
	} refused[] = {
	    {"-h", "-h needs a HOST; help is -? or --help"},
	    {"-l -h", "-h needs a HOST; help is -? or --help"},
	    {"-h -l", "-h needs a HOST; help is -? or --help"},
	    {"--from", "--from needs a HOST; help is -? or --help"},
	    {"--count", "--count needs an N; help is -? or --help"},
	    {"--config", "--config needs a FILE; help is -? or --help"},
	    {"-x", "there is no option -x; help is -? or --help"},
	    {"-lx", "there is no option -x; help is -? or --help"},
	    {"-L", "there is no option -L; did you mean -l, which is --loud? help is -? or --help"},
	    {"-count 4", "-count has one dash: right is --count; help is -? or --help"},
	    {"a -count=4", "-count=4 has one dash: right is --count; help is -? or --help"},
	    {"-l -only_here", "-only_here has one dash: right is --only_here; help is -? or --help"},
	    {"-loud", "-loud has one dash: right is --loud; help is -? or --help"},
	    {"-word x", "-word has one dash: right is --word; help is -? or --help"},
	    {"--nosuch", "there is no option --nosuch; help is -? or --help"},
	    {"--nosuch=1", "there is no option --nosuch=1; help is -? or --help"},
	    {"--only_there", "there is no option --only_there; did you mean --only-here? help is -? or --help"},
	    {"a --f", "--f could be --folder or --from; help is -? or --help"},
	    {"--loud=yes", "--loud takes no value; help is -? or --help"},
	};

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
		struct error err = {0};
		char buffer[256];

		is_int(parse(&arguments, refused[i].line, ARGUMENTS_ALL, buffer, &err), -EINVAL,
		       "refused: %s", refused[i].line);
		is_str(err.text, refused[i].sentence, "and says why");
		is_int((int)err.class, ERROR_USAGE, "as a usage error");
	}
}

static void test_values_refused(void)
{
	static const struct {
		const char *line, *sentence;
	} refused[] = {
	    {"-c 1", "-c: 1 is out of range: right is 2 to 10 things"},
	    {"--count 1", "--count: 1 is out of range: right is 2 to 10 things"},
	    {"--bytes=x",
	     "--bytes: \"x\" is no size: right is a number, alone or with K, M, G or T behind it"},
	};

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
		_cleanup_(sample_deinit) struct sample sample = {0};
		struct error err = {0};
		struct conf conf;
		char buffer[256];

		is_int(parse(&arguments, refused[i].line, ARGUMENTS_ALL, buffer, &err), 0,
		       "parses: %s", refused[i].line);
		(void)conf_init(&conf, &sample_table, &sample, &err);
		ok(conf_apply(&conf, &arguments, &err) < 0, "but its value is refused");
		is_str(err.text, refused[i].sentence, "and says why");
		is_int((int)err.class, ERROR_USAGE, "as a usage error");
	}
}

static void test_help(void)
{
	static const char *const lines[] = {"-?", "--help", "-l -? x", "-l?"};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
		struct conf_common common;
		struct error err = {0};
		struct conf conf;
		char buffer[256];

		is_int(parse(&arguments, lines[i], ARGUMENTS_ALL, buffer, &err), 0,
		       "parses: %s (%s)", lines[i], err.text);
		(void)conf_init(&conf, &conf_common_table, &common, &err);
		is_int(conf_apply(&conf, &arguments, &err), 0, "applies");
		ok(common.help, "and asks for help");
		conf_deinit(&conf_common_table, &common);
	}
}

static void test_verb(void)
{
	const struct option_table *tables[] = {&sample_table, &conf_common_table, &verb_table};
	_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
	_cleanup_(sample_deinit) struct sample sample = {0};
	struct error err = {0};
	struct verb verb;
	struct conf conf;
	char buffer[256];

	is_int(parse(&arguments, "-h node -c 4 --loud send -c there file --loud -w last -V",
	             ARGUMENTS_TO_VERB, buffer, &err),
	       0, "up to the verb (%s)", err.text);
	is_u64(arguments.rest_n, 8, "the rest begins with the verb");
	is_str(arguments.rest[0], "send", "which is the first");
	is_int(arguments_parse(&arguments, tables, 3, ARGUMENTS_ALL, (int)arguments.rest_n,
	                       arguments.rest, &err),
	       0, "behind the verb (%s)", err.text);
	is_u64(arguments.rest_n, 1, "one positional argument is left");
	is_str(arguments.rest[0], "file", "the file");
	(void)conf_init(&conf, &sample_table, &sample, &err);
	is_int(conf_apply(&conf, &arguments, &err), 0, "the program's options (%s)", err.text);
	is_str(sample.from.host, "node", "given before the verb");
	is_str(sample.word, "last", "or behind it");
	is_u64(sample.count, 4, "-c before the verb is the program's");
	ok(sample.loud, "and so is --loud");
	(void)conf_init(&conf, &verb_table, &verb, &err);
	is_int(conf_apply(&conf, &arguments, &err), 0, "the verb's options (%s)", err.text);
	is_str(verb.copy, "there", "-c behind the verb is the verb's");
	ok(verb.loud, "and so is --loud");
	conf_deinit(&verb_table, &verb);
}

int main(void)
{
	(void)unsetenv("POSIXLY_CORRECT");
	test_options();
	test_underscores();
	test_refused();
	test_values_refused();
	test_help();
	test_verb();
	return done_testing();
}
