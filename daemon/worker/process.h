/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor's processes: the same program in another role, with one socket to the supervisor.
 *
 *     process_start --> it runs --its end, or process_kill, process_leave and its end--> on_end, from the event loop
 *
 * The kernel tells of an end once, and of one that a debugger, or the leak check of a sanitizer, holds just then before it can be waited
 * for. So whoever has been killed or let go, or has closed its socket and is killed for that, is looked for until it is gone.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct process_plan {
	const char *program;
	char *const *arguments;        /* of execv() */
	int socket_type;               /* SOCK_STREAM or SOCK_SEQPACKET */
	uint64_t memory;               /* bytes of address space; 0: no limit */
	void (*forked)(void *userdata); /* in the new process, before exec */
	void *userdata;
};

/*
 * It has ended: by a signal, or (signal 0) with an exit status. What it had said is still to be read from fd, which is the owner's to
 * close; another one may be started in its place.
 */
typedef void (*process_end_fn)(int signal, int exit_status, void *owner);

/* PROCESS_NONE, until one is started. */
struct process {
	pid_t pid; /* 0: none */
	int fd;    /* our end of the socketpair, or -1 */
	process_end_fn on_end;
	void *owner;
	sd_event_source *exit, *look;
};

#define PROCESS_NONE ((struct process){.fd = -1})

/* Forks and executes; its end of the socketpair is CHILD_FD there. 0, or negative errno and there is none. */
int process_start(struct process *process, sd_event *event, const struct process_plan *plan, process_end_fn on_end, void *owner);

/* Kills it; its end follows as an event. Of none that has ended: nothing. */
void process_kill(struct process *process);

/* Closes its socket, whereupon it ends; that follows as an event. */
void process_leave(struct process *process);

/* Kills it, waits for its end as process_reap() does, closes its socket. There is no event. */
void process_end(struct process *process);

/*
 * Kills a child of this process and waits for its end, but not for ever: one that a debugger holds, or that hangs in the kernel over a
 * dead file system, is left, and ends when that lets it go. 0: nothing.
 */
void process_reap(pid_t pid);
