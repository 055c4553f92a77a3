/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker as a job of a batch system: see batch.h. What is left when such a job is killed is its folder, with a key that is of no use
 * once the coordinator has forgotten it.
 */
#include "daemon/worker/batch.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conf/places.h"
#include "daemon/worker/join.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"
#include "lib/wire/trust.h"

#define TOKEN_FILE_MAX 4096
#define TRY_FOR_MS 60000
#define PAUSE_S 2

/* ---- the folder */

static int make_folder(struct worker_settings *settings, struct error *err)
{
	const char *above = getenv("TMPDIR");
	_cleanup_(freep) char *path = NULL;
	int r;

	if (!above || above[0] != '/')
		above = "/tmp";
	if (asprintf(&path, "%s/fqworkerd-XXXXXX", above) < 0)
		return error_oom(err);
	r = mkdtemp(path) ? 0 : -errno;
	if (r < 0) {
		settings->private_state = false;
		return error_set(err, r, ERROR_CANT_CREATE, "no folder for this job can be made in %s (TMPDIR): %s; right is one that can be "
		                 "written to, or --state", TEXT(above), strerror(-r));
	}
	return conf_replace(&settings->state, path, err);
}

/* Where key and known coordinators are when nobody has said it. */
static int place_files(struct worker_settings *settings, struct error *err)
{
	int r = 0;

	if (settings->key[0] == '\0')
		r = place_key(&settings->key, settings->state, "worker.key", err);
	if (r == 0 && settings->known[0] == '\0')
		r = place_known(&settings->known, settings->state, err);
	return r;
}

/* It has files only. */
void batch_end(const struct worker_settings *settings)
{
	struct dirent *entry;
	DIR *folder;

	if (!settings->private_state)
		return;
	folder = opendir(settings->state);
	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(folder), entry->d_name, 0); /* what stays keeps the folder, which is told */
	if (folder)
		(void)closedir(folder);
	if (rmdir(settings->state) < 0)
		log_warning("the folder %s of this job stays: %s", TEXT(settings->state), strerror(errno));
}

/* ---- the token */

static int read_token(const char *path, char ret[TOKEN_TEXT_MAX], struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	const char *word;
	struct stat st;
	size_t n = 0;
	int r;

	r = durable_read(path, TOKEN_FILE_MAX, &text, &n, err);
	if (r > 0)
		return error_set(err, -ENOENT, ERROR_CONFIG, "%s (--token-file) is not there; right is a file with the token that fqctl token "
		                 "printed", TEXT(path));
	if (r == 0 && stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0)
		return error_set(err, -EPERM, ERROR_CONFIG, "%s (--token-file) can be read by everybody, who then can join; right is chmod 600",
		                 TEXT(path));
	if (r < 0)
		return r;
	word = text + strspn(text, " \t\r\n");
	n = strcspn(word, " \t\r\n");
	if (n == 0 || n >= TOKEN_TEXT_MAX || word[n + strspn(word + n, " \t\r\n")] != '\0')
		return error_set(err, -EINVAL, ERROR_CONFIG, "%s (--token-file) has no token; right is one word, as fqctl token prints it",
		                 TEXT(path));
	(void)snprintf(ret, TOKEN_TEXT_MAX, "%.*s", (int)n, word);
	return 0;
}

/* True: a signal to end has come. */
static bool wait_a_bit(void)
{
	const struct timespec pause = {.tv_sec = PAUSE_S};
	sigset_t ends;

	(void)sigemptyset(&ends); /* these fail for no valid signal */
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	return sigtimedwait(&ends, NULL, &pause) > 0;
}

static int join(const struct worker_settings *settings, struct error *err)
{
	uint64_t until = clock_monotonic_ms() + TRY_FOR_MS;
	char token[TOKEN_TEXT_MAX];
	uint8_t pin[PIN_SIZE];
	int r;

	r = known_find(settings->known, settings->host.host, settings->host.port, pin, err);
	if (r <= 0)
		return r; /* it has joined before */
	r = read_token(settings->token_file, token, err);
	if (r < 0)
		return r;
	while ((r = join_by_token(settings, settings->host.host, settings->host.port, token, err)) < 0) {
		bool later = err->class == ERROR_UNAVAILABLE || err->class == ERROR_TEMPORARY || err->class == ERROR_NO_HOST;

		if (!later || clock_monotonic_ms() >= until)
			return r;
		log_warning("%s; it is tried again", err->text);
		if (wait_a_bit())
			return BATCH_TOLD_TO_END;
	}
	return r;
}

int batch_begin(struct worker_settings *settings, struct error *err)
{
	int r = settings->private_state ? make_folder(settings, err) : 0;

	if (r == 0)
		r = place_files(settings, err);
	if (r == 0 && settings->token_file[0] != '\0')
		r = join(settings, err);
	return r;
}
