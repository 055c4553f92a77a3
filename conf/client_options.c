/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of fqctl that every verb has: one row each, in the order of --help, the shipped file and the man page. */
#include "conf/client_settings.h"

#include <errno.h>
#include <string.h>

#include "conf/places.h"
#include "lib/base/cleanup.h"

#define FIELD(field) OPTION_FIELD(struct client_settings, field)
#define OFFSET(field) offsetof(struct client_settings, field)

#define DAY (UINT64_C(24) * 60 * 60 * 1000)

/* clang-format off: a row reads best as it is written */
static const struct option_row rows[] = {
    {
	.key = "host",
	.long_name = "host",
	.letter = 'h',
	.argument = "HOST[:PORT]",
	.environment = "FQ_HOST",
	.type = OPTION_ADDRESS,
	.help = "The coordinator's host.",
	FIELD(host),
    },
    {
	.key = "port",
	.long_name = "port",
	.letter = 'p',
	.argument = "PORT",
	.type = OPTION_NUMBER,
	.default_text = "5381",
	.smallest = 1,
	.largest = 65535,
	.help = "The coordinator's port where host names none.",
	FIELD(port),
    },
    {
	.key = "socket",
	.long_name = "socket",
	.argument = "PATH",
	.environment = "FQ_SOCKET",
	.type = OPTION_PATH,
	.largest = 107,
	.help = "The coordinator's unix socket on this machine, in place of a host.",
	FIELD(socket),
    },
    {
	.key = "keys",
	.long_name = "keys",
	.argument = "DIR",
	.environment = "FQ_KEYS",
	.type = OPTION_PATH,
	.help = "Folder of your key and the coordinators you know; empty means fqcluster in "
                "$XDG_CONFIG_HOME or ~/.config.",
	FIELD(keys),
    },
    {
	.key = "progress",
	.long_name = "progress",
	.argument = "HOW",
	.type = OPTION_CHOICE,
	.default_text = "auto",
	.choices = "auto|bar|plain|none",
	.help = "How progress is shown on standard error.",
	FIELD(progress),
    },
    {
	.key = "timeout",
	.long_name = "timeout",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "0",
	.largest = 365 * DAY,
	.help = "Longest time to wait for the coordinator or a job; 0 means no limit.",
	FIELD(timeout_ms),
    },
    {
	.long_name = "json",
	.type = OPTION_BOOL,
	.help = "Print JSON.",
	FIELD(json),
    },
    {
	.long_name = "no-header",
	.type = OPTION_BOOL,
	.help = "Print tables without their first line.",
	FIELD(no_header),
    },
    {
	.long_name = "quiet",
	.letter = 'q',
	.type = OPTION_BOOL,
	.help = "Print results and errors only.",
	FIELD(quiet),
    },
};
/* clang-format on */

/* One way to the coordinator: of host and socket the one from the later source. */
static int choose_way(struct conf *conf, struct error *err)
{
	struct client_settings *settings = conf->settings;
	enum conf_source host = conf_source_of(conf, OFFSET(host)),
			 socket = conf_source_of(conf, OFFSET(socket));

	if (settings->host.host[0] == '\0' || settings->socket[0] == '\0')
		return 0;
	if (host == socket)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(host), OFFSET(socket)),
		                 "host is %s and socket is %s: right is one of the two",
		                 settings->host.host, TEXT(settings->socket));
	if (host > socket)
		return conf_replace(&settings->socket, "", err);
	settings->host = (struct conf_address){0};
	return 0;
}

static int client_finish(struct conf *conf, struct error *err)
{
	struct client_settings *settings = conf->settings;
	_cleanup_(freep) char *folder = NULL;
	int r;

	r = choose_way(conf, err);
	if (r >= 0)
		r = place_port(conf, OFFSET(host), OFFSET(port), err);
	if (r < 0 || settings->keys[0] != '\0')
		return r;
	r = place_user(&folder, err);
	if (r < 0)
		return r;
	if (folder[0] == '\0')
		return error_set(err, -ENOENT, ERROR_CONFIG,
		                 "keys: you have no home folder for your key: right is --keys DIR "
		                 "or FQ_KEYS=DIR");
	free(settings->keys);
	settings->keys = TAKE(folder);
	return 0;
}

const struct option_table client_table = {
    .name = "fqctl",
    .rows = rows,
    .n = sizeof rows / sizeof *rows,
    .settings_size = sizeof(struct client_settings),
    .finish = client_finish,
};

static int load_usual_files(struct conf *conf, struct error *err)
{
	_cleanup_(freep) char *folder = NULL, *path = NULL;
	int r;

	r = conf_load_file(conf, FQ_CONF_DIR "/fqctl.conf", err);
	if (r >= 0)
		r = place_user(&folder, err);
	if (r < 0 || folder[0] == '\0')
		return r;
	if (asprintf(&path, "%s/fqctl.conf", folder) < 0)
		return error_oom(err);
	conf->file_source = CONF_USER_FILE;
	return conf_load_file(conf, path, err);
}

static int load_files(struct conf *conf, const struct conf_arguments *arguments, struct error *err)
{
	struct conf_common common;
	struct conf conf_common;
	int r;

	r = conf_init(&conf_common, &conf_common_table, &common, err);
	if (r < 0)
		return r;
	r = conf_apply(&conf_common, arguments, err);
	if (r >= 0 && common.config[0] == '\0')
		r = load_usual_files(conf, err);
	else if (r >= 0)
		r = conf_load_file(conf, common.config, err);
	if (r == CONF_NO_FILE && common.config[0] != '\0')
		r = error_set(err, -ENOENT, ERROR_CONFIG,
		              "%s is not there: right is --config with a file",
		              TEXT(common.config));
	conf_deinit(&conf_common_table, &common);
	return r < 0 ? r : 0;
}

static int load(const struct conf_arguments *arguments, struct client_settings *settings, bool files,
                struct conf *ret_conf, struct error *err)
{
	struct conf conf;
	int r;

	r = conf_init(&conf, &client_table, settings, err);
	if (r >= 0 && files)
		r = load_files(&conf, arguments, err);
	if (r >= 0)
		r = conf_environment(&conf, err);
	if (r >= 0)
		r = conf_apply(&conf, arguments, err);
	if (r >= 0)
		r = conf_finish(&conf, err);
	if (r >= 0 && ret_conf)
		*ret_conf = conf;
	return r;
}

int client_settings_load(const struct conf_arguments *arguments, struct client_settings *settings,
                         struct conf *ret_conf, struct error *err)
{
	return load(arguments, settings, true, ret_conf, err);
}

int client_settings_load_bare(const struct conf_arguments *arguments, struct client_settings *settings,
                              struct conf *ret_conf, struct error *err)
{
	return load(arguments, settings, false, ret_conf, err);
}

void client_settings_deinit(struct client_settings *settings)
{
	conf_deinit(&client_table, settings);
}
