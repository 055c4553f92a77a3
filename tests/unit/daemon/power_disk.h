/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk in memory that loses its power, as a VFS of SQLite's: what was synced stays, of what was only written something may.
 *
 *     power_disk_new -> store_open_as(.vfs = power_disk_name) -> ... -> every call fails (the cut) -> store_free
 *         -> power_disk_boot: what has survived is the disk now -> store_open_as ...
 *
 * A file's size, its name and each of its sectors of 512 bytes survive or not by themselves; a sector may be torn, and one that
 * was never written may hold anything. Names are synced with a journal or a log, as SQLite's own VFS does it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct power_disk;

/* Registers the VFS under this name; everything that is random follows from the seed. */
struct power_disk *power_disk_new(const char *name, uint64_t seed);
struct power_disk *power_disk_free(struct power_disk *disk);

/* The power fails at the n-th write, sync, cut or deletion from now on; 0: it does not. */
void power_disk_cut_at(struct power_disk *disk, uint64_t n);
bool power_disk_is_dead(const struct power_disk *disk);

void power_disk_boot(struct power_disk *disk);

/* splitmix64, for all who need numbers of the same seed. */
uint64_t power_random(uint64_t *state);
