/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a main gets: precedence of the sources, what follows from several options or from the machine, and the options that
 * only print, for all three programs.
 */
#include "conf/start.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/client_settings.h"
#include "conf/coord_settings.h"
#include "conf/print.h"
#include "conf/worker_settings.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define WORDS_MAX 24

static char folder[64] = "/tmp/fq-conf-XXXXXX";

/* FOLDER/name in a buffer that lives to the end of the block. */
#define PATH_OF(name) path_of((char[128]){0}, (name))

static char *path_of(char out[128], const char *name)
{
	(void)snprintf(out, 128, "%s/%s", folder, name);
	return out;
}

static void write_file(const char *name, const char *text)
{
	_cleanup_(fclosep) FILE *f = fopen(PATH_OF(name), "we");

	ok(f && fputs(text, f) >= 0, "wrote %s", name);
}

/* Starts with words parted by spaces; "@" before a word stands for the folder. */
static int start(const struct conf_program *program, void *settings, const char *line,
                 struct error *err)
{
	char buffer[512], *words[WORDS_MAX] = {(char[]){"program"}}, *save = NULL,
			  paths[WORDS_MAX][128];
	int n = 1;

	(void)snprintf(buffer, sizeof buffer, "%s", line);
	for (char *word = strtok_r(buffer, " ", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save), n++)
		words[n] = *word == '@' ? path_of(paths[n], word + 1) : word;
	*err = (struct error){0};
	return conf_start(program, n, words, settings, NULL, err);
}

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
	(void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
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
	(void)snprintf(want, sizeof want, "%s/good.conf is right.\n", folder);
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

/* The client's settings by words behind "fqctl". */
static int client(struct client_settings *settings, const char *line, struct error *err)
{
	const struct option_table *tables[] = {&client_table, &conf_common_table};
	_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
	char buffer[256], *words[WORDS_MAX] = {(char[]){"fqctl"}}, *save = NULL;
	int n = 1, r;

	(void)snprintf(buffer, sizeof buffer, "%s", line);
	for (char *word = strtok_r(buffer, " ", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	memset(settings, 0, sizeof *settings);
	*err = (struct error){0};
	r = arguments_parse(&arguments, tables, 2, ARGUMENTS_ALL, n, words, err);
	return r < 0 ? r : client_settings_load(&arguments, settings, NULL, err);
}

static void test_client_files(void)
{
	struct client_settings settings;
	struct error err;

	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	(void)mkdir(PATH_OF("fqcluster"), 0700);
	write_file("fqcluster/fqctl.conf",
	           "host = \"mine\"; timeout = \"5s\"; progress = \"none\";\n");
	is_int(client(&settings, "--timeout 7s", &err), 0, "the user's file (%s)", err.text);
	is_str(settings.host.host, "mine", "names the host");
	is_u64(settings.host.port, 5381, "whose port is the default");
	is_u64(settings.timeout_ms, 7000, "the command line wins");
	is_int((int)settings.progress, PROGRESS_NONE, "a choice");
	is_str(settings.keys, PATH_OF("fqcluster"), "the keys lie beside the file");
	client_settings_deinit(&settings);
	(void)setenv("FQ_HOST", "other:6", 1);
	(void)setenv("FQ_KEYS", "/keys", 1);
	is_int(client(&settings, "", &err), 0, "with variables (%s)", err.text);
	is_str(settings.host.host, "other", "FQ_HOST wins over the file");
	is_u64(settings.host.port, 6, "with its port");
	is_str(settings.keys, "/keys", "FQ_KEYS too");
	client_settings_deinit(&settings);
	is_int(client(&settings, "-h third -p 8", &err), 0, "-h and -p (%s)", err.text);
	is_str(settings.host.host, "third", "-h wins over FQ_HOST");
	is_u64(settings.host.port, 8, "with its port");
	client_settings_deinit(&settings);
	is_int(client(&settings, "-p 9", &err), 0, "-p alone (%s)", err.text);
	is_u64(settings.host.port, 9, "wins over the port of FQ_HOST");
	client_settings_deinit(&settings);
	is_int(client(&settings, "--config /dev/null", &err), 0, "--config (%s)", err.text);
	is_u64(settings.timeout_ms, 0, "takes the place of the user's file");
	client_settings_deinit(&settings);
	is_int(client(&settings, "--config /nonexistent/x", &err), -ENOENT,
	       "a --config that is not there");
	is_int((int)err.class, ERROR_CONFIG, "is an error of the configuration");
	client_settings_deinit(&settings);
	(void)unsetenv("FQ_HOST");
	(void)unsetenv("FQ_KEYS");
}

static void test_client_socket(void)
{
	struct client_settings settings;
	struct error err;

	is_int(client(&settings, "--socket /s", &err), 0, "--socket over the file's host (%s)",
	       err.text);
	is_str(settings.host.host, "", "is the way to the coordinator");
	client_settings_deinit(&settings);
	(void)setenv("FQ_SOCKET", "/s", 1);
	is_int(client(&settings, "-h x", &err), 0, "-h over FQ_SOCKET (%s)", err.text);
	is_str(settings.socket, "", "is the way to the coordinator");
	client_settings_deinit(&settings);
	(void)unsetenv("FQ_SOCKET");
	is_int(client(&settings, "-h x --socket /s", &err), -EINVAL, "both at once");
	is_str(err.text, "host is x and socket is /s: right is one of the two", "are refused");
	is_int((int)err.class, ERROR_USAGE, "as a usage error");
	client_settings_deinit(&settings);
	write_file("fqcluster/fqctl.conf", "");
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)setenv("HOME", "/home/me", 1);
	is_int(client(&settings, "--config /dev/null", &err), 0, "without XDG_CONFIG_HOME (%s)",
	       err.text);
	is_str(settings.keys, "/home/me/.config/fqcluster", "keys lie in ~/.config");
	client_settings_deinit(&settings);
}

static void clean_up(void)
{
	static const char *const names[] = {
	    "coord.conf", "worker.conf", "worker.key",          "bad.conf",
	    "good.conf",  "dump.conf",   "group.conf",          "fqcluster/fqctl.conf"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)unlink(PATH_OF(names[i]));
	(void)rmdir(PATH_OF("fqcluster"));
	ok(rmdir(folder) == 0, "the temporary folder is gone");
}

int main(void)
{
	static const char *const variables[] = {
	    "FQ_HOST",        "FQ_SOCKET", "FQ_KEYS", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY",
	    "POSIXLY_CORRECT"};

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		(void)unsetenv(variables[i]);
	if (!mkdtemp(folder))
		return skip_all("no temporary folder: %s", strerror(errno));
	test_precedence();
	test_service();
	test_worker();
	test_gate();
	test_joined();
	test_refused();
	test_line();
	test_group_refused();
	test_printed();
	test_dump(&coord_program,
	          "--config @good.conf --slice-min 12345 --keep 90061s --dump-config");
	test_dump(&coord_program, "--config @group.conf --dump-config");
	test_dump(&worker_program,
	          "--config /dev/null -h [::1]:9 -n 3 --roots /a\"b --dump-config");
	test_client_files();
	test_client_socket();
	clean_up();
	return done_testing();
}
