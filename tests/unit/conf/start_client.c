/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fqctl gets: the user's file, variables and the command line, and which way to the coordinator that makes. */
#include "conf/client_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/conf/starting.h"
#include "tests/unit/tap.h"

#define WORDS_MAX 24

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

	(void)setenv("XDG_CONFIG_HOME", starting_folder(), 1);
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

int main(void)
{
	if (starting_begin() < 0)
		return skip_all("no temporary folder: %s", strerror(errno));
	test_client_files();
	test_client_socket();
	(void)unlink(PATH_OF("fqcluster/fqctl.conf"));
	(void)rmdir(PATH_OF("fqcluster"));
	starting_end(NULL, 0);
	return done_testing();
}
