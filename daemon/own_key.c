/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A daemon's own key: see own_key.h. */
#include "daemon/own_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/streams.h"
#include "lib/base/text.h"
#include "lib/wire/key.h"

static void key_freep(struct key **key)
{
	(void)key_free(*key); /* always NULL */
}

int own_key_give(const char *folder, const char *path, struct error *err)
{
	struct stat owner;

	if (geteuid() != 0)
		return 0;
	if (stat(folder, &owner) < 0 || lchown(path, owner.st_uid, owner.st_gid) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be given to the owner of %s: %s", TEXT(path), TEXT(folder),
		                 strerror(errno));
	return 0;
}

int own_key_print_pin(const char *path, const char *state, struct error *err)
{
	_cleanup_(key_freep) struct key *key = NULL;
	char text[PIN_TEXT_MAX];
	size_t n = strlen(state);
	uint8_t pin[PIN_SIZE];
	bool made = false;
	int r;

	r = key_load_or_make(path, &key, &made, err);
	if (r == 0 && made && strncmp(path, state, n) == 0 && path[n] == '/')
		r = own_key_give(state, path, err);
	if (r < 0)
		return r;
	key_pin(key, pin);
	(void)puts(text_hex(text, pin, sizeof pin));
	return stdout_finish(err);
}
