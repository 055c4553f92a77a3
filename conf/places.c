/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are unless somebody says otherwise: see places.h. */
#include "conf/places.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

static void *field_at(const struct conf *conf, size_t offset)
{
	return (char *)conf->settings + offset;
}

static int join(char **ret, const char *folder, const char *name, struct error *err)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_oom(err);
	free(*ret);
	*ret = path;
	return 0;
}

int place_state(struct conf *conf, size_t state_offset, struct error *err)
{
	char **state = field_at(conf, state_offset);
	const char *folders = getenv("STATE_DIRECTORY");
	char *folder;

	if (conf_source_of(conf, state_offset) != CONF_DEFAULT || !folders || *folders == '\0')
		return 0;
	folder = strndup(
	    folders, strcspn(folders, ":")); /* several are parted by colons: the first is ours */
	if (!folder)
		return error_oom(err);
	free(*state);
	*state = folder;
	return 0;
}

int place_key(char **key, const char *state, const char *credential, struct error *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	_cleanup_(freep) char *path = NULL;
	int r;

	if (**key != '\0')
		return 0;
	if (folder && *folder != '\0') {
		r = join(&path, folder, credential, err);
		if (r < 0)
			return r;
		if (access(path, F_OK) == 0) {
			free(*key);
			*key = TAKE(path);
			return 0;
		}
	}
	return join(key, state, "key.pem", err);
}

int place_known(char **known, const char *folder, struct error *err)
{
	return join(known, folder, "known", err);
}

int place_gate(char **gate, struct error *err)
{
	const char *folders = getenv("RUNTIME_DIRECTORY");
	_cleanup_(freep) char *folder = NULL;

	if (**gate != '\0' || !folders || *folders != '/')
		return 0;
	folder = strndup(folders, strcspn(folders, ":"));
	return folder ? join(gate, folder, "ctl.sock", err) : error_oom(err);
}

int place_user(char **ret, struct error *err)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int r;

	if (folder && *folder == '/') { /* its specification: a relative one is to be ignored */
		r = join(&path, folder, "fqcluster", err);
	} else {
		const struct passwd *user = home && *home == '/' ? NULL : getpwuid(getuid());

		home = user ? user->pw_dir : home;
		if (home && *home == '/')
			r = join(&path, home, ".config/fqcluster", err);
		else
			r = conf_replace(&path, "", err);
	}
	if (r < 0)
		return r;
	*ret = path;
	return 0;
}

int place_host(struct conf *conf, size_t host_offset, const char *state, struct error *err)
{
	struct conf_address *host = field_at(conf, host_offset);
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_(freep) char *path = NULL;
	char line[TEXT_HOST_MAX + 16];
	int r;

	if (host->host[0] != '\0')
		return 0;
	r = join(&path, state, "host", err);
	if (r < 0)
		return r;
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(line, sizeof line, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (text_to_address(line, 0, host->host, &host->port, NULL) < 0 || host->port == 0) {
		*host = (struct conf_address){0};
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "%s: \"%s\" is no HOST:PORT; remove the file and join again, or name the host",
		                 TEXT(path), TEXT(line));
	}
	return 0;
}

int place_port(struct conf *conf, size_t host_offset, size_t port_offset, struct error *err)
{
	struct conf_address *host = field_at(conf, host_offset);
	uint64_t *port = field_at(conf, port_offset);
	enum conf_source host_source = conf_source_of(conf, host_offset);
	enum conf_source port_source = conf_source_of(conf, port_offset);

	if (host->host[0] == '\0')
		return 0;
	if (host->port > 0 && host_source == CONF_COMMAND && port_source == CONF_COMMAND &&
	    host->port != *port)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "--host says port %u and --port says %" PRIu64
		                 ": right is one of the two",
		                 host->port, *port);
	if (host->port == 0 || port_source > host_source)
		host->port = (uint16_t)*port;
	*port = host->port;
	return 0;
}

enum error_class place_class(const struct conf *conf, size_t a_offset, size_t b_offset)
{
	enum conf_source a = conf_source_of(conf, a_offset), b = conf_source_of(conf, b_offset);

	return a >= CONF_ENVIRONMENT || b >= CONF_ENVIRONMENT ? ERROR_USAGE : ERROR_CONFIG;
}
