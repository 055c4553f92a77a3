/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of workers: see ctl/slurm/array.h. Its folder's file `about` has its comment, so that whoever comes later knows whose it is. */
#include "ctl/slurm/array.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/write.h"
#include "lib/wire/trust.h"

#define TOKEN_MS 120000
#define LOOK_MS 500
#define GONE_MS 60000 /* what was cancelled has to be gone by then: Slurm's KillWait is 30 s */
#define LOG_SECONDS (7 * 86400)

int slurm_folder(const struct slurm_options *options, char **ret, struct error *err)
{
	const struct passwd *user = getpwuid(getuid());
	const char *home = getenv("HOME");
	_cleanup_(freep) char *here = NULL;
	int n;

	if (!home || home[0] != '/')
		home = user ? user->pw_dir : NULL;
	if (options->folder[0] == '/') {
		n = asprintf(ret, "%s", options->folder);
	} else if (options->folder[0]) {
		here = getcwd(NULL, 0);
		n = here ? asprintf(ret, "%s/%s", here, options->folder) : -1;
	} else if (home && home[0] == '/') {
		n = asprintf(ret, "%s/.fqcluster/slurm", home);
	} else {
		return error_set(err, -ENOENT, ERROR_USAGE, "you have no home folder for the workers' keys: right is --folder DIR");
	}
	return n < 0 ? error_oom(err) : 0;
}

int slurm_address(const struct client_settings *settings, const struct slurm_options *options, char ret_host[TEXT_HOST_MAX],
                  uint16_t *ret_port, struct error *err)
{
	const struct conf_address *from = options->address.host[0] ? &options->address : &settings->host;

	(void)snprintf(ret_host, TEXT_HOST_MAX, "%s", from->host);
	*ret_port = from->port ? from->port : (uint16_t)settings->port;
	if (ret_host[0])
		return 0;
	if (gethostname(ret_host, TEXT_HOST_MAX - 1) < 0 || !ret_host[0])
		return error_set(err, -ENOENT, ERROR_USAGE, "this host has no name: right is --address HOST, where workers reach the coordinator");
	return 0;
}

int slurm_array_init(struct slurm_array *array, const struct client_settings *settings, const struct slurm_options *options,
                     struct error *err)
{
	_cleanup_(freep) char *base = NULL;
	uint8_t random[4];
	int r;

	*array = (struct slurm_array){.workers = (uint32_t)options->workers};
	r = slurm_address(settings, options, array->host, &array->port, err);
	if (r == 0)
		r = slurm_program(options->worker, "fqworkerd", &array->worker, err);
	if (r == 0)
		r = slurm_folder(options, &base, err);
	if (r < 0)
		return r;
	r = digest_random(random, sizeof random);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	(void)text_hex(array->id, random, sizeof random);
	if (asprintf(&array->folder, "%s/%s", base, array->id) < 0)
		array->folder = NULL;
	array->keys = array->folder ? strdup(array->folder) : NULL;
	return array->keys ? 0 : error_oom(err);
}

int slurm_array_named(struct slurm_array *array, const char *id, struct error *err)
{
	size_t base = strlen(array->folder) - strlen(array->id);
	char *folder;

	if (asprintf(&folder, "%.*s%s", (int)base, array->folder, id) < 0)
		return error_oom(err);
	free(array->folder);
	array->folder = folder;
	(void)snprintf(array->id, sizeof array->id, "%s", id);
	return 0;
}

int slurm_array_keys(struct slurm_array *array, const char *folder, struct error *err)
{
	_cleanup_(freep) char *known = NULL;
	char *path = realpath(folder, NULL);
	uint8_t pin[PIN_SIZE];
	int r;

	if (!path)
		return error_set(err, -errno, ERROR_NO_INPUT, "the folder %s of a worker's keys cannot be read: %s", TEXT(folder), strerror(errno));
	free(array->keys);
	array->keys = path;
	if (asprintf(&known, "%s/known", path) < 0)
		return error_oom(err);
	r = known_find(known, array->host, array->port, pin, err);
	if (r > 0)
		r = error_set(err, -ENOENT, ERROR_USAGE,
		              "%s has no line of %s:%u: right is a worker that has joined by this address: "
		              "'fqworkerd --state DIR --join %s:%u TOKEN'",
		              TEXT(known), array->host, array->port, array->host, array->port);
	return r;
}

