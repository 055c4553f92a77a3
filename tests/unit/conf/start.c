/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a daemon's main gets: precedence of the sources, what follows from several options or from the machine, and the options that
 * only print.
 */
#include "conf/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/coord_settings.h"
#include "conf/worker_settings.h"
#include "lib/base/cleanup.h"
#include "tests/unit/conf/starting.h"
#include "tests/unit/tap.h"

static void test_precedence(void)
{
	_cleanup_(coord_settings_deinit) struct coord_settings settings = {0};
	struct error err;

	write_file("coord.conf",
	           "ping = \"2s\";\ndead = \"20s\"; jobs_max = 7; state = \"/from/file\";\n");
	is_int(start(&coord_program, &settings, "--config @coord.conf --dead 30s -v", &err), 0,
	       "a file and a command line (%s)", err.text);
	is_u64(settings.ping_ms, 2000, "the file wins over the default");
	is_u64(settings.dead_ms, 30000, "the command line wins over the file");
	is_u64(settings.files_max, 10000, "the rest is default");
	is_str(settings.state, "/from/file", "a path of the file");
	is_str(settings.socket, "/from/file/ctl.sock", "the socket follows the state folder");
	is_str(settings.key, "/from/file/key.pem", "so does the key");
	is_str(settings.listen.host, "::", "it listens everywhere");
	is_u64(settings.listen.port, 5381, "on its port");
	ok(settings.verbose, "-v");
}

