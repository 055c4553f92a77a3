/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding files below a folder: see watch.h. Each look is a walk through all folders, since network file systems have no events and
 * events may be lost; an event only says that it is time for a look. A file that grows is opened for its size, which makes NFS ask its
 * server.
 */
#include "ctl/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)

static const char *const usual[] = {"CopyComplete.txt", "RTAComplete.txt"};

/* One walk. */
struct walk {
	struct watch_tree *tree;
	void (*tell)(void *data, const char *sentence);
	void *data;
	uint64_t now_ms;
	struct error *err;
};

static void closedirp(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

static void file_free(struct watch_file *file)
{
	free(file->path);
	free(file);
}

int watch_tree_init(struct watch_tree *tree, const char *root, const struct conf_list *after, uint64_t settle_ms, enum merge_level merge,
                    struct error *err)
{
	*tree = (struct watch_tree){.root = root, .after = after, .settle_ms = settle_ms, .merge = merge};
	for (size_t i = 0; i < after->n; i++)
		if (!after->items[i][0] || strchr(after->items[i], '/'))
			return error_set(err, -EINVAL, ERROR_USAGE, "--after %s: right is the name of a file, as CopyComplete.txt",
			                 TEXT(after->items[i]));
	tree->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return 0;
}

void watch_tree_deinit(struct watch_tree *tree)
{
	if (!tree->root)
		return;
	watch_sets_drop(tree);
	for (size_t i = 0; i < tree->n; i++)
		file_free(tree->files[i]);
	free(tree->files);
	closep(&tree->events);
	*tree = (struct watch_tree){.events = -1};
}

/* Whether a file's name is one of FASTQ. */
static bool watch_name(const char *name)
{
	static const char *const endings[] = {".fastq", ".fq", ".fastq.gz", ".fq.gz"};
	size_t n = strlen(name);

	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t length = strlen(endings[i]);

		if (n > length && strcmp(name + n - length, endings[i]) == 0)
			return true;
	}
	return false;
}

