/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Storage that fails, for LD_PRELOAD into fqworkerd and its processes. FQ_SHIM_FILE names a file of SHIM_SIZE bytes with a rule a
 * line, which is mapped before a process enters its cage, so that a test can change it at any time:
 *
 *     INODE [slot.|opener.]read errno N [FROM [TIMES]]     reading at or behind the byte FROM fails, at most TIMES times a process
 *     INODE ...read slow MICROSECONDS [FROM [TIMES]]       takes longer
 *     INODE ...read short BYTES                            gives at most so many at once
 *     INODE ...read eintr N                                each Nth time is interrupted
 *     INODE ...read size BYTES                             the file ends there, for reading
 *     INODE ...open errno N | slow MICROSECONDS            of openat2
 *     INODE ...stat errno N | slow MICROSECONDS | size BYTES   of statx
 *
 * slot, opener: in children of that kind only. Everything works inside the cage: only calls that are allowed there are made.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SHIM_SIZE 4096
#define RULES_MAX 32

struct rule {
	unsigned long long inode, value, from, times;
	char call[16], what[8];
};

static const char *text; /* mapped */
static const char *role = "supervisor.";
static unsigned long used[RULES_MAX], reads[RULES_MAX]; /* by rule, of this process */
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_preadv)(int, const struct iovec *, int, off_t);
static int (*real_statx)(int, const char *, int, unsigned int, struct statx *);
static long (*real_syscall)(long, ...);

