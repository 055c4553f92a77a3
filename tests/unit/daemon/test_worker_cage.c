/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cage of a worker's processes: whatever one tries that is not its work ends it (SIGSYS) or is refused (EPERM), and its work
 * goes on. Each attempt is a process of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/worker/cage.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/open.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/qc/count.h"
#include "tests/unit/tap.h"

#define READS 2000

enum end { DIES, REFUSED, WORKS };
static const char *const end_names[] = {"ends it", "is refused", "works"};

static int file_fd = CHILD_FD + 1, lines_n; /* a FASTQ file that every child has */
static char path[] = "/tmp/fqcluster-cage-XXXXXX";

/* ---- attempts: 0 or errno ---- */

#define ATTEMPT(name, call)                                                                        \
	static int name(void)                                                                      \
	{                                                                                          \
		return (long)(call) < 0 ? errno : 0;                                               \
	}

ATTEMPT(open_file, open(path, O_RDONLY | O_CLOEXEC))
ATTEMPT(open_to_write, open(path, O_WRONLY | O_CLOEXEC))
ATTEMPT(open_proc, open("/proc/self/environ", O_RDONLY | O_CLOEXEC))
ATTEMPT(make_file, open("/tmp/fqcluster-cage-made", O_CREAT | O_WRONLY | O_CLOEXEC, 0600))
ATTEMPT(make_socket, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
ATTEMPT(make_unix_socket, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
ATTEMPT(execute, execl("/bin/true", "true", (char *)NULL))
ATTEMPT(fork_one, fork())
ATTEMPT(kill_parent, kill(getppid(), 0))
ATTEMPT(kill_all, kill(-1, 0))
ATTEMPT(trace_parent, ptrace(PTRACE_SEIZE, getppid(), NULL, NULL))
ATTEMPT(trace_me, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
ATTEMPT(remove_file, unlink(path))
ATTEMPT(change_mode, fchmod(file_fd, 0777))
ATTEMPT(change_root, chroot("/"))
ATTEMPT(new_namespace, unshare(CLONE_NEWUSER))
ATTEMPT(new_memory_file, memfd_create("x", MFD_CLOEXEC))
ATTEMPT(listen_to_keys, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
ATTEMPT(use_ring, syscall(SYS_io_uring_setup, 1, NULL))
ATTEMPT(look_at_path, syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &(struct stat){0}, 0))
ATTEMPT(list_folder, syscall(SYS_getdents64, file_fd, NULL, 0))
ATTEMPT(make_name, prctl(PR_SET_NAME, "systemd"))
ATTEMPT(be_dumped, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ATTEMPT(more_priority, setpriority(PRIO_PROCESS, 0, -5))
ATTEMPT(lock_memory, mlockall(MCL_CURRENT))
ATTEMPT(say_to_parent, write(CHILD_FD, "x", 1))
ATTEMPT(say_as_socket, send(CHILD_FD, "x", 1, MSG_NOSIGNAL))
ATTEMPT(say_last_words, write(STDERR_FILENO, "", 0))
ATTEMPT(read_at_end, lseek(file_fd, 0, SEEK_END))

static int send_elsewhere(void)
{
	return sendto(STDERR_FILENO, "x", 1, 0, NULL, 0) < 0 ? errno : 0;
}

static int open_with_openat2(void)
{
	const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how) < 0 ? errno : 0;
}

static int write_with_openat2(void)
{
	const struct open_how how = {.flags = O_WRONLY | O_CLOEXEC};

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how) < 0 ? errno : 0;
}

static int map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int use_memory(void)
{
	char *p = malloc(64 << 20);

	if (!p)
		return ENOMEM;
	memset(p, 1, 64 << 20);
	p = realloc(p, 128 << 20);
	free(p);
	return p ? 0 : ENOMEM;
}

static int hash(void)
{
	uint8_t digest[DIGEST_SIZE];

	return -digest_sha256("abc", 3, NULL, 0, digest);
}

/* All that is counted of a file, with rules. */
static int count(void)
{
	const struct slice_task slice = {.kind = FILE_PLAIN,
	                                 .file_size = (uint64_t)lines_n,
	                                 .end = (uint64_t)lines_n,
	                                 .read_max = READ_MAX_DEFAULT};
	struct count_rules rules;
	struct slice_count counted;
	_cleanup_(freep) uint8_t *blob = NULL;
	struct error err = {0};
	size_t n = 0;
	int r;

	rules_default(&rules, COMPAT_0_11_9);
	r = count_slice(file_fd, &slice, COUNT_ALL, &rules, NULL, NULL, NULL, &counted, &err);
	if (r == 0)
		r = counted.outcome == SLICE_END && counted.seam.records == READS ? counters_pack(counted.counters, &blob, &n) : -EBADMSG;
	return -r;
}

/* The limit of the environment in which it began: see limited(). */
static int use_too_much(void)
{
	return malloc(300 << 20) ? 0 : ENOMEM;
}

/* ---- processes ---- */

static void fail(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	_exit(99);
}

static void in_cage(enum cage_kind kind, uint64_t memory, int (*attempt)(void)) __attribute__((noreturn));
static void in_cage(enum cage_kind kind, uint64_t memory, int (*attempt)(void))
{
	const struct rlimit descriptors = {16, 16};
	struct error err = {0};
	uint8_t digest[DIGEST_SIZE];
	int parent = (int)getppid(), copy = fcntl(file_fd, F_DUPFD, 100); /* close_others() closes it */

	if (cage_forked(parent, memory) < 0 || copy < 0 || cage_enter(kind, "cage-test", &err) < 0 || fcntl(copy, F_GETFD) >= 0)
		fail("it cannot enter, or kept a descriptor");
	file_fd = open(path, O_RDONLY); /* as if it were handed over */
	if (file_fd < 0 || digest_sha256("", 0, NULL, 0, digest) < 0 || setrlimit(RLIMIT_NOFILE, &descriptors) < 0 ||
	    cage_lock(kind, &err) < 0)
		fail(err.text[0] ? err.text : "it cannot be locked in");
	_exit(attempt());
}

/* The exit status of an attempt (0 or errno), or minus the signal. */
static int try(enum cage_kind kind, uint64_t memory, int (*attempt)(void))
{
	int fds[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return 98;
	pid = fork();
	if (pid == 0) {
		if (dup2(fds[1], CHILD_FD) < 0)
			_exit(97);
		in_cage(kind, memory, attempt);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 96;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool is_end(int got, enum end want)
{
	switch (want) {
	case DIES:
		return got == -SIGSYS;
	case REFUSED:
		return got == EPERM || got == EACCES;
	default:
		return got == 0;
	}
}

struct row {
	const char *what;
	int (*attempt)(void);
	enum end counter, opener;
};

static const struct row rows[] = {
    {"opening a file", open_file, DIES, WORKS},
    {"opening a file to write", open_to_write, DIES, REFUSED},
    {"reading /proc", open_proc, DIES, WORKS},
    {"making a file", make_file, DIES, REFUSED},
    {"opening by openat2", open_with_openat2, DIES, WORKS},
    {"opening to write by openat2", write_with_openat2, DIES, REFUSED},
    {"a socket of the network", make_socket, DIES, DIES},
    {"a unix socket", make_unix_socket, DIES, DIES},
    {"sending elsewhere", send_elsewhere, REFUSED, REFUSED},
    {"another program", execute, DIES, DIES},
    {"another process", fork_one, DIES, DIES},
    {"a signal to the supervisor", kill_parent, DIES, DIES},
    {"a signal to everybody", kill_all, DIES, DIES},
    {"tracing the supervisor", trace_parent, DIES, DIES},
    {"being traced", trace_me, DIES, DIES},
    {"removing a file", remove_file, DIES, DIES},
    {"changing rights", change_mode, DIES, DIES},
    {"another root", change_root, DIES, DIES},
    {"a namespace", new_namespace, DIES, DIES},
    {"a memory file", new_memory_file, DIES, DIES},
    {"the kernel's keys", listen_to_keys, DIES, DIES},
    {"io_uring", use_ring, DIES, DIES},
    {"memory that runs", map_code, DIES, DIES},
    {"memory made to run", make_code, DIES, DIES},
    {"looking at a path", look_at_path, REFUSED, WORKS},
    {"listing a folder", list_folder, REFUSED, REFUSED},
    {"another name", make_name, REFUSED, REFUSED},
    {"showing its memory", be_dumped, REFUSED, REFUSED},
    {"more priority", more_priority, REFUSED, REFUSED},
    {"holding memory", lock_memory, REFUSED, REFUSED},
    {"memory", use_memory, WORKS, WORKS},
    {"a word to the supervisor", say_to_parent, WORKS, WORKS},
    {"a packet to it", say_as_socket, WORKS, WORKS},
    {"last words", say_last_words, WORKS, WORKS},
    {"going about in its file", read_at_end, WORKS, WORKS},
    {"a hash", hash, WORKS, WORKS},
    {"counting", count, WORKS, WORKS},
};

static void test_rows(void)
{
	bool has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int counter = try(CAGE_COUNTER, 0, rows[i].attempt), opener = try(CAGE_OPENER, 0, rows[i].attempt);

		if (rows[i].attempt == write_with_openat2 && !has_landlock)
			opener = EPERM; /* the user's rights alone bound it here */
		ok(is_end(counter, rows[i].counter), "who counts: %s %s (%d)", rows[i].what, end_names[rows[i].counter], counter);
		ok(is_end(opener, rows[i].opener), "who opens: %s %s (%d)", rows[i].what, end_names[rows[i].opener], opener);
	}
}

/* An assertion ends the process by its own signal, so that the journal tells it from a way out. */
static int assert_wrong(void)
{
	abort();
}

static int status_of(const char *key)
{
	_cleanup_(fclosep) FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	int value = -1;

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, key, strlen(key)) == 0)
			value = atoi(line + strlen(key));
	return value;
}

static void test_others(void)
{
	pid_t pid;
	int status;

	is_int(try(CAGE_COUNTER, 0, assert_wrong), -SIGABRT, "abort() is abort()");
	is_int(try(CAGE_COUNTER, 0, use_too_much), 0, "memory without a limit");
	is_int(try(CAGE_COUNTER, 256 << 20, use_too_much), ENOMEM, "and with one");
	is_int(try(CAGE_COUNTER, 256 << 20, count), 0, "256 MiB are enough to count with");
	pid = fork();
	if (pid == 0) {
		struct error err = {0};

		if (dup2(STDERR_FILENO, CHILD_FD) < 0 || cage_forked((int)getppid(), 0) < 0 || cage_enter(CAGE_COUNTER, "cage-test", &err) < 0)
			_exit(99);
		_exit(status_of("NoNewPrivs:") == 1 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
	}
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "no new privileges, and nobody looks into it");
}

/* ---- machines on which something is refused ---- */

/* In the calling process from now on. */
static void refuse(const char *call, int code)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)code), seccomp_syscall_resolve_name(call), 0) < 0 ||
	    seccomp_load(filter) < 0)
		fail("no filter");
	seccomp_release(filter);
}