static bool earlier(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The place of the path among the files, or where it would stand. */
static size_t place_of(const struct watch_tree *tree, const char *path, bool *ret_there)
{
	size_t low = 0, high = tree->n;

	*ret_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(tree->files[middle]->path, path);

		if (order == 0) {
			*ret_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int file_add(struct watch_tree *tree, const char *path, struct watch_file **ret, struct error *err)
{
	struct watch_file *file;
	bool there;
	size_t at = place_of(tree, path, &there);

	*ret = there ? tree->files[at] : NULL;
	if (there)
		return 0;
	if (tree->n == WATCH_FILES_MAX)
		return error_set(err, -EMFILE, ERROR_USAGE, "more than %d files are below %s: watch its folders one by one", WATCH_FILES_MAX,
		                 TEXT(tree->root));
	if (tree->n == tree->room) {
		size_t room = tree->room ? 2 * tree->room : 64;
		struct watch_file **files = reallocarray(tree->files, room, sizeof(struct watch_file *));

		if (!files)
			return error_oom(err);
		tree->files = files;
		tree->room = room;
	}
	file = calloc(1, sizeof *file);
	if (file)
		file->path = strdup(path);
	if (!file || !file->path) {
		free(file);
		return error_oom(err);
	}
	memmove(&tree->files[at + 1], &tree->files[at], (tree->n - at) * sizeof(struct watch_file *));
	tree->files[at] = file;
	tree->n++;
	*ret = file;
	return 0;
}

/* As it is now; of a file that grows as its server says. False: it is gone, or no file. */
static bool look(const struct watch_file *file, struct stat *ret)
{
	_cleanup_(closep) int fd = file->state == WATCH_GROWS ? open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;

	return (fd < 0 ? stat(file->path, ret) : fstat(fd, ret)) == 0 && S_ISREG(ret->st_mode);
}

/* What was never submitted is perhaps refused no more once its permissions are others. */
static bool waits_for_state(const struct watch_file *file)
{
	return file->state == WATCH_GROWS || (file->state == WATCH_DONE && file->job == 0);
}

/* A file that is there. What only its state says (a new name, other permissions) makes nothing new of one that is submitted. */
static int file_note(struct walk *walk, const char *path, const struct timespec *mark)
{
	struct watch_file *file;
	struct stat st;
	int r = 0;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	r = file_add(walk->tree, path, &file, walk->err);
	if (r < 0)
		return r;
	file->seen = look(file, &st);
	if (!file->seen)
		return 0;
	file->mark = *mark;
	if (file->st.st_size != st.st_size || !same_time(&file->st.st_mtim, &st.st_mtim) ||
	    (waits_for_state(file) && (file->st.st_ino != st.st_ino || !same_time(&file->st.st_ctim, &st.st_ctim)))) {
		file->state = WATCH_GROWS;
		file->since_ms = walk->now_ms;
		file->st = st;
	}
	return r;
}

/* A folder that cannot be read costs the others nothing. */
static int folder_failed(struct walk *walk, const char *path)
{
	char sentence[ERROR_TEXT_MAX];

	walk->tree->partial = true;
	if (walk->tree->told_partial)
		return 0;
	walk->tree->told_partial = true;
	(void)snprintf(sentence, sizeof sentence, "%s cannot be read: %s; it is looked at again each time", TEXT(path), strerror(errno));
	walk->tell(walk->data, sentence);
	return 0;
}

/* Where the kernel has no events left, looks in between do. */
static void folder_listen(struct walk *walk, const char *path)
{
	if (walk->tree->events >= 0 && inotify_add_watch(walk->tree->events, path, EVENTS) >= 0)
		return;
	if (walk->tree->told_events || (walk->tree->events >= 0 && errno != ENOSPC))
		return;
	walk->tree->told_events = true;
	walk->tell(walk->data, "the kernel has no inotify left for all folders (fs.inotify.max_user_watches): new files are found by a look "
	                       "each --every");
}

/* The newest of the files in this folder that say "complete", in *mark where it is newer than what folders above have. */
static void folder_mark(const struct watch_tree *tree, int folder, struct timespec *mark)
{
	size_t n = tree->after->n ? tree->after->n : sizeof usual / sizeof *usual;

	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (fstatat(folder, tree->after->n ? tree->after->items[i] : usual[i], &st, 0) == 0 && S_ISREG(st.st_mode) &&
		    earlier(mark, &st.st_ctim))
			*mark = st.st_ctim;
	}
}

/* Links to folders are not followed: they may lead round in a ring. */
static bool is_folder(int folder, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int folder_walk(struct walk *walk, const char *path, struct timespec mark, int depth) // NOLINT(misc-no-recursion): bounded
{
	_cleanup_(closedirp) DIR *folder = NULL;
	const struct dirent *entry;
	int r = 0;

	folder_listen(walk, path); /* before it is read: what comes behind the reader is told */
	folder = opendir(path);
	if (!folder)
		return errno == ENOENT && depth > 0 ? 0 : folder_failed(walk, path);
	folder_mark(walk->tree, dirfd(folder), &mark);
	while (r == 0 && (errno = 0, entry = readdir(folder))) {
		char below[PATH_MAX];

		if (entry->d_name[0] == '.' || snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below)
			continue;
		if (is_folder(dirfd(folder), entry))
			r = depth < WATCH_DEPTH_MAX ? folder_walk(walk, below, mark, depth + 1) : 0;
		else if (watch_name(entry->d_name))
			r = file_note(walk, below, &mark);
	}
	return r == 0 && errno != 0 ? folder_failed(walk, path) : r;
}

/* Those that the walk has not seen; after one that could not see all nobody is. */
static void drop_gone(struct watch_tree *tree)
{
	size_t kept = 0;

	for (size_t i = 0; i < tree->n; i++) {
		struct watch_file *file = tree->files[i];

		if (!file->seen && !tree->partial && file->state != WATCH_OPEN)
			file_free(file);
		else
			tree->files[kept++] = file;
	}
	tree->n = kept;
}

int watch_find(struct watch_tree *tree, void (*tell)(void *data, const char *sentence), void *data, struct error *err)
{
	struct walk walk = {.tree = tree, .tell = tell, .data = data, .now_ms = clock_monotonic_ms(), .err = err};
	int r;

	tree->partial = false;
	for (size_t i = 0; i < tree->n; i++)
		tree->files[i]->seen = false;
	r = folder_walk(&walk, tree->root, (struct timespec){0}, 0);
	if (r < 0)
		return r;
	drop_gone(tree);
	r = watch_sets_make(tree);
	return r < 0 ? error_set(err, r, ERROR_OS, "files cannot be put together: %s", strerror(-r)) : 0;
}

bool watch_events(const struct watch_tree *tree)
{
	char events[4096];
	bool some = false;

	while (tree->events >= 0 && read(tree->events, events, sizeof events) > 0)
		some = true;
	return some;
}

bool watch_complete(const struct watch_tree *tree, const struct watch_file *file, uint64_t now_ms, uint64_t *ret_ms)
{
	bool marked = file->mark.tv_sec != 0;

	*ret_ms = UINT64_MAX;
	if (!file->seen || (tree->after->n > 0 && !marked))
		return false;
	if (marked && earlier(&file->st.st_ctim, &file->mark)) /* what came behind the mark has to settle as without it */
		return true;
	*ret_ms = file->since_ms + tree->settle_ms;
	return now_ms >= *ret_ms;
}
