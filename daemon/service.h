/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A daemon's life: its event loop, its signals, its watchdog, and what it tells systemd (everything
 * of that kind is in service.c and nowhere else).
 *
 *     service_new -> set up -> service_ready -> service_run -> service_free
 *                                      (SIGTERM: on_stop, later service_exit)
 *
 * SIGTERM and SIGINT ask to stop: the first calls on_stop, the second ends the loop at once. SIGHUP
 * calls on_reload. SIGPIPE is ignored. Make the service before any thread is started: its signals
 * are blocked in all of them.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/base/error.h"

struct service;

struct service_callbacks {
	/* Stop: begin to drain, or call service_exit() now. NULL: the loop ends with 0. */
	void (*on_stop)(struct service *service, void *userdata);
	/* Read again what can be read again. NULL: SIGHUP is ignored. */
	void (*on_reload)(struct service *service, void *userdata);
};

#define SERVICE_CHILDREN (1u << 0) /* SIGCHLD is blocked too, for sd_event_add_child() */
/*
 * A second SIGTERM soon after the first is the same one: batch systems signal every process of a job, and a script passes on what
 * it got.
 */
#define SERVICE_ECHOES (1u << 1)
#define SERVICE_ECHO_MS 2000

/* callbacks must live as long as the service. */
int service_new(const struct service_callbacks *callbacks, unsigned int flags, void *userdata,
                struct service **ret, struct error *err);

/* Frees the loop too, and restores the signal mask. Takes NULL, returns NULL. */
struct service *service_free(struct service *service);

sd_event *service_event(const struct service *service);

/* Tells systemd READY=1 with a status of a person's words ("2 workers, 1 job"). */
void service_ready(struct service *service, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A new status; told only when it differs from the last one. */
void service_status(struct service *service, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tells systemd, from within long work, that this process lives: feeds the watchdog and lengthens the time to start. */
void service_alive(const struct service *service);

/*
 * Runs until service_exit() or a second SIGTERM (then 1). The exit status, or negative errno with a
 * sentence.
 */
int service_run(struct service *service, struct error *err);

/* Ends the loop with this exit status, after the callback that runs now. */
void service_exit(struct service *service, int status);

bool service_stopping(const struct service *service); /* on_stop was called */

/*
 * In a forked child: signals as they were before service_new(), SIGPIPE to its default, and no
 * environment that speaks to systemd. Async-signal-safe but for the environment.
 */
void service_forked(struct service *service);
