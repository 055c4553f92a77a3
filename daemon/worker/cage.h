/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the processes of a worker give up before they read a stranger's first byte. The one place for it.
 *
 *     between fork and exec    cage_forked     dies with the supervisor, gains no rights, limits that the kernel keeps
 *     in the new program       cage_enter      no descriptors but its own, no name of the outside
 *                              cage_lock       no system calls but those of its work (seccomp)
 *
 * A child that counts may read what it has, answer, and use memory: it opens nothing, reaches nobody, starts nothing. An opener
 * may open and look at files, but writes none, and reaches nobody either. What no honest child does ends the process (SIGSYS);
 * everything else that is not on the list is refused (EPERM).
 *
 * In builds with sanitizers there is no cage_lock() and no limit of memory or processes: what those insert opens files, reserves
 * terabytes and traces itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAGE_UNLOCKED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CAGE_UNLOCKED true
#endif
#endif
#ifndef CAGE_UNLOCKED
#define CAGE_UNLOCKED false /* a build whose cages are not locked */
#endif

enum cage_kind {
	CAGE_COUNTER, /* counts what it is given */
	CAGE_OPENER,  /* opens files for others */
};

/*
 * Between fork and exec, async-signal-safe: the child dies with this supervisor and not by signals that a terminal or a batch
 * system sends to a whole group (the supervisor decides what becomes of the slice), and gains no rights by exec. parent is the
 * supervisor's process id, memory the bytes that it may use (its address space; 0: no limit). 0 or negative errno.
 */
int cage_forked(int parent, uint64_t memory);

/*
 * In the new program: no descriptors but standard error and CHILD_FD, no core files, no folder held busy, nobody looks into it,
 * first to be killed when memory is short. name is what ps shows. 0 or negative with a sentence.
 */
int cage_enter(enum cage_kind kind, const char *name, struct error *err);

/*
 * Closes the door: from here on only the system calls of its work. Call it when all is there that needs others (libraries that
 * read their configuration). 0 or negative with a sentence; a process that could not be locked must not go on.
 */
int cage_lock(enum cage_kind kind, struct error *err);
