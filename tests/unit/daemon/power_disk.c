/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk in memory that loses its power: see power_disk.h. */
#include "tests/unit/daemon/power_disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4
#define FILE_MAX_BYTES (8u << 20)
#define SECTOR 512u

/* As the process sees it, and as it is on the disk. */
struct side {
	bool there;
	uint8_t *bytes;
	size_t n;
};

struct file {
	char name[256];
	bool names; /* a journal or a log: syncing it syncs the folder */
	struct side now, durable;
};

struct power_disk {
	sqlite3_vfs vfs;
	char name[32];
	uint64_t random;
	struct file files[FILES_MAX];
	uint64_t left; /* calls until the cut; 0: there is none */
	bool dead;
};

/* What SQLite has of an open file. */
struct handle {
	sqlite3_file base;
	struct power_disk *disk;
	struct file *file;
};

uint64_t power_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool resize(struct side *side, size_t n)
{
	uint8_t *bytes;

	if (n > FILE_MAX_BYTES)
		return false;
	bytes = realloc(side->bytes, n ? n : 1);
	if (!bytes)
		return false;
	if (n > side->n)
		memset(bytes + side->n, 0, n - side->n);
	side->bytes = bytes;
	side->n = n;
	return true;
}

static bool copy(struct side *to, const struct side *from)
{
	if (!resize(to, from->n))
		return false;
	if (from->n > 0)
		memcpy(to->bytes, from->bytes, from->n);
	to->there = from->there;
	return true;
}

/* One call that changes the disk. True: the power fails in the middle of it. */
static bool strikes(struct power_disk *disk)
{
	if (disk->left > 0 && --disk->left == 0)
		disk->dead = true;
	return disk->dead;
}

/* ---- an open file */

static struct handle *handle_of(sqlite3_file *file)
{
	return (struct handle *)file;
}

static int on_close(sqlite3_file *file)
{
	(void)file;
	return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
	const struct handle *handle = handle_of(file);
	const struct side *now = &handle->file->now;
	size_t from = (size_t)at, k = from < now->n ? now->n - from : 0;

	if (handle->disk->dead)
		return SQLITE_IOERR_READ;
	if (k > (size_t)n)
		k = (size_t)n;
	if (k > 0)
		memcpy(out, now->bytes + from, k);
	if (k == (size_t)n)
		return SQLITE_OK;
	memset((uint8_t *)out + k, 0, (size_t)n - k);
	return SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	struct handle *handle = handle_of(file);
	struct power_disk *disk = handle->disk;
	size_t k = (size_t)n;
	bool was_dead = disk->dead;

	if (strikes(disk))
		k = was_dead ? 0 : power_random(&disk->random) % (k + 1);
	if (k > 0) {
		if ((size_t)at + k > handle->file->now.n && !resize(&handle->file->now, (size_t)at + k))
			return SQLITE_FULL;
		memcpy(handle->file->now.bytes + at, bytes, k);
	}
	return disk->dead ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 n)
{
	struct handle *handle = handle_of(file);

	if (strikes(handle->disk))
		return SQLITE_IOERR_TRUNCATE;
	return resize(&handle->file->now, (size_t)n) ? SQLITE_OK : SQLITE_FULL;
}

static void names_sync(struct power_disk *disk)
{
	for (struct file *file = disk->files; file < disk->files + FILES_MAX; file++)
		file->durable.there = file->now.there;
}

static int on_sync(sqlite3_file *file, int flags)
{
	struct handle *handle = handle_of(file);
	bool there = handle->file->durable.there;

	(void)flags;
	if (strikes(handle->disk))
		return SQLITE_IOERR_FSYNC;
	if (!copy(&handle->file->durable, &handle->file->now))
		return SQLITE_FULL;
	handle->file->durable.there = there;
	if (handle->file->names)
		names_sync(handle->disk);
	return SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)handle_of(file)->file->now.n;
	return SQLITE_OK;
}

static int on_lock(sqlite3_file *file, int lock)
{
	(void)file;
	(void)lock;
	return SQLITE_OK;
}

static int on_reserved(sqlite3_file *file, int *ret)
{
	(void)file;
	*ret = 0;
	return SQLITE_OK;
}

