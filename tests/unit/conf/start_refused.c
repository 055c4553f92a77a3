/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a daemon does not start with: each is said in one sentence, with the file's line where it is from there, and has its exit status. */
#include "conf/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/coord_settings.h"
#include "conf/worker_settings.h"
#include "tests/unit/conf/starting.h"
#include "tests/unit/tap.h"

static const struct {
	const struct conf_program *program;
	const char *line, *sentence;
	enum error_class class;
} refused[] = {
    {&worker_program, "-h", "-h needs a HOST; help is -? or --help", ERROR_USAGE},
    {&coord_program, "-h", "there is no option -h; help is -? or --help", ERROR_USAGE},
    {&coord_program, "--config /dev/null x",
     "there is no use for the argument x; help is -? or --help", ERROR_USAGE},
    {&coord_program, "--config /dev/null --slice-min 2G",
     "slice_min is above slice_max: right is slice_min at most slice_max", ERROR_USAGE},
    {&coord_program, "--check-config my.conf",
     "there is no use for the argument my.conf; a configuration file is named by --config FILE", ERROR_USAGE},
    {&worker_program, "--dump-config my.conf",
     "there is no use for the argument my.conf; a configuration file is named by --config FILE", ERROR_USAGE},
    {&coord_program, "--config @bad.conf", NULL, ERROR_CONFIG},
    {&coord_program, "--config @bad.conf --check-config", NULL, ERROR_CONFIG},
    {&coord_program, "--config @bad.conf --dump-config", NULL, ERROR_CONFIG},
    {&coord_program, "--config /nonexistent/x",
     "/nonexistent/x is not there: right is --config with a file", ERROR_CONFIG},
    {&worker_program, "--config /dev/null -h a:1 -p 2",
     "--host says port 1 and --port says 2: right is one of the two", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a b",
     "there is no use for the argument b; help is -? or --help", ERROR_USAGE},
    {&worker_program, "--config /dev/null --join b",
     "--join needs a HOST and a TOKEN; help is -? or --help", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --roots b",
     "roots: b is relative: right is a path that begins with a slash", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --roots /a/../b",
     "roots: /a/../b has a \".\" or \"..\" in it: right is the path without", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --roots /a=/b/.",
     "roots: /b/. has a \".\" or \"..\" in it: right is the path without", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --roots :links",
     "roots: :links is relative: right is a path that begins with a slash", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --roots /a=/b --roots /a/:links",
     "roots: /a=/b and /a/:links are for the same path: right is one of them", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --slot-memory 1M",
     "slot_memory: 1048576 bytes are too few to count with: right is 0 for no limit, or at least 256M", ERROR_USAGE},
    {&worker_program, "--config /dev/null -h a --name b/c",
     "name: \"b/c\" is no name of a node: right are 1 to 64 letters, digits, dots, dashes "
     "and underscores, "
     "no dash at the beginning",
     ERROR_USAGE},
    {&worker_program, "--config /dev/null --state /nonexistent",
     "no coordinator is named: right is fqworkerd --join HOST TOKEN, or -h HOST, or host = \"HOST\"; in " FQ_CONF_DIR
     "/fqworkerd.conf",
     ERROR_CONFIG},
};

static void test_refused(void)
{
	write_file("bad.conf", "ping = \"3s\";\n");
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		union {
			struct coord_settings coord;
			struct worker_settings worker;
		} settings;
		struct error err;

		ok(start(refused[i].program, &settings, refused[i].line, &err) < 0, "refused: %s",
		   refused[i].line);
		if (refused[i].sentence)
			is_str(err.text, refused[i].sentence, "and says why");
		else
			ok(strstr(err.text, "dead is below twice ping"), "and says why");
		is_int((int)err.class, (int)refused[i].class, "with its exit status");
		conf_deinit(refused[i].program->table, &settings);
	}
}

/* What is only found when all is read is said with the line of the file too, where the value is from there. */
static void test_line(void)
{
	static const struct {
		const char *line;
		bool prefixed;
	} cases[] = {{"--config @line.conf --check-config", true}, {"--config @line.conf -h a --name d/e", false}};

	write_file("line.conf", "\nport = 5;\nname = \"b/c\";\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct worker_settings settings;
		char want[256];
		struct error err;

		(void)snprintf(want, sizeof want, "%s:3: ", PATH_OF("line.conf"));
		ok(start(&worker_program, &settings, cases[i].line, &err) < 0 && strstr(err.text, "is no name of a node"), "%s", err.text);
		is_int(strncmp(err.text, want, strlen(want)) == 0, cases[i].prefixed, "%s the line", cases[i].prefixed ? "with" : "without");
		worker_settings_deinit(&settings);
	}
	(void)unlink(PATH_OF("line.conf"));
}

/* A group is as right when it is dumped as when it is checked. */
static void test_group_refused(void)
{
	static const char *const lines[] = {"--config @group.conf --check-config", "--config @group.conf --dump-config", "--config @group.conf"};

	write_file("group.conf", "elastic = { min = 2; max = 1; };\n");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct coord_settings settings;
		struct error err;

		ok(start(&coord_program, &settings, lines[i], &err) < 0 && strstr(err.text, ": elastic: min is above max") &&
		       strstr(err.text, "/group.conf:") && err.class == ERROR_CONFIG,
		   "refused: %s", lines[i]);
		conf_deinit(&coord_table, &settings);
	}
}

int main(void)
{
	static const char *const names[] = {"bad.conf", "group.conf"};

	if (starting_begin() < 0)
		return skip_all("no temporary folder: %s", strerror(errno));
	test_refused();
	test_line();
	test_group_refused();
	starting_end(names, sizeof names / sizeof *names);
	return done_testing();
}