void slurm_array_deinit(struct slurm_array *array)
{
	free(array->keys);
	free(array->folder);
	free(array->worker);
	*array = (struct slurm_array){0};
}

/* ---- its folder */

static int folder_make(const char *path, struct error *err)
{
	_cleanup_(freep) char *part = strdup(path);

	if (!part)
		return error_oom(err);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be made: %s", TEXT(part), strerror(errno));
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be made: %s", TEXT(path), strerror(errno));
	return 0;
}

static int about_write(const struct slurm_array *array, struct error *err)
{
	char comment[SLURM_COMMENT_MAX + 1], path[PATH_MAX];
	_cleanup_(closep) int fd = -1;
	int r;

	slurm_comment(comment, array->host, array->port, array->id);
	(void)strcat(comment, "\n");
	(void)snprintf(path, sizeof path, "%s/" SLURM_ABOUT, array->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : write_all(fd, comment, strlen(comment));
	return r < 0 ? error_set(err, r, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(path), strerror(-r)) : 0;
}

/* What is in a folder of ours, plain files all, and the folder. */
void slurm_folder_remove(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		(void)closedir(folder);
	(void)rmdir(path);
}

/* ---- its key */

static void key_name(char ret[PEER_NAME_MAX], const char *id)
{
	(void)snprintf(ret, PEER_NAME_MAX, "slurm-%s", id);
}

static int token_get(const struct client_settings *settings, fq_TokenMade *ret, struct error *err)
{
	fq_TokenRequest request = {.role = fq_Role_ROLE_WORKER, .uses = 1, .ttl_ms = TOKEN_MS};
	struct client client = {0};
	int r = client_open(&client, settings, err);

	if (r == 0 && client.welcome.role != fq_Role_ROLE_ADMIN)
		r = error_set(err, -EPERM, ERROR_DENIED, "only an administrator enrols workers; others have --worker-keys, a folder of a worker "
		              "that has joined");
	if (r == 0)
		r = client_call(&client, fq_Type_TOKEN, &request, fq_Type_TOKEN_MADE, ret, err);
	client_close(&client);
	return r;
}

static int join(const struct slurm_array *array, const char *token, struct error *err)
{
	char path[PATH_MAX], known[PATH_MAX], name[PEER_NAME_MAX];
	struct key *key = NULL;
	fq_Role role;
	bool made;
	int r;

	key_name(name, array->id);
	(void)snprintf(path, sizeof path, "%s/key.pem", array->keys);
	(void)snprintf(known, sizeof known, "%s/known", array->keys);
	r = key_load_or_make(path, &key, &made, err);
	if (r == 0) {
		r = dial_join(array->host, array->port, token, key, name, known, &role, err);
		if (r < 0)
			error_prefix(err, "as workers would reach it: ");
	}
	key_free(key);
	return r;
}

int slurm_array_folder(const struct slurm_array *array, struct error *err)
{
	int r;

	if (strlen(array->folder) > PATH_MAX - 64)
		return error_set(err, -ENAMETOOLONG, ERROR_USAGE, "%s is too long", TEXT(array->folder));
	r = folder_make(array->folder, err);
	if (r < 0)
		return r;
	r = about_write(array, err);
	if (r < 0)
		slurm_folder_remove(array->folder);
	return r;
}

int slurm_array_enrol(const struct slurm_array *array, const struct client_settings *settings, struct error *err)
{
	fq_TokenMade token = {0};
	int r;

	r = token_get(settings, &token, err);
	if (r == 0)
		r = slurm_array_folder(array, err);
	if (r < 0)
		return r;
	r = join(array, token.token, err);
	if (r < 0)
		slurm_folder_remove(array->folder);
	return r;
}

static int key_revoke(const char *id, const struct client_settings *settings, struct error *err)
{
	fq_RevokeRequest request = {0};
	struct client client = {0};
	struct error error = {0};
	fq_Revoked revoked;
	int r;

	key_name(request.what, id);
	r = client_open(&client, settings, err);
	if (r == 0) {
		r = client_call(&client, fq_Type_REVOKE, &request, fq_Type_REVOKED, &revoked, &error);
		if (r < 0 && error.class != ERROR_USAGE && error.class != ERROR_NO_INPUT) /* it may be revoked */
			*err = error;
		else
			r = 0;
	}
	client_close(&client);
	return r;
}

int slurm_array_forget(const struct slurm_options *options, const char *id, const struct client_settings *settings, struct error *err)
{
	_cleanup_(freep) char *base = NULL, *folder = NULL, *key = NULL;
	int r = slurm_folder(options, &base, err);

	if (r < 0)
		return r;
	if (asprintf(&folder, "%s/%s", base, id) < 0 || asprintf(&key, "%s/key.pem", folder) < 0)
		return error_oom(err);
	if (access(key, F_OK) == 0)
		r = key_revoke(id, settings, err);
	if (r == 0)
		slurm_folder_remove(folder);
	return r;
}

void slurm_logs_trim(const struct slurm_array *array)
{
	DIR *folder = opendir(array->folder);
	const struct dirent *entry;
	struct stat st;

	while (folder && (entry = readdir(folder))) {
		size_t n = strlen(entry->d_name);

		if (n > 4 && strcmp(entry->d_name + n - 4, ".log") == 0 && fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime + LOG_SECONDS < time(NULL))
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		(void)closedir(folder);
}

void slurm_array_discard(const struct slurm_array *array)
{
	slurm_folder_remove(array->folder);
}

int slurm_array_submit(const struct slurm_array *array, const struct slurm_options *options, char *const *further, size_t further_n,
                       uint64_t *ret, struct error *err)
{
	_cleanup_(freep) char *script = slurm_script(array, options);
	char **words = NULL;
	int r = script ? slurm_argv(array, options, further, further_n, &words, err) : error_oom(err);

	if (r == 0)
		r = slurm_submit(words, script, ret, err);
	slurm_argv_free(words);
	return r;
}

/* ---- its end */

static bool same_array(const struct slurm_job *job, const struct slurm_jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->jobs[i].array == job->array)
			return true;
	return false;
}

/* Whether job i is the first of its array in the list. */
static bool first_of(const struct slurm_jobs *jobs, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (jobs->jobs[k].array == jobs->jobs[i].array)
			return false;
	return true;
}

static int cancel_each(enum slurm_cancel how, const struct slurm_jobs *jobs, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < jobs->n; i++)
		if (first_of(jobs, i))
			r = slurm_cancel(how, jobs->jobs[i].array, 0, err);
	return r;
}

