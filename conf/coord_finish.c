/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the options of fqcoordd come to together: which do not fit, and where things are that none of them says. */
#include "conf/coord_finish.h"

#include <errno.h>
#include <stdio.h>

#include "conf/coord_settings.h"
#include "conf/places.h"
#include "lib/base/cleanup.h"

#define OFFSET(field) offsetof(struct coord_settings, field)

static int place_socket(struct coord_settings *settings, struct error *err)
{
	char path[108];

	if (settings->socket[0] != '\0')
		return 0;
	if ((size_t)snprintf(path, sizeof path, "%s/ctl.sock", settings->state) >= sizeof path)
		return error_set(err, -ENAMETOOLONG, ERROR_CONFIG,
		                 "socket: %s/ctl.sock is too long for a unix socket: right is a "
		                 "shorter state folder, or "
		                 "socket with at most 107 bytes",
		                 TEXT(settings->state));
	return conf_replace(&settings->socket, path, err);
}

static int place_token(struct coord_settings *settings, struct error *err)
{
	_cleanup_(freep) char *path = NULL;

	if (settings->status_token[0] != '\0')
		return 0;
	if (asprintf(&path, "%s/status.token", settings->state) < 0)
		return error_oom(err);
	return conf_replace(&settings->status_token, path, err);
}

int coord_finish(struct conf *conf, struct error *err)
{
	struct coord_settings *settings = conf->settings;
	int r;

	if (settings->slice_min > settings->slice_max)
		return error_set(
		    err, -EINVAL, place_class(conf, OFFSET(slice_min), OFFSET(slice_max)),
		    "slice_min is above slice_max: right is slice_min at most slice_max");
	if (settings->results_memory < settings->result_max)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(results_memory), OFFSET(result_max)),
		                 "results_memory is below result_max: right is results_memory at least result_max");
	if (settings->dead_ms < 2 * settings->ping_ms)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(dead_ms), OFFSET(ping_ms)),
		                 "dead is below twice ping, so that peers in good health would be "
		                 "taken for gone: right is "
		                 "dead at least twice ping");
	if ((settings->backup[0] != '\0') + (settings->restore[0] != '\0') + settings->print_pin > 1)
		return error_set(err, -EINVAL, ERROR_USAGE, "--backup, --restore and --print-pin are different things: right is one of them");
	r = place_state(conf, OFFSET(state), err);
	if (r >= 0)
		r = place_socket(settings, err);
	if (r >= 0)
		r = place_token(settings, err);
	if (r >= 0)
		r = place_key(&settings->key, settings->state, "coord.key", err);
	if (r >= 0 && settings->profiles[0] == '\0')
		r = conf_replace(&settings->profiles, FQ_CONF_DIR "/profiles", err);
	return r;
}
