/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files below a folder, as 'fqctl watch' knows them:
 *
 *     folders --watch_find--> files that grow --watch_set_complete--> a job of each set --results--> told
 *
 * A set is one file; with --merge it is the files of one folder that are counted together (groups_together()), and complete when each of
 * them is. A job's uuid is made of paths, sizes, times of the last change, and how they are counted: whoever watches again submits the same
 * jobs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "conf/load.h"
#include "lib/base/digest.h"
#include "lib/base/error.h"
#include "lib/qc/groups.h"

#define WATCH_FILES_MAX 1000000
#define WATCH_DEPTH_MAX 32 /* folders below each other */

enum watch_state {
	WATCH_GROWS, /* not complete, as far as is known */
	WATCH_OPEN,  /* submitted */
	WATCH_DONE,  /* and told; or refused */
};

struct watch_file {
	char *path;     /* absolute, below the root */
	struct stat st; /* as it was seen last */
	uint64_t since_ms;    /* monotonic: unchanged since */
	struct timespec mark; /* when the newest of the files that say "complete" got its state; 0: there is none */
	enum watch_state state;
	uint8_t uuid[16]; /* its set's */
	uint64_t job;     /* the same of all files of a set */
	bool seen; /* by the walk that goes on */
};

/* Files that are one job. All are in one state. */
struct watch_set {
	struct watch_file **files; /* by path; none where all of them are gone */
	size_t n;
};

struct watch_tree {
	const char *root;              /* absolute */
	const struct conf_list *after; /* names given by --after; none: the usual ones, which need not be there */
	uint64_t settle_ms;
	uint8_t way[DIGEST_SIZE];      /* how files are counted, for uuids */
	enum merge_level merge;
	struct watch_file **files;     /* sorted by path */
	size_t n, room;
	struct watch_set *sets;        /* of the last look */
	size_t sets_n;
	struct watch_file **members;   /* of all sets */
	int events;                    /* of inotify; -1: there is none */
	bool partial, told_partial, told_events; /* a folder could not be read; ... */
};

/* 0 or negative with a sentence. deinit also of one that is zero. Whoever waits for events polls tree->events. */
int watch_tree_init(struct watch_tree *tree, const char *root, const struct conf_list *after, uint64_t settle_ms, enum merge_level merge,
                    struct error *err);
void watch_tree_deinit(struct watch_tree *tree);

/*
 * Looks at everything below the root: new files are added, those that have changed grow again, those that are gone are dropped unless
 * their job is open; all files of a set of which one is new, or has changed, grow. tell() is given sentences about folders that cannot be
 * read, each kind once. 0 or negative with a sentence.
 */
int watch_find(struct watch_tree *tree, void (*tell)(void *data, const char *sentence), void *data, struct error *err);

/* Takes the events that have come; whether there were any. */
bool watch_events(const struct watch_tree *tree);

/* Whether a file that grows is complete at this time; *ret_ms is otherwise when it may be, UINT64_MAX: not by time alone. */
bool watch_complete(const struct watch_tree *tree, const struct watch_file *file, uint64_t now_ms, uint64_t *ret_ms);

/* The same of a set: each of its files is, and whoever comes to it makes the others wait. */
bool watch_set_complete(const struct watch_tree *tree, const struct watch_set *set, uint64_t now_ms, uint64_t *ret_ms);

/* For watch_find(): the sets of the files as they are now. 0 or negative errno. */
int watch_sets_make(struct watch_tree *tree);
void watch_sets_drop(struct watch_tree *tree);
