/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several users where a user namespace has one, for LD_PRELOAD into a program that asks by SO_PEERCRED who is on the other side of a
 * unix socket: it is the uid in the variable FQ_AS of the process there, where it has one. And a name service that never answers who
 * the user 1999 is.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void look(struct ucred *who)
{
	char path[64], text[65536];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%d/environ", (int)who->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		(void)close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	for (char *at = text; at < text + n; at += strlen(at) + 1)
		if (strncmp(at, "FQ_AS=", 6) == 0)
			who->uid = (uid_t)strtoul(at + 6, NULL, 10);
}

__attribute__((visibility("default"))) int getsockopt(int fd, int level, int option, void *value, socklen_t *n)
{
	static int (*real)(int, int, int, void *, socklen_t *);
	int r;

	if (!real)
		real = (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
	r = real(fd, level, option, value, n);
	if (r == 0 && level == SOL_SOCKET && option == SO_PEERCRED && *n == sizeof(struct ucred))
		look(value);
	return r;
}

__attribute__((visibility("default"))) struct passwd *getpwuid(uid_t uid)
{
	static struct passwd *(*real)(uid_t);

	while (uid == 1999)
		(void)pause();
	if (!real)
		real = (struct passwd * (*)(uid_t)) dlsym(RTLD_NEXT, "getpwuid");
	return real(uid);
}