static void test_no_openat2(int code)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char *items[] = {(char *)"/"};
		const struct conf_list roots = {.items = items, .n = 1};
		struct error err = {0};
		int fd, r;

		refuse("openat2", code);
		r = open_beneath(&roots, path, &fd, &err);
		_exit(r == -code && strstr(err.text, path) && strstr(err.text, "openat2 is refused here") ? 0 : 1);
	}
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "no openat2 (%s): nothing is opened, with a sentence", strerror(code));
}

/* A real child of the program on a machine without seccomp: it counts nothing. */
static void test_no_seccomp(void)
{
	const char *top = getenv("FQ_TOP_BUILDDIR");
	char program[4096], said[1024] = "";
	int fds[2], words[2], status;
	ssize_t n;
	pid_t pid;

	(void)snprintf(program, sizeof program, "%s/daemon/fqworkerd", top ? top : ".");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 || pipe(words) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		if (dup2(words[1], STDERR_FILENO) < 0 || dup2(fds[1], 30) < 0 || dup2(30, CHILD_FD) < 0)
			fail("no descriptors");
		refuse("seccomp", EPERM);
		(void)execl(program, CHILD_NAME, CHILD_OPTION, (char *)NULL);
		fail("no program");
	}
	(void)close(words[1]);
	n = read(words[0], said, sizeof said - 1);
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == ERROR_OS && n > 0 &&
	       strstr(said, "seccomp is refused here"),
	   "no seccomp: a child does not count, and says why: %.*s", (int)strcspn(said, "\n"), said);
}

static void make_reads(void)
{
	int fd = mkstemp(path);
	_cleanup_(fclosep) FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!f)
		exit(1);
	for (int i = 0; i < READS; i++)
		lines_n += fprintf(f, "@M:1:F:1:11%02d:%d:%d 1:N:0:A\nACGTACGTAC\n+\nIIIIIHHHHH\n", i % 70, i, i);
}

int main(void)
{
	if (CAGE_UNLOCKED)
		return skip_all("in a build with sanitizers the cage is not locked: what they insert opens files and traces itself");
	make_reads();
	file_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file_fd < 0)
		return skip_all("no temporary file");
	test_rows();
	test_others();
	test_no_openat2(ENOSYS);
	test_no_openat2(EPERM);
	test_no_seccomp();
	(void)unlink(path);
	return done_testing();
}