__attribute__((constructor)) static void begin(int argc, char **argv)
{
	const char *path = getenv("FQ_SHIM_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (argc > 1 && strcmp(argv[1], "--child") == 0)
		role = "slot.";
	else if (argc > 1 && strcmp(argv[1], "--opener") == 0)
		role = "opener.";
	real_pread = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread64");
	real_preadv = (ssize_t(*)(int, const struct iovec *, int, off_t))dlsym(RTLD_NEXT, "preadv64");
	real_statx = (int (*)(int, const char *, int, unsigned int, struct statx *))dlsym(RTLD_NEXT, "statx");
	real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (fd < 0)
		return;
	text = mmap(NULL, SHIM_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (text == MAP_FAILED)
		text = NULL;
	(void)close(fd);
}

/* ---- rules ---- */

static unsigned long long inode_of(int fd)
{
	struct stat status;

	/* Not libc's: that asks by newfstatat(), which the cage refuses. */
	return real_syscall(SYS_fstat, fd, &status) < 0 ? 0 : (unsigned long long)status.st_ino;
}

static void pause_us(unsigned long long us)
{
	const struct timespec time = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

	(void)nanosleep(&time, NULL);
}

/* New rules: what was used of the former ones does not count. */
static void begin_rules(void)
{
	static char seen[SHIM_SIZE];

	if (memcmp(seen, text, SHIM_SIZE) == 0)
		return;
	memcpy(seen, text, SHIM_SIZE);
	memset(used, 0, sizeof used);
	memset(reads, 0, sizeof reads);
}

/* The next rule; 0: there is none. */
static int rule_at(const char **at, struct rule *ret)
{
	const char *end;
	char line[128];
	size_t n;

	if (!*at || (end = memchr(*at, '\n', (size_t)(text + SHIM_SIZE - *at))) == NULL)
		return 0;
	n = (size_t)(end - *at) < sizeof line - 1 ? (size_t)(end - *at) : sizeof line - 1;
	memcpy(line, *at, n);
	line[n] = '\0';
	*at = end + 1;
	*ret = (struct rule){.times = ~0ULL};
	return sscanf(line, "%llu %15s %7s %llu %llu %llu", &ret->inode, ret->call, ret->what, &ret->value, &ret->from, &ret->times) >= 4;
}

static int is_for(const struct rule *rule, unsigned long long inode, const char *call)
{
	const char *dot = strchr(rule->call, '.');

	if (rule->inode != inode || strcmp(dot ? dot + 1 : rule->call, call) != 0)
		return 0;
	return !dot || strncmp(rule->call, role, (size_t)(dot + 1 - rule->call)) == 0;
}

/*
 * All rules for a call of this inode, over bytes from `offset` on, of which *n are wanted. 0, or errno. *ret_size: where the file
 * ends, if a rule says so.
 */
static int apply(unsigned long long inode, const char *call, unsigned long long offset, size_t *n, unsigned long long *ret_size)
{
	const char *at = text;
	struct rule rule;

	begin_rules();
	for (unsigned i = 0; i < RULES_MAX && rule_at(&at, &rule); i++) {
		if (!is_for(&rule, inode, call))
			continue;
		if (strcmp(rule.what, "size") == 0)
			*ret_size = rule.value;
		else if (strcmp(rule.what, "short") == 0)
			*n = *n > rule.value ? (size_t)rule.value : *n;
		else if (strcmp(rule.what, "eintr") == 0 && ++reads[i] % rule.value == 0)
			return EINTR;
		else if (strcmp(rule.what, "slow") == 0 && offset + *n > rule.from && used[i] < rule.times) {
			used[i]++;
			pause_us(rule.value);
		} else if (strcmp(rule.what, "errno") == 0 && offset + *n > rule.from && used[i] < rule.times) {
			if (offset < rule.from) {
				*n = (size_t)(rule.from - offset); /* what is before it is good */
				continue;
			}
			used[i]++;
			return (int)rule.value;
		}
	}
	return 0;
}

/* ---- calls ---- */

static ssize_t shim_pread(int fd, void *to, size_t n, off_t offset)
{
	unsigned long long size = ~0ULL, inode = text ? inode_of(fd) : 0;
	int code = inode ? apply(inode, "read", (unsigned long long)offset, &n, &size) : 0;

	if (code) {
		errno = code;
		return -1;
	}
	if ((unsigned long long)offset >= size)
		return 0;
	if (n > size - (unsigned long long)offset)
		n = (size_t)(size - (unsigned long long)offset);
	return real_pread(fd, to, n, offset);
}

ssize_t pread64(int fd, void *to, size_t n, off_t offset) { return shim_pread(fd, to, n, offset); }
ssize_t pread(int fd, void *to, size_t n, off_t offset) { return shim_pread(fd, to, n, offset); }
ssize_t __pread64_chk(int fd, void *to, size_t n, off_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t n, off_t offset, size_t room)
{
	return n > room ? (abort(), -1) : shim_pread(fd, to, n, offset);
}
ssize_t __pread_chk(int fd, void *to, size_t n, off_t offset, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t n, off_t offset, size_t room) { return __pread64_chk(fd, to, n, offset, room); }

ssize_t preadv64(int fd, const struct iovec *parts, int n, off_t offset)
{
	return text && inode_of(fd) && n > 0 ? shim_pread(fd, parts[0].iov_base, parts[0].iov_len, offset)
	                                     : real_preadv(fd, parts, n, offset);
}

int statx(int fd, const char *restrict path, int flags, unsigned int mask, struct statx *restrict ret)
{
	unsigned long long size = ~0ULL, inode = text && path[0] == '\0' ? inode_of(fd) : 0;
	size_t n = 1;
	int code = inode ? apply(inode, "stat", 0, &n, &size) : 0, r;

	if (code) {
		errno = code;
		return -1;
	}
	r = real_statx(fd, path, flags, mask, ret);
	if (r == 0 && size != ~0ULL)
		ret->stx_size = size;
	return r;
}

long syscall(long number, ...)
{
	unsigned long long size, inode;
	long a[6], r;
	size_t n = 1;
	va_list args;
	int code;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	r = real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number != SYS_openat2 || r < 0 || !text || (inode = inode_of((int)r)) == 0)
		return r;
	code = apply(inode, "open", 0, &n, &size);
	if (code) {
		(void)close((int)r);
		errno = code;
		return -1;
	}
	return r;
}