static int on_control(sqlite3_file *file, int op, void *argument)
{
	(void)file;
	(void)op;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int on_sector_size(sqlite3_file *file)
{
	(void)file;
	return (int)SECTOR;
}

static int on_device(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* bytes beside those that are written are never harmed: as SQLite assumes of disks */
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, /* no shared memory: the database is opened exclusively */
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_lock,
	.xCheckReservedLock = on_reserved,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_device,
};

/* ---- the folder */

static struct file *find(struct power_disk *disk, const char *name)
{
	for (struct file *file = disk->files; file < disk->files + FILES_MAX; file++)
		if (strcmp(file->name, name) == 0)
			return file;
	return NULL;
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags, int *ret_flags)
{
	struct power_disk *disk = vfs->pAppData;
	struct handle *handle = handle_of(out);
	struct file *file = name ? find(disk, name) : NULL;

	out->pMethods = NULL;
	if (disk->dead || !name)
		return SQLITE_CANTOPEN;
	if (!file && !(flags & SQLITE_OPEN_CREATE))
		return SQLITE_CANTOPEN;
	if (!file) {
		file = find(disk, "");
		if (!file)
			return SQLITE_CANTOPEN;
		(void)snprintf(file->name, sizeof file->name, "%s", name);
		file->names = flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
	}
	if (!file->now.there && !(flags & SQLITE_OPEN_CREATE))
		return SQLITE_CANTOPEN;
	/* A new file of an old name: what was there under it is gone. */
	if (!file->now.there && (!resize(&file->now, 0) || !resize(&file->durable, 0)))
		return SQLITE_NOMEM;
	file->now.there = true;
	*handle = (struct handle){.base.pMethods = &methods, .disk = disk, .file = file};
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct power_disk *disk = vfs->pAppData;
	struct file *file = find(disk, name);

	if (strikes(disk))
		return SQLITE_IOERR_DELETE;
	if (!file || !file->now.there)
		return SQLITE_IOERR_DELETE_NOENT;
	file->now.there = false;
	if (sync)
		names_sync(disk);
	return resize(&file->now, 0) ? SQLITE_OK : SQLITE_NOMEM;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
	const struct file *file = find(vfs->pAppData, name);

	(void)flags;
	*ret = file && file->now.there && file->now.n > 0;
	return SQLITE_OK;
}

static int on_full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	(void)vfs;
	(void)snprintf(out, (size_t)n, "%s", name);
	return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	struct power_disk *disk = vfs->pAppData;

	for (int i = 0; i < n; i++)
		out[i] = (char)power_random(&disk->random);
	return n;
}

/* ---- the disk */

struct power_disk *power_disk_new(const char *name, uint64_t seed)
{
	const sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	struct power_disk *disk = calloc(1, sizeof *disk);

	if (!disk || !real)
		abort();
	(void)snprintf(disk->name, sizeof disk->name, "%s", name);
	disk->random = seed;
	disk->vfs = *real;
	disk->vfs.iVersion = 1;
	disk->vfs.pNext = NULL;
	disk->vfs.szOsFile = sizeof(struct handle);
	disk->vfs.zName = disk->name;
	disk->vfs.pAppData = disk;
	disk->vfs.xOpen = on_open;
	disk->vfs.xDelete = on_delete;
	disk->vfs.xAccess = on_access;
	disk->vfs.xFullPathname = on_full_name;
	disk->vfs.xRandomness = on_randomness;
	if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK)
		abort();
	return disk;
}

struct power_disk *power_disk_free(struct power_disk *disk)
{
	(void)sqlite3_vfs_unregister(&disk->vfs);
	for (struct file *file = disk->files; file < disk->files + FILES_MAX; file++) {
		free(file->now.bytes);
		free(file->durable.bytes);
	}
	free(disk);
	return NULL;
}

void power_disk_cut_at(struct power_disk *disk, uint64_t n)
{
	disk->left = n;
}

bool power_disk_is_dead(const struct power_disk *disk)
{
	return disk->dead;
}

/* How much of what was not synced survives this time. */
enum luck { LUCK_NONE, LUCK_ALL, LUCK_SOME, LUCK_MAX };

static size_t sector_bytes(const struct side *side, size_t at)
{
	size_t n = at < side->n ? side->n - at : 0;

	return n < SECTOR ? n : SECTOR;
}

static bool differs(const struct side *was, const struct side *now, size_t at)
{
	size_t n = sector_bytes(was, at);

	return n != sector_bytes(now, at) || memcmp(was->bytes + at, now->bytes + at, n) != 0;
}

static void sector_survives(struct power_disk *disk, struct side *was, const struct side *now, size_t at, size_t disk_had)
{
	size_t n = sector_bytes(was, at), k = sector_bytes(now, at);

	if (k > n)
		k = n;
	switch (power_random(&disk->random) % 8) {
	case 0: /* torn */
		k = k > 0 ? power_random(&disk->random) % k : 0;
		break;
	case 1: /* it has its place, but nothing was written there */
		for (size_t i = 0; i < n && at >= disk_had; i++)
			was->bytes[at + i] = (uint8_t)power_random(&disk->random);
		k = 0;
		break;
	case 2:
	case 3:
	case 4:
		k = 0;
		break;
	default:
		break;
	}
	if (k > 0)
		memcpy(was->bytes + at, now->bytes + at, k);
}

static void file_survives(struct power_disk *disk, struct file *file, enum luck luck)
{
	struct side *was = &file->durable;
	const struct side *now = &file->now;
	size_t had;

	if (luck == LUCK_ALL) {
		(void)copy(was, now); /* within FILE_MAX_BYTES: it was once */
		return;
	}
	if (luck == LUCK_NONE)
		return;
	had = was->n;
	if (power_random(&disk->random) % 2)
		was->there = now->there;
	if (power_random(&disk->random) % 2)
		(void)resize(was, now->n); /* as above */
	for (size_t at = 0; at < was->n; at += SECTOR)
		if (differs(was, now, at))
			sector_survives(disk, was, now, at, had);
}

void power_disk_boot(struct power_disk *disk)
{
	enum luck luck = (enum luck)(power_random(&disk->random) % LUCK_MAX);

	for (struct file *file = disk->files; file < disk->files + FILES_MAX; file++) {
		file_survives(disk, file, luck);
		if (!file->durable.there)
			(void)resize(&file->durable, 0); /* shorter */
		(void)copy(&file->now, &file->durable);
	}
	disk->dead = false;
	disk->left = 0;
}
