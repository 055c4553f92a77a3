/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A daemon's life: see service.h. */
#include "daemon/service.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define STATUS_MAX 256
#define STATUS_OF_HASTE 1 /* exit status after a second SIGTERM */

struct service {
	const struct service_callbacks *callbacks;
	void *userdata;
	sd_event *event;
	sigset_t mask_before;
	struct sigaction pipe_before;
	bool signals_set;
	bool stopping, echoes;
	uint64_t stopping_us; /* since when */
	char status[STATUS_MAX];
};

static void service_freep(struct service **service)
{
	(void)service_free(*service); /* always NULL */
}

/* ---- signals ---- */

static uint64_t monotonic_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* fails for an unknown clock only */
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                          void *userdata)
{
	struct service *service = userdata;

	if (service->stopping && service->echoes && monotonic_us() - service->stopping_us < SERVICE_ECHO_MS * UINT64_C(1000))
		return 0;
	if (service->stopping)
		return sd_event_exit(service->event, STATUS_OF_HASTE);
	service->stopping = true;
	service->stopping_us = monotonic_us();
	(void)sd_notify(0, "STOPPING=1"); /* nobody may be listening */
	if (!service->callbacks->on_stop)
		return sd_event_exit(service->event, 0);
	service->callbacks->on_stop(service, service->userdata);
	return 0;
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                            void *userdata)
{
	struct service *service = userdata;

	if (!service->callbacks->on_reload || service->stopping)
		return 0;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	                 monotonic_us()); /* nobody may be listening */
	service->callbacks->on_reload(service, service->userdata);
	(void)sd_notify(0, "READY=1");
	return 0;
}

static int block_signals(struct service *service, unsigned int flags)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t mask;

	(void)sigemptyset(&mask); /* these fail for no valid signal */
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGHUP);
	if (flags & SERVICE_CHILDREN)
		(void)sigaddset(&mask, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &mask, &service->mask_before) < 0)
		return -errno;
	if (sigaction(SIGPIPE, &ignore, &service->pipe_before) < 0)
		return -errno;
	service->signals_set = true;
	return 0;
}

static void restore_signals(const struct service *service)
{
	if (!service->signals_set)
		return;
	/* What was taken from the kernel is valid. */
	(void)sigaction(SIGPIPE, &service->pipe_before, NULL);
	(void)sigprocmask(SIG_SETMASK, &service->mask_before, NULL);
}

void service_forked(struct service *service)
{
	restore_signals(service);
	(void)unsetenv("NOTIFY_SOCKET"); /* fails for no valid name */
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

/* ---- making and freeing ---- */

static int set_up(struct service *service, unsigned int flags)
{
	int r;

	r = block_signals(service, flags);
	if (r >= 0)
		r = sd_event_default(&service->event);
	if (r >= 0)
		r = sd_event_add_signal(service->event, NULL, SIGTERM, on_stop_signal, service);
	if (r >= 0)
		r = sd_event_add_signal(service->event, NULL, SIGINT, on_stop_signal, service);
	if (r >= 0)
		r = sd_event_add_signal(service->event, NULL, SIGHUP, on_reload_signal, service);
	if (r >= 0)
		r = sd_event_set_watchdog(service->event, true);
	return r < 0 ? r : 0;
}

int service_new(const struct service_callbacks *callbacks, unsigned int flags, void *userdata,
                struct service **ret, struct error *err)
{
	_cleanup_(service_freep) struct service *service = calloc(1, sizeof *service);
	int r;

	assert(callbacks && ret);
	if (!service)
		return error_oom(err);
	service->callbacks = callbacks;
	service->userdata = userdata;
	service->echoes = flags & SERVICE_ECHOES;
	r = set_up(service, flags);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "cannot make an event loop: %s", strerror(-r));
	*ret = TAKE(service);
	return 0;
}

struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	sd_event_unref(service->event);
	restore_signals(service);
	free(service);
	return NULL;
}

sd_event *service_event(const struct service *service)
{
	return service->event;
}

/* ---- what systemd is told ---- */

__attribute__((format(printf, 3, 0))) static bool
set_status(struct service *service, char ret[STATUS_MAX], const char *format, va_list args)
{
	char raw[STATUS_MAX];

	(void)vsnprintf(raw, sizeof raw, format, args); /* cut is good enough for a status */
	text_escape(ret, STATUS_MAX, raw);
	if (strcmp(ret, service->status) == 0)
		return false;
	memcpy(service->status, ret, STATUS_MAX);
	return true;
}

void service_ready(struct service *service, const char *format, ...)
{
	char status[STATUS_MAX];
	va_list args;

	va_start(args, format);
	(void)set_status(service, status, format, args); /* it is told in any case */
	va_end(args);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status); /* nobody may be listening */
}

void service_status(struct service *service, const char *format, ...)
{
	char status[STATUS_MAX];
	va_list args;
	bool changed;

	va_start(args, format);
	changed = set_status(service, status, format, args);
	va_end(args);
	if (changed)
		(void)sd_notifyf(0, "STATUS=%s", status); /* nobody may be listening */
}

void service_alive(const struct service *service)
{
	(void)service;
	(void)sd_notify(0, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=60000000"); /* nobody may be listening */
}

/* ---- running ---- */

int service_run(struct service *service, struct error *err)
{
	int r = sd_event_loop(service->event);

	if (r < 0)
		return error_set(err, r, ERROR_OS, "the event loop failed: %s", strerror(-r));
	return r;
}

void service_exit(struct service *service, int status)
{
	/* Fails only when the loop has ended, which is as well. */
	(void)sd_event_exit(service->event, status);
}

bool service_stopping(const struct service *service)
{
	return service->stopping;
}
