/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State folders of tests: see store_made.h. */
#include "tests/unit/daemon/store_made.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tap.h"

void folder_remove(const char *folder)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (list && (entry = readdir(list))) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		(void)unlink(path);
	}
	if (list)
		(void)closedir(list);
	(void)rmdir(folder);
}

struct store *store_at(const char *folder)
{
	struct store *store = NULL;
	struct error error = {0};

	if (store_open(folder, &store, &error) < 0) {
		diag("store_open: %s", error.text);
		exit(1);
	}
	return store;
}

bool coordinator_struck(const char *folder, const char *point, const char *option)
{
	const char *top = getenv("FQ_TOP_BUILDDIR");
	char program[4096], text[64];
	int status = 0, null;
	pid_t child;

	(void)snprintf(program, sizeof program, "%s/daemon/fqcoordd", top ? top : ".");
	(void)snprintf(text, sizeof text, "%s:kill", point);
	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		(void)setenv("FQ_FAILPOINT", text, 1);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)alarm(60);
		null = open("/dev/null", O_WRONLY);
		if (null >= 0 && dup2(null, STDERR_FILENO) >= 0)
			(void)execl(program, "fqcoordd", "--config", "/dev/null", "--state", folder, "--listen", "127.0.0.1:0", option,
			            (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}