/* 0 when none of them is there any more, 1 when it takes longer. */
static int wait_gone(const struct slurm_jobs *jobs, uint64_t limit_ms, const volatile int *stop, struct error *err)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	uint64_t end = clock_monotonic_ms() + limit_ms;

	for (;;) {
		struct slurm_jobs now _cleanup_(slurm_jobs_deinit) = {0};
		bool there = false;
		int r = slurm_find(&now, err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < now.n && !there; i++)
			there = same_array(&now.jobs[i], jobs);
		if (!there)
			return 0;
		if (clock_monotonic_ms() >= end || (stop && *stop))
			return 1;
		(void)nanosleep(&pause, NULL);
	}
}

int slurm_arrays_end(const struct slurm_jobs *jobs, uint64_t drain_ms, const volatile int *stop, struct error *err)
{
	int r;

	if (jobs->n == 0)
		return 0;
	r = cancel_each(SLURM_CANCEL_PENDING, jobs, err);
	if (r == 0)
		r = cancel_each(SLURM_CANCEL_DRAIN, jobs, err);
	if (r == 0)
		r = wait_gone(jobs, drain_ms, stop, err);
	if (r <= 0)
		return r;
	r = cancel_each(SLURM_CANCEL_ALL, jobs, err);
	if (r == 0)
		r = wait_gone(jobs, GONE_MS, NULL, err);
	return r > 0 ? error_set(err, -ETIMEDOUT, ERROR_TEMPORARY, "Slurm still has jobs that were cancelled a minute ago; 'squeue --name="
	                         SLURM_NAME "' lists them") : r;
}
