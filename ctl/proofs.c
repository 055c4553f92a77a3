/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths and proofs of the files of a submission: see proofs.h. */
#include "ctl/proofs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"

#define THREADS_MAX 16
#define LOOK_MS 100    /* how often the connection is looked after */
#define LEAVE_LOOKS 10 /* so many looks a failed caller waits for threads that are at work */

/* What the threads share; the last one who lets go of it frees it: one that waits for a dead disk may outlive the caller. */
struct proving {
	pthread_mutex_t lock;
	pthread_cond_t news;
	unsigned holders;
	bool stop;
	size_t next, done, n;
	char **names;
	struct proof_file *files;
	uint8_t nonce[PROOF_NONCE_SIZE], uuid[16];
	bool wanted;
	bool forged, forged_size; /* failpoints: as a submitter who cannot read the file and says that he can */
};

void proofs_free(struct proof_file *files, size_t n)
{
	for (size_t i = 0; files && i < n; i++)
		free(files[i].path);
	free(files);
}

/* ---- one file */

#define NO_FILE "%s is not a regular file (a pipe, a device or a socket), and files are read in many places at once"

int proof_path(const char *name, bool here, char *out, struct error *err)
{
	char folder[PATH_MAX];
	struct stat st;
	int n;

	if (realpath(name, out))
		return 0;
	if (here && stat(name, &st) == 0) /* what /dev/fd/N stands for has no path */
		return error_set(err, -EINVAL, ERROR_NO_INPUT, NO_FILE, TEXT(name));
	if (here)
		return error_set(err, -errno, error_class_of_errno(errno), "%s cannot be opened: %s", TEXT(name), strerror(errno));
	if (name[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", name);
	else if (getcwd(folder, sizeof folder))
		n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
	else
		return error_set(err, -errno, ERROR_NO_INPUT, "the current folder cannot be told: %s", strerror(errno));
	if (n >= PATH_MAX)
		return error_set(err, -ENAMETOOLONG, ERROR_NO_INPUT, "the path %s is too long", TEXT(name));
	return 0;
}

static int file_open(const char *name, const char *path, int *ret_fd, uint64_t *ret_size, struct error *err)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, error_class_of_errno(errno), "%s cannot be opened: %s", TEXT(name), strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(err, -EISDIR, ERROR_NO_INPUT, "%s is a directory, not a file", TEXT(name));
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, ERROR_NO_INPUT, NO_FILE, TEXT(name));
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* what lies behind a block is not needed */
	*ret_size = (uint64_t)st.st_size;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int file_prove(const struct proving *proving, size_t i, struct proof_file *file, struct error *err)
{
	_cleanup_(closep) int fd = -1;
	uint8_t key[PROOF_SIZE];
	int r = file_open(proving->names[i], file->path, &fd, &file->size, err);

	if (r < 0)
		return r;
	r = proof_key(proving->nonce, proving->uuid, (uint32_t)i, key);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	r = proof_compute(fd, file->size, key, file->proof, err);
	if (r < 0)
		error_prefix(err, "%s ", TEXT(proving->names[i]));
	return r;
}

/* Only in tests: the right size where anybody may know it, and no proof. */
static void file_forge(const struct proving *proving, struct proof_file *file)
{
	struct stat st;

	file->size = stat(file->path, &st) == 0 ? (uint64_t)st.st_size : 4096;
	file->size += proving->forged_size;
}

static void file_make(const struct proving *proving, size_t i, struct proof_file *ret)
{
	const bool forged = proving->forged || proving->forged_size;
	char path[PATH_MAX];

	if (proof_path(proving->names[i], proving->wanted && !forged, path, &ret->error) < 0)
		return;
	ret->path = strdup(path);
	if (!ret->path)
		(void)error_oom(&ret->error);
	else if (forged)
		file_forge(proving, ret);
	else if (proving->wanted)
		(void)file_prove(proving, i, ret, &ret->error);
}

/* ---- all of them */

/* With the lock, which it gives back. */
static void let_go(struct proving *proving)
{
	bool last = --proving->holders == 0;

	if (proving->holders == 1)
		(void)pthread_cond_signal(&proving->news);
	(void)pthread_mutex_unlock(&proving->lock);
	if (!last)
		return;
	proofs_free(proving->files, proving->n);
	for (size_t i = 0; proving->names && i < proving->n; i++)
		free(proving->names[i]);
	free(proving->names);
	(void)pthread_cond_destroy(&proving->news);
	(void)pthread_mutex_destroy(&proving->lock);
	free(proving);
}

static void *run(void *data)
{
	struct proving *proving = data;

	(void)pthread_mutex_lock(&proving->lock);
	while (!proving->stop && proving->next < proving->n) {
		struct proof_file file = {0};
		size_t i = proving->next++;

		(void)pthread_mutex_unlock(&proving->lock);
		file_make(proving, i, &file);
		(void)pthread_mutex_lock(&proving->lock);
		proving->files[i] = file;
		if (++proving->done == proving->n)
			(void)pthread_cond_signal(&proving->news);
	}
	let_go(proving);
	return NULL;
}

static int proving_new(const struct client *client, const uint8_t uuid[16], char *const *names, size_t n, struct proving **ret)
{
	struct proving *proving = calloc(1, sizeof *proving);
	pthread_condattr_t attribute;

	if (!proving)
		return -ENOMEM;
	(void)pthread_mutex_init(&proving->lock, NULL);
	(void)pthread_condattr_init(&attribute);
	(void)pthread_condattr_setclock(&attribute, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&proving->news, &attribute);
	(void)pthread_condattr_destroy(&attribute);
	proving->holders = 1;
	proving->n = n;
	proving->wanted = client->welcome.nonce.size == sizeof proving->nonce;
	proving->forged_size = FAILPOINT_ON("proof-forged-size");
	proving->forged = FAILPOINT_ON("proof-forged");
	memcpy(proving->nonce, client->welcome.nonce.bytes, sizeof proving->nonce);
	memcpy(proving->uuid, uuid, sizeof proving->uuid);
	proving->names = calloc(n, sizeof *proving->names);
	proving->files = calloc(n, sizeof *proving->files);
	*ret = proving;
	for (size_t i = 0; proving->names && i < n; i++) {
		proving->names[i] = strdup(names[i]);
		if (!proving->names[i])
			return -ENOMEM;
	}
	return proving->names && proving->files ? 0 : -ENOMEM;
}

static int threads_start(struct proving *proving, struct error *err)
{
	size_t started = 0;
	int code = 0;

	for (size_t i = 0; i < THREADS_MAX && i < proving->n && code == 0; i++) {
		pthread_t thread;

		(void)pthread_mutex_lock(&proving->lock);
		proving->holders++;
		(void)pthread_mutex_unlock(&proving->lock);
		code = pthread_create(&thread, NULL, run, proving);
		if (code == 0) {
			(void)pthread_detach(thread);
			started++;
			continue;
		}
		(void)pthread_mutex_lock(&proving->lock);
		proving->holders--;
		(void)pthread_mutex_unlock(&proving->lock);
	}
	return started > 0 || code == 0 ? 0 : error_no_thread(err, code);
}

/* With the lock. False: there was none for LOOK_MS. */
static bool wait_for_news(struct proving *proving)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	return pthread_cond_timedwait(&proving->news, &proving->lock, &until) == 0;
}

