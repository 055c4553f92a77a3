/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system calls of a child: see cage.h. Three lists: what its work needs; what no honest child does and ends it; and the
 * rest, which is refused and harmless. A libc that asks for something new gets EPERM and goes on, a stranger's code that looks
 * for a way out ends.
 */
#include "daemon/worker/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/worker/ipc.h"
#include "lib/base/cleanup.h"

/* Of every child. Files are read by descriptor; memory comes and goes; the rest is what libc does on its own. */
static const char *const work_calls[] = {
    "read",         "readv",         "pread64",      "preadv",       "lseek",           "_llseek",     "fstat",
    "fstat64",      "close",         "write",        "writev",       "brk",             "munmap",      "mremap",
    "madvise",      "futex",         "futex_time64", "exit",         "exit_group",      "sigreturn",   "rt_sigreturn",
    "rt_sigaction", "rt_sigprocmask", "sigaltstack",  "restart_syscall", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time",    "getpid",          "gettid",      "getcpu",
    "sched_yield",  "getrandom",
};

/* Over the one socket. */
static const char *const socket_calls[] = {"sendmsg", "sendto", "recvmsg", "recvfrom"};

/* Of an opener besides; what it opens for is checked below where the kernel lets a filter see it. */
static const char *const file_calls[] = {
    "openat2", "newfstatat", "fstatat64", "statx", "fcntl", "fcntl64",
};

/* What only somebody does who wants out. */
static const char *const escapes[] = {
    "open", "creat", "openat", "openat2", "open_by_handle_at", "name_to_handle_at", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "memfd_create", "memfd_secret", "userfaultfd", "socket", "socketpair", "socketcall", "connect", "bind",
    "listen", "accept", "accept4", "sendmmsg", "execve", "execveat", "fork", "vfork", "clone", "clone3", "ptrace",
    "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "unshare", "setns",
    "mount", "umount2", "pivot_root", "chroot", "chdir", "fchdir", "move_mount", "open_tree", "fsopen", "bpf", "perf_event_open",
    "keyctl", "add_key", "request_key", "init_module", "finit_module", "kexec_load", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "link", "linkat",
    "symlink", "symlinkat", "mkdir", "mkdirat", "mknod", "mknodat", "rmdir", "truncate", "ftruncate", "chmod", "fchmod",
    "fchmodat", "chown", "fchown", "fchownat", "lchown", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "setuid", "setgid",
    "setresuid", "setresgid", "setgroups", "capset", "personality", "modify_ldt", "shmget", "shmat", "msgget", "semget", "tkill",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo",
};

static int add(scmp_filter_ctx filter, uint32_t action, const char *name, const struct scmp_arg_cmp *checks, unsigned int n)
{
	int call = seccomp_syscall_resolve_name(name), r;

	if (call == __NR_SCMP_ERROR || call < 0)
		return 0; /* this machine has no such call */
	r = seccomp_rule_add_array(filter, action, call, n, checks);
	return r == -EEXIST ? 0 : r;
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add(filter, action, names[i], NULL, 0);
	return r;
}
#define ADD_ALL(filter, action, names) add_all(filter, action, names, sizeof(names) / sizeof *(names))

/* An opener may open: add_files(). */
static int add_escapes(scmp_filter_ctx filter, enum cage_kind kind)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof escapes / sizeof *escapes; i++)
		if (kind != CAGE_OPENER || strncmp(escapes[i], "openat", strlen("openat")) != 0)
			r = add(filter, SCMP_ACT_KILL_PROCESS, escapes[i], NULL, 0);
	return r;
}

/* Memory, but none that can be run; one socket; signals for itself alone, by which an assertion ends it. */
static int add_checked(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp plain = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0), runs = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
	const struct scmp_arg_cmp own_socket = SCMP_A0(SCMP_CMP_EQ, CHILD_FD);
	const struct scmp_arg_cmp itself = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	const struct scmp_arg_cmp another = SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid());
	static const char *const memory_calls[] = {"mmap", "mmap2", "mprotect"}, *const signal_calls[] = {"kill", "tgkill"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof memory_calls / sizeof *memory_calls; i++) {
		r = add(filter, SCMP_ACT_ALLOW, memory_calls[i], &plain, 1);
		if (r == 0)
			r = add(filter, SCMP_ACT_KILL_PROCESS, memory_calls[i], &runs, 1);
	}
	for (size_t i = 0; r == 0 && i < sizeof socket_calls / sizeof *socket_calls; i++)
		r = add(filter, SCMP_ACT_ALLOW, socket_calls[i], &own_socket, 1);
	for (size_t i = 0; r == 0 && i < sizeof signal_calls / sizeof *signal_calls; i++) {
		r = add(filter, SCMP_ACT_ALLOW, signal_calls[i], &itself, 1);
		if (r == 0)
			r = add(filter, SCMP_ACT_KILL_PROCESS, signal_calls[i], &another, 1);
	}
	return r;
}

/* openat for reading only, which is how a root is opened. What openat2 is asked for no filter sees: deny_writes(). */
static int add_files(scmp_filter_ctx filter)
{
	const uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	const struct scmp_arg_cmp reading = SCMP_A2(SCMP_CMP_MASKED_EQ, writes, O_RDONLY);
	int r = ADD_ALL(filter, SCMP_ACT_ALLOW, file_calls);

	return r == 0 ? add(filter, SCMP_ACT_ALLOW, "openat", &reading, 1) : r;
}

static int set_attributes(scmp_filter_ctx filter)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, since the list is long */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1); /* it holds no secrets that speculation could tell */
	return r;
}

static int fill(scmp_filter_ctx filter, enum cage_kind kind)
{
	int r;

	r = set_attributes(filter);
	if (r == 0)
		r = ADD_ALL(filter, SCMP_ACT_ALLOW, work_calls);
	if (r == 0)
		r = add_checked(filter);
	if (r == 0 && kind == CAGE_OPENER)
		r = add_files(filter);
	if (r == 0)
		r = add_escapes(filter, kind);
	return r;
}

/*
 * By Landlock, where the kernel has it: nothing is written, made or removed, anywhere. Reading is not bounded by it, since what is
 * mounted on a root later would be out of reach.
 */
static void deny_writes(void)
{
	const struct landlock_ruleset_attr attributes = {
	    .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	                         LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
	                         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	                         LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
	};
	_cleanup_(closep) int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);

	/* Where it is not there, an opener is bounded by its user's rights alone. */
	if (rules >= 0)
		(void)syscall(SYS_landlock_restrict_self, rules, 0);
}

int cage_lock(enum cage_kind kind, struct error *err)
{
	scmp_filter_ctx filter;
	int r;

	if (CAGE_UNLOCKED)
		return 0;
	if (kind == CAGE_OPENER)
		deny_writes();
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	r = filter ? fill(filter, kind) : -ENOMEM;
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		return error_set(err, r, ERROR_OS,
		                 "a process that reads strangers' files cannot be locked in: seccomp is refused here (%s); it needs "
		                 "CONFIG_SECCOMP_FILTER, and a service must allow the call seccomp in SystemCallFilter=",
		                 strerror(-r));
	return 0;
}
