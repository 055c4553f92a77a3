/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What arrays leave behind when nobody ended them in order: a folder with a key that is still good, and of a cluster for one call
 * (qc --slurm) whose fqctl was killed also its coordinator's folder.
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/slurm/array.h"
#include "lib/base/cleanup.h"

#define YOUNG_SECONDS 120
#define OWNER "owner" /* of a cluster for one call: HOST, PID and the coordinator's folder, a line each */

/* Whether the folder's array is of this coordinator and may be gone. */
static bool about_matches(const char *folder, const char *id, const char *host, uint16_t port)
{
	char path[PATH_MAX + sizeof SLURM_ABOUT + 1], line[SLURM_COMMENT_MAX + 1] = "", of[TEXT_HOST_MAX], of_id[SLURM_ID_MAX];
	_cleanup_(fclosep) FILE *file = NULL;
	struct stat st;
	uint16_t of_port;

	(void)snprintf(path, sizeof path, "%s/" SLURM_ABOUT, folder);
	file = fopen(path, "re");
	if (!file || fstat(fileno(file), &st) < 0 || !fgets(line, sizeof line, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return st.st_mtime + YOUNG_SECONDS < time(NULL) && slurm_comment_parse(line, of, &of_port, of_id) && strcmp(of_id, id) == 0 &&
	       strcmp(of, host) == 0 && of_port == port;
}

/* ---- clusters for one call */

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	(void)(kind == FTW_DP ? rmdir(path) : unlink(path));
	return 0;
}

void slurm_state_remove(const char *path)
{
	const char *name = strrchr(path, '/');
	struct stat st;

	if (path[0] == '/' && name && strncmp(name + 1, SLURM_STATE, sizeof SLURM_STATE - 1) == 0 && lstat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid())
		(void)nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int slurm_owner_note(const char *folder, const char *state, struct error *err)
{
	char path[PATH_MAX + sizeof OWNER + 1], host[TEXT_HOST_MAX] = "";
	FILE *file;
	int r = 0;

	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(path, sizeof path, "%s/" OWNER, folder);
	file = fopen(path, "wxe");
	if (!file || fprintf(file, "%s\n%ld\n%s\n", host, (long)getpid(), state) < 0)
		r = -errno;
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	return r < 0 ? error_set(err, r, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(path), strerror(-r)) : 0;
}

static bool line_read(FILE *file, char *out, int size)
{
	if (!fgets(out, size, file))
		return false;
	out[strcspn(out, "\n")] = '\0';
	return true;
}

/* Whether it was one that a process of this host had, which is no more; then the coordinator's folder goes. */
static bool owner_gone(const char *folder)
{
	char path[PATH_MAX + sizeof OWNER + 1], here[TEXT_HOST_MAX] = "", host[TEXT_HOST_MAX], pid[24], state[PATH_MAX];
	_cleanup_(fclosep) FILE *file = NULL;
	uint64_t number;

	(void)snprintf(path, sizeof path, "%s/" OWNER, folder);
	file = fopen(path, "re");
	(void)gethostname(here, sizeof here - 1);
	if (!file || !line_read(file, host, sizeof host) || !line_read(file, pid, sizeof pid) || !line_read(file, state, sizeof state) ||
	    strcmp(host, here) != 0 || text_to_number(pid, &number) < 0 || number == 0 || number > INT_MAX)
		return false;
	if (kill((pid_t)number, 0) == 0 || errno != ESRCH)
		return false;
	slurm_state_remove(state);
	return true;
}

/* ---- all */

int slurm_arrays_sweep(const struct slurm_options *options, const struct client_settings *settings, const char *host, uint16_t port,
                       const struct slurm_jobs *jobs, size_t *ret_n, struct error *err)
{
	_cleanup_(freep) char *base = NULL;
	const struct dirent *entry;
	int r = slurm_folder(options, &base, err);
	DIR *folder = r == 0 ? opendir(base) : NULL;

	*ret_n = 0;
	while (r == 0 && folder && (entry = readdir(folder))) {
		char path[PATH_MAX];
		bool there = false;

		if (!slurm_id_valid(entry->d_name) || (size_t)snprintf(path, sizeof path, "%s/%s", base, entry->d_name) >= sizeof path - 64)
			continue;
		for (size_t i = 0; i < jobs->n && !there; i++)
			there = strcmp(jobs->jobs[i].id, entry->d_name) == 0;
		if (there || strcmp(entry->d_name, SLURM_ELASTIC_ID) == 0)
			continue;
		if (owner_gone(path)) {
			slurm_folder_remove(path);
			++*ret_n;
			continue;
		}
		if (!about_matches(path, entry->d_name, host, port))
			continue;
		r = slurm_array_forget(options, entry->d_name, settings, err);
		*ret_n += r == 0;
	}
	if (folder)
		(void)closedir(folder);
	return r;
}