/* With the lock: until all are done. Now and then the coordinator's pings are answered. */
static int wait_for_all(struct proving *proving, struct client *client, struct error *err)
{
	int r = 0;

	while (r == 0 && proving->done < proving->n) {
		if (wait_for_news(proving))
			continue;
		(void)pthread_mutex_unlock(&proving->lock);
		r = client_idle(client, err);
		(void)pthread_mutex_lock(&proving->lock);
	}
	return r;
}

/*
 * With the lock, after a failure, with which fqctl ends: the end takes from under the threads what OpenSSL computes by. One that a dead
 * disk holds is not waited for.
 */
static void wait_for_threads(struct proving *proving)
{
	int looks = 0;

	while (proving->holders > 1 && looks < LEAVE_LOOKS)
		looks += !wait_for_news(proving);
}

int proofs_make(struct client *client, const uint8_t uuid[16], char *const *names, size_t n, struct proof_file **ret,
                struct error *err)
{
	struct proving *proving = NULL;
	int r = proving_new(client, uuid, names, n, &proving);

	r = r < 0 ? error_oom(err) : threads_start(proving, err);
	if (!proving)
		return r;
	(void)pthread_mutex_lock(&proving->lock);
	if (r == 0)
		r = wait_for_all(proving, client, err);
	if (r == 0)
		*ret = TAKE(proving->files);
	proving->stop = true;
	if (r < 0)
		wait_for_threads(proving);
	let_go(proving);
	return r;
}
