/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that appear together: see outbox.h. */
#include "ctl/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/leftovers.h"
#include "ctl/target.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"

static int refuse(const char *name, int code, struct error *err)
{
	return error_set(err, code, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(name), strerror(-code));
}

static int item_add(struct outbox *outbox, const char *name, bool folder, struct outbox_item **ret, struct error *err)
{
	struct outbox_item *items = reallocarray(outbox->items, outbox->n + 1, sizeof *items);
	char *copy = strdup(name);

	if (items)
		outbox->items = items;
	if (!items || !copy) {
		free(copy);
		return error_oom(err);
	}
	*ret = &items[outbox->n++];
	**ret = (struct outbox_item){.name = copy, .folder = folder, .leftover = -1};
	return 0;
}

/*
 * A name that nobody else has, beside the place of name. Not with NAME in it, which may be too long where NAME just fits. What is
 * made there gets its bits from the umask, which mkstemp() would not heed.
 */
static int temporary_name(const char *name, char **ret, struct error *err)
{
	const char *slash = strrchr(name, '/');
	char text[2 * sizeof(uint64_t) + 1];
	uint64_t number;
	int r = digest_random(&number, sizeof number);

	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	if (asprintf(ret, "%.*s.fqctl.%s", slash ? (int)(slash + 1 - name) : 0, name,
	             text_hex(text, (const uint8_t *)&number, sizeof number)) < 0) {
		*ret = NULL;
		return error_oom(err);
	}
	return 0;
}

static int write_stream(FILE *out, const char *name, outbox_writer writer, const void *data, struct error *err)
{
	int r = writer(out, data, err);

	if (r < 0)
		error_prefix(err, "%s: ", TEXT(name));
	if (fclose(out) != 0 && r == 0)
		r = refuse(name, -errno, err);
	return r;
}

/* A descriptor goes on where it is: what was written there before, by others too, stays. */
static int write_in_place(const char *name, const struct target *target, outbox_writer writer, const void *data, struct error *err)
{
	_cleanup_(closep) int fd = -1;
	FILE *out;

	if (target->descriptor < 0) {
		out = fopen(target->path, "we");
		return out ? write_stream(out, name, writer, data, err) : refuse(name, -errno, err);
	}
	(void)fflush(stdout); /* it may be this one */
	fd = fcntl(target->descriptor, F_DUPFD_CLOEXEC, 0);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!out)
		return refuse(name, -errno, err);
	(void)take_fd(&fd); /* it is out's */
	return write_stream(out, name, writer, data, err);
}

/* Beside the place of the item. */
static int write_temporary(struct outbox_item *item, outbox_writer writer, const void *data, struct error *err)
{
	int fd, r = temporary_name(item->name, &item->temporary, err);
	FILE *out;

	if (r < 0)
		return r;
	leftovers_hold();
	item->leftover = leftover_add(item->temporary);
	fd = open(item->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	r = fd < 0 ? -errno : 0;
	leftovers_release();
	if (r < 0) {
		r = refuse(item->name, r, err);
		free(TAKE(item->temporary));
		return r;
	}
	out = fdopen(fd, "w");
	if (!out) {
		r = refuse(item->name, -errno, err);
		(void)close(fd);
		return r;
	}
	return write_stream(out, item->name, writer, data, err);
}

int outbox_write(struct outbox *outbox, const char *name, outbox_writer writer, const void *data, struct error *err)
{
	struct target target _cleanup_(target_deinit) = {0};
	struct outbox_item *item;
	int r = target_find(name, &target, err);

	if (r == 0 && target.in_place)
		return write_in_place(name, &target, writer, data, err);
	if (r == 0)
		r = item_add(outbox, target.path, false, &item, err);
	return r < 0 ? r : write_temporary(item, writer, data, err);
}

int outbox_folder(struct outbox *outbox, const char *name, const char **ret, struct error *err)
{
	struct target target _cleanup_(target_deinit) = {0};
	struct outbox_item *item;
	struct stat st;
	int r = target_find(name, &target, err);

	if (r == 0)
		r = item_add(outbox, target.path, true, &item, err);
	if (r < 0)
		return r;
	*ret = item->name;
	if (stat(item->name, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : refuse(name, -ENOTDIR, err);
	r = temporary_name(item->name, &item->temporary, err);
	if (r < 0)
		return r;
	leftovers_hold();
	item->leftover = leftover_add(item->temporary);
	r = mkdir(item->temporary, 0777) < 0 ? -errno : 0;
	leftovers_release();
	if (r < 0) {
		r = refuse(name, r, err);
		free(TAKE(item->temporary));
		return r;
	}
	*ret = item->temporary;
	return 0;
}

int outbox_subfolder(struct outbox *outbox, const char *path, struct error *err)
{
	struct outbox_item *item = NULL;
	int made, r = 0;

	leftovers_hold();
	made = mkdir(path, 0777) < 0 ? -errno : 0;
	if (made == 0)
		r = item_add(outbox, path, true, &item, err);
	if (made == 0 && r == 0) {
		item->leftover = leftover_add(path);
		item->temporary = strdup(path); /* stays where it is, unless it has to go */
	}
	leftovers_release();
	if (made < 0)
		return made == -EEXIST ? 0 : refuse(path, made, err);
	return item && !item->temporary ? error_oom(err) : r;
}

static int item_commit(struct outbox_item *item, struct error *err)
{
	if (!item->temporary)
		return 0;
	if (rename(item->temporary, item->name) < 0)
		return refuse(item->name, -errno, err);
	free(TAKE(item->temporary));
	leftover_done(item->leftover);
	item->leftover = -1;
	return 0;
}

/* What lies in a folder that is temporary itself was written behind it, so it is renamed before it. */
int outbox_commit(struct outbox *outbox, struct error *err)
{
	int r = 0;

	FAILPOINT("outbox-written");
	leftovers_hold();
	for (size_t i = outbox->n; r == 0 && i > 0; i--)
		r = item_commit(&outbox->items[i - 1], err);
	leftovers_release();
	return r;
}

/* What has its name already, but in a folder that has not got its own, goes with that. */
static const char *path_left(const struct outbox *outbox, size_t i)
{
	const struct outbox_item *item = &outbox->items[i];

	if (item->temporary)
		return item->temporary;
	for (size_t k = 0; k < i; k++) {
		const char *folder = outbox->items[k].temporary;
		size_t n = folder && outbox->items[k].folder ? strlen(folder) : 0;

		if (n > 0 && strncmp(item->name, folder, n) == 0 && item->name[n] == '/')
			return item->name;
	}
	return NULL;
}

void outbox_deinit(struct outbox *outbox)
{
	for (size_t i = outbox->n; i > 0; i--) {
		struct outbox_item *item = &outbox->items[i - 1];
		const char *left = path_left(outbox, i - 1);

		if (left)
			(void)(item->folder ? rmdir(left) : unlink(left));
		leftover_done(item->leftover);
		free(item->temporary);
		free(item->name);
	}
	free(outbox->items);
	*outbox = (struct outbox){0};
}
