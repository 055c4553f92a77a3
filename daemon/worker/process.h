/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting and ending the supervisor's processes: the same program in another role, with one socket to the supervisor. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct process_plan {
	const char *program;
	char *const *arguments;        /* of execv() */
	int socket_type;               /* SOCK_STREAM or SOCK_SEQPACKET */
	uint64_t memory;               /* bytes of address space; 0: no limit */
	void (*forked)(void *userdata); /* in the new process, before exec */
	void *userdata;
};

/* Forks and executes; its end of the socketpair is CHILD_FD there. 0 with process and descriptor, or negative errno. */
int process_start(const struct process_plan *plan, pid_t *ret_pid, int *ret_fd);

/*
 * Kills a process and waits for its end, but not for ever: one that hangs in the kernel over a dead file system is left, and ends
 * when that lets it go.
 */
void process_end(pid_t pid);
