/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The room on the state folder's disk. A ballast file holds some back: it is given up when the disk is (almost) full, so that
 * cancels, final states and the next start can still be written, and made again when there is room for it and more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/write.h"

#define ROOM_PART 16 /* of a disk, at most, is ballast, and must be left for taking on something new */
#define PAGE 4096
#define LOG_PAGES_MAX 1000 /* of the log, before its pages go into the database */
#define LOG_PAGES_MIN 8

static uint64_t part_of_disk(const struct statvfs *fs)
{
	uint64_t part = (uint64_t)fs->f_blocks * fs->f_frsize / ROOM_PART;

	return part < BALLAST_WHOLE ? part : BALLAST_WHOLE;
}

static uint64_t bytes_left(const struct statvfs *fs)
{
	return (uint64_t)fs->f_bavail * fs->f_frsize;
}

/* Blocks that are really there: zeros are written where the file system cannot reserve them. */
static int fill(int fd, uint64_t bytes)
{
	static const uint8_t zeros[64 << 10];
	int r = 0;

	if (fallocate(fd, 0, 0, (off_t)bytes) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -errno;
	for (uint64_t at = 0; r == 0 && at < bytes; at += sizeof zeros)
		r = write_all(fd, zeros, bytes - at < sizeof zeros ? bytes - at : sizeof zeros);
	return r;
}

static int ballast_make(const struct store *store, uint64_t bytes)
{
	_cleanup_(closep) int fd = open(store->ballast, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : fill(fd, bytes);

	if (r < 0)
		(void)unlink(store->ballast);
	return r;
}

bool room_give_up(struct store *store)
{
	store->short_of_room = true;
	return store->ballast && unlink(store->ballast) == 0;
}

/* Pages of the log are copied into the database, and the log is cut: the room that it took comes back. */
static void log_cut(struct store *store)
{
	if (!store->open && store->log_pages > 0 &&
	    sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
		store->log_pages = 0;
}

bool store_look(struct store *store)
{
	struct statvfs fs;
	struct stat st;
	uint64_t part;

	if (!store->ballast || statvfs(store->folder, &fs) < 0)
		return true;
	part = part_of_disk(&fs);
	if (bytes_left(&fs) < 2 * part) {
		log_cut(store);
		if (statvfs(store->folder, &fs) < 0)
			return true;
	}
	if (stat(store->ballast, &st) == 0 && (uint64_t)st.st_size == part) {
		store->short_of_room = bytes_left(&fs) < part / 4 && room_give_up(store); /* before somebody waits for it in vain */
		return bytes_left(&fs) >= part;
	}
	if (bytes_left(&fs) < 2 * part || ballast_make(store, part) < 0)
		return false;
	store->short_of_room = false;
	return true;
}

bool store_is_short(const struct store *store)
{
	return store->short_of_room;
}

void store_disk(const struct store *store, uint64_t *ret_free, uint64_t *ret_size)
{
	struct statvfs fs;
	bool told = store->ballast && statvfs(store->folder, &fs) == 0;

	*ret_free = told ? bytes_left(&fs) : 0;
	*ret_size = told ? (uint64_t)fs.f_blocks * fs.f_frsize : 0;
}

uint64_t store_ballast(const struct store *store)
{
	struct statvfs fs;

	return store->ballast && statvfs(store->folder, &fs) == 0 ? part_of_disk(&fs) : BALLAST_WHOLE;
}

int room_begin(struct store *store, struct error *err)
{
	struct statvfs fs;

	store->log_pages_max = LOG_PAGES_MAX;
	if (store->vfs)
		return 0; /* its files are not on this disk */
	if (asprintf(&store->ballast, "%s/ballast", store->folder) < 0) {
		store->ballast = NULL;
		return error_oom(err);
	}
	if (statvfs(store->folder, &fs) == 0 && part_of_disk(&fs) / PAGE < LOG_PAGES_MAX) {
		store->log_pages_max = (int)(part_of_disk(&fs) / PAGE);
		if (store->log_pages_max < LOG_PAGES_MIN)
			store->log_pages_max = LOG_PAGES_MIN;
	}
	return 0;
}