static void test_service(void)
{
	struct coord_settings coord;
	struct worker_settings worker;
	struct error err;

	(void)setenv("STATE_DIRECTORY", "/run/a:/run/b", 1);
	(void)setenv("CREDENTIALS_DIRECTORY", starting_folder(), 1);
	write_file("worker.key", "");
	is_int(start(&coord_program, &coord, "--config /dev/null", &err), 0, "under systemd (%s)",
	       err.text);
	is_str(coord.state, "/run/a", "the state folder is systemd's first");
	is_str(coord.key, "/run/a/key.pem", "a credential that is not there is not the key");
	coord_settings_deinit(&coord);
	is_int(start(&coord_program, &coord, "--config /dev/null --state here --key k --socket s",
	             &err),
	       0, "with own paths (%s)", err.text);
	is_str(coord.state, "here", "the command line wins over systemd's folder");
	is_str(coord.key, "k", "a key that was set stays");
	is_str(coord.socket, "s", "a socket that was set stays");
	coord_settings_deinit(&coord);
	is_int(start(&worker_program, &worker, "--config /dev/null -h x", &err), 0, "a worker (%s)",
	       err.text);
	is_str(worker.key, PATH_OF("worker.key"), "a credential that is there is the key");
	is_str(worker.gate, "", "without a runtime folder there is no gate");
	worker_settings_deinit(&worker);
	(void)setenv("RUNTIME_DIRECTORY", "/run/c:/run/d", 1);
	is_int(start(&worker_program, &worker, "--config /dev/null -h x", &err), 0, "with a runtime folder (%s)", err.text);
	is_str(worker.gate, "/run/c/ctl.sock", "the gate is in systemd's first");
	worker_settings_deinit(&worker);
	is_int(start(&worker_program, &worker, "--config /dev/null -h x --gate none", &err), 0, "--gate none (%s)", err.text);
	is_str(worker.gate, "none", "stays");
	worker_settings_deinit(&worker);
	(void)unsetenv("RUNTIME_DIRECTORY");
	(void)unsetenv("STATE_DIRECTORY");
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_worker(void)
{
	struct worker_settings settings;
	struct error err;

	is_int(start(&worker_program, &settings,
	             "--config /dev/null -h node9 -p 77 -n 4 --name n-1 --roots /a --roots /b",
	             &err),
	       0, "a worker's command line (%s)", err.text);
	is_str(settings.host.host, "node9", "its coordinator");
	is_u64(settings.host.port, 77, "the port of -p goes into the address");
	is_u64(settings.slots, 4, "its slots");
	is_str(settings.name, "n-1", "its name");
	is_u64(settings.roots.n, 2, "its roots");
	worker_settings_deinit(&settings);
	write_file("worker.conf", "host = \"[::1]:99\"; port = 3;\n");
	is_int(start(&worker_program, &settings, "--config @worker.conf", &err), 0, "a file (%s)",
	       err.text);
	is_u64(settings.host.port, 99, "the host's own port wins over port");
	is_u64(settings.port, 99, "and is the one that is dumped");
	ok(settings.slots > 0, "slots 0 is one for each core");
	ok(settings.name[0] != '\0' && !strchr(settings.name, '.'), "the name is the host's (%s)",
	   settings.name);
	worker_settings_deinit(&settings);
	is_int(start(&worker_program, &settings, "--config @worker.conf -p 5", &err), 0,
	       "file and -p (%s)", err.text);
	is_u64(settings.host.port, 5, "-p wins over the host of the file");
	worker_settings_deinit(&settings);
	is_int(start(&worker_program, &settings, "--config @worker.conf --join there FQ1-x", &err),
	       0, "--join HOST TOKEN (%s)", err.text);
	ok(settings.join, "is seen");
	worker_settings_deinit(&settings);
}

static void test_gate(void)
{
	struct worker_settings settings;
	struct error err;

	is_int(start(&worker_program, &settings, "--config /dev/null -h x --gate /g --gate-only", &err), 0, "a login host's worker (%s)",
	       err.text);
	ok(settings.gate_only && settings.slots == 0, "has no slots");
	is_str(settings.gate, "/g", "but its gate");
	worker_settings_deinit(&settings);
	write_file("worker.conf", "host = \"x\"; gate_only = true; slots = 3;\n");
	is_int(start(&worker_program, &settings, "--config @worker.conf", &err), -EINVAL, "gate_only with slots: %s", err.text);
	is_int((int)err.class, ERROR_CONFIG, "is an error of the configuration");
	worker_settings_deinit(&settings);
	is_int(start(&worker_program, &settings, "--config /dev/null -h x --gate none --gate-only", &err), -EINVAL,
	       "gate_only without a gate: %s", err.text);
	is_int((int)err.class, ERROR_USAGE, "is a usage error");
	worker_settings_deinit(&settings);
	is_int(start(&worker_program, &settings, "--config /dev/null -h x --gate here", &err), -EINVAL, "a gate somewhere: %s", err.text);
	worker_settings_deinit(&settings);
}

static void test_joined(void)
{
	struct worker_settings settings;
	struct error err;

	write_file("host", "[fe80::7]:99\n");
	is_int(start(&worker_program, &settings, "--config /dev/null --state @", &err), 0, "a worker that is told no host (%s)",
	       err.text);
	is_str(settings.host.host, "fe80::7", "goes where it joined");
	is_u64(settings.host.port, 99, "on that port");
	worker_settings_deinit(&settings);
	is_int(start(&worker_program, &settings, "--config /dev/null --state @ -p 7", &err), 0, "with -p (%s)", err.text);
	is_u64(settings.host.port, 7, "on that one");
	worker_settings_deinit(&settings);
	is_int(start(&worker_program, &settings, "--config /dev/null --state @ -h node9", &err), 0, "with -h (%s)", err.text);
	is_str(settings.host.host, "node9", "it goes there");
	worker_settings_deinit(&settings);
	write_file("host", "node9\n");
	is_int(start(&worker_program, &settings, "--config /dev/null --state @", &err), -EINVAL, "a note without a port is refused");
	is_int((int)err.class, ERROR_CONFIG, "with exit status 78");
	ok(strstr(err.text, "join again"), "and what to do");
	worker_settings_deinit(&settings);
	(void)unlink(PATH_OF("host"));
}

/* What a call prints on standard output, which is TAP's: it is turned aside meanwhile. */
static char *printed(const struct conf_program *program, const char *line, int *ret_r)
{
	static char text[16384];
	_cleanup_(closep) int saved = -1;
	_cleanup_(fclosep) FILE *file = tmpfile();
	char settings[4096];
	struct error err;
	size_t n;

	(void)fflush(stdout);
	saved = dup(STDOUT_FILENO);
	if (!file || saved < 0 || dup2(fileno(file), STDOUT_FILENO) < 0)
		return NULL;
	*ret_r = start(program, settings, line, &err);
	(void)fflush(stdout);
	(void)dup2(saved, STDOUT_FILENO);
	conf_deinit(program->table, settings);
	rewind(file);
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	return text;
}

static void test_printed(void)
{
	char want[256];
	char *text;
	int r = 0;

	write_file("good.conf", "ping = \"2s\";\n");
	text = printed(&coord_program, "--config @good.conf --check-config", &r);
	is_int(r, CONF_EXIT_OK, "--check-config ends the program well");
	(void)snprintf(want, sizeof want, "%s/good.conf is right.\n", starting_folder());
	is_str(text, want, "and says so");
	text = printed(&worker_program, "--config /dev/null --roots /a=/b/:links --roots / --check-config", &r);
	is_str(text,
	       "/dev/null is right.\n"
	       "Files beneath /a/ are opened in /b/ here; symbolic links below it are followed where they stay beneath it.\n"
	       "Files beneath / are opened in / here; symbolic links below it are not followed.\n",
	       "and a worker's tells its roots");
	text = printed(&worker_program, "--config @good.conf -?", &r);
	is_int(r, CONF_EXIT_OK, "help needs no right file");
	ok(text && strstr(text, "Usage: fqworkerd") == text, "and begins with the usage");
	ok(text && strstr(text, "  -h, --host HOST[:PORT]"), "-h is the host");
	ok(text && strstr(text, "(default: 5s)"), "defaults are shown");
	text = printed(&coord_program, "--version", &r);
	is_int(r, CONF_EXIT_OK, "--version ends the program well");
	is_str(text, "fqcoordd " PACKAGE_VERSION "\n", "with name and version");
	text = printed(&worker_program, "--config /dev/null --dump-config", &r);
	is_int(r, CONF_EXIT_OK, "--dump-config needs no coordinator");
	ok(text && strstr(text, "roots = [\"/\"];\n"), "and prints values");
	ok(text && !strstr(text, "{"), "and no group where there is none");
	text = printed(&coord_program, "--config /dev/null --dump-config", &r);
	ok(text && strstr(text, "\nelastic = {\n\tmin = 0;\n\tmax = 0;\n\tbytes_per_worker = \"16G\";\n"), "a group with its defaults");
	write_file("group.conf", "elastic = { max = 7; worker_keys = \"/a\"; idle = \"90s\"; sbatch = [\"--x\", \"y\\\"z\"]; };\n");
	text = printed(&coord_program, "--config @group.conf --dump-config", &r);
	ok(text && strstr(text, "\tmax = 7;\n"), "and with what the file says");
	ok(text && strstr(text, "\tidle = \"90s\";\n") && strstr(text, "\tsbatch = [\"--x\", \"y\\\"z\"];\n};\n"), "to its end");
}

/* Dump, load the dump, dump again: both dumps are the same. */
static void test_dump(const struct conf_program *program, const char *line)
{
	_cleanup_(freep) char *first = NULL;
	char again[64] = "--config @dump.conf --dump-config";
	const char *second;
	int r = 0;

	first = strdup(printed(program, line, &r));
	if (!ok(first && r == CONF_EXIT_OK, "a dump of %s", program->table->name))
		return;
	write_file("dump.conf", first);
	second = printed(program, again, &r);
	is_int(r, CONF_EXIT_OK, "loads");
	is_str(second, first, "and is the same");
}

int main(void)
{
	static const char *const names[] = {"coord.conf", "worker.conf", "worker.key", "good.conf", "dump.conf", "group.conf"};

	if (starting_begin() < 0)
		return skip_all("no temporary folder: %s", strerror(errno));
	test_precedence();
	test_service();
	test_worker();
	test_gate();
	test_joined();
	test_printed();
	test_dump(&coord_program, "--config @good.conf --slice-min 12345 --keep 90061s --dump-config");
	test_dump(&coord_program, "--config @group.conf --dump-config");
	test_dump(&worker_program, "--config /dev/null -h [::1]:9 -n 3 --roots /a\"b --dump-config");
	starting_end(names, sizeof names / sizeof *names);
	return done_testing();
}
