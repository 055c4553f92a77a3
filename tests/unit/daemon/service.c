/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/service.c: signals sent to this process, and what a socket in systemd's place is told. */
#include "daemon/service.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

struct seen {
	unsigned int stops, reloads;
	bool stays; /* does not exit at the first SIGTERM */
	bool exits_at_reload;
};

static void on_stop(struct service *service, void *userdata)
{
	struct seen *seen = userdata;

	seen->stops++;
	if (!seen->stays)
		service_exit(service, 0);
}

static void on_reload(struct service *service, void *userdata)
{
	struct seen *seen = userdata;

	seen->reloads++;
	if (seen->exits_at_reload)
		service_exit(service, 5);
}

static const struct service_callbacks callbacks = {on_stop, on_reload};

/* The socket that systemd would listen on; reads what has been told so far. */
static int notify_socket(char path[64])
{
	char folder[] = "/tmp/fqcluster-service-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, 64, "%s/notify", folder);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	(void)setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void told(int fd, const char *want)
{
	char text[500] = "";
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	is_str(text, want, "told");
}

static void test_life(void)
{
	struct service *service = NULL;
	struct seen seen = {0};
	struct error err = {0};
	char path[64], text[500] = "";
	int fd = notify_socket(path);

	is_int(service_new(&callbacks, SERVICE_CHILDREN, &seen, &service, &err), 0, "made: %s",
	       err.text);
	service_ready(service, "%d workers", 2);
	service_status(service, "%d workers", 2);
	service_status(service, "%d workers\nX=1", 3);
	told(fd, "READY=1\nSTATUS=2 workers");
	told(fd, "STATUS=3 workers\\x0aX=1");
	(void)raise(SIGHUP);
	(void)raise(SIGPIPE);
	(void)raise(SIGTERM);
	ok(!service_stopping(service), "signals wait for the loop");
	is_int(service_run(service, &err), 0, "the loop: %s", err.text);
	ok(service_stopping(service), "stopping");
	is_u64(seen.stops, 1, "on_stop");
	is_u64(seen.reloads, 1, "on_reload");
	if (recv(fd, text, sizeof text - 1, 0) > 0)
		ok(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27) == 0, "told: %s", text);
	told(fd, "READY=1");
	told(fd, "STOPPING=1");
	service = service_free(service);
	closep(&fd);
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
	(void)unsetenv("NOTIFY_SOCKET");
}

#define LATE_US ((SERVICE_ECHO_MS + 100) * UINT64_C(1000))

static int another_sigterm(sd_event_source *source, void *userdata)
{
	(void)raise(SIGTERM);
	return 0;
}

/* Again and again: where the first SIGTERM was late itself, this one is at once behind it. */
static int late_sigterm(sd_event_source *source, uint64_t us, void *userdata)
{
	(void)raise(SIGTERM);
	(void)sd_event_source_set_time_relative(source, LATE_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int exit_with_7(sd_event_source *source, uint64_t us, void *userdata)
{
	service_exit(userdata, 7);
	return 0;
}

static void test_second_sigterm(void)
{
	struct service *service = NULL;
	struct seen seen = {.stays = true};
	struct error err = {0};

	is_int(service_new(&callbacks, 0, &seen, &service, &err), 0, "made: %s", err.text);
	(void)raise(SIGINT);
	(void)sd_event_add_defer(service_event(service), NULL, another_sigterm, NULL);
	is_int(service_run(service, &err), 1, "the second one ends the loop");
	is_u64(seen.stops, 1, "on_stop was called once");
	service = service_free(service);
}

/* Of a job of a batch system every process is told. */
static void test_echo(void)
{
	struct service *service = NULL;
	struct seen seen = {.stays = true};
	struct error err = {0};
	sd_event_source *late = NULL;

	is_int(service_new(&callbacks, SERVICE_ECHOES, &seen, &service, &err), 0, "made: %s", err.text);
	(void)raise(SIGTERM);
	(void)sd_event_add_defer(service_event(service), NULL, another_sigterm, NULL);
	(void)sd_event_add_time_relative(service_event(service), &late, CLOCK_MONOTONIC, 300000, 1, exit_with_7, service);
	is_int(service_run(service, &err), 7, "a second SIGTERM at once is the same");
	is_u64(seen.stops, 1, "on_stop was called once");
	(void)sd_event_source_unref(late);
	service = service_free(service);
	seen = (struct seen){.stays = true};
	is_int(service_new(&callbacks, SERVICE_ECHOES, &seen, &service, &err), 0, "made: %s", err.text);
	(void)raise(SIGTERM);
	(void)sd_event_add_time_relative(service_event(service), &late, CLOCK_MONOTONIC, LATE_US, 1, late_sigterm, NULL);
	is_int(service_run(service, &err), 1, "a later one ends the loop");
	(void)sd_event_source_unref(late);
	service = service_free(service);
}

static void test_exit_status(void)
{
	static const struct service_callbacks none = {0};
	struct service *service = NULL;
	struct seen seen = {.exits_at_reload = true};
	struct error err = {0};

	is_int(service_new(&callbacks, 0, &seen, &service, &err), 0, "made: %s", err.text);
	(void)raise(SIGHUP);
	is_int(service_run(service, &err), 5, "the status of service_exit()");
	service = service_free(service);
	is_int(service_new(&none, 0, NULL, &service, &err), 0, "made again: %s", err.text);
	(void)raise(SIGHUP);
	(void)raise(SIGTERM);
	is_int(service_run(service, &err), 0, "without callbacks SIGTERM ends with 0");
	service = service_free(service);
}

/* A child has its signals back: SIGTERM ends it. */
static void test_forked(void)
{
	struct service *service = NULL;
	struct error err = {0};
	struct seen seen = {0};
	int status = 0;
	pid_t pid;

	is_int(service_new(&callbacks, SERVICE_CHILDREN, &seen, &service, &err), 0, "made: %s",
	       err.text);
	pid = fork();
	if (pid == 0) {
		service_forked(service);
		(void)raise(SIGTERM);
		_exit(3);
	}
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGTERM,
	   "the child died of SIGTERM");
	service = service_free(service);
}

static void test_restored(void)
{
	struct sigaction pipe_action;
	sigset_t mask;

	ok(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGTERM) == 0 &&
	       sigismember(&mask, SIGCHLD) == 0,
	   "signals are as before");
	ok(sigaction(SIGPIPE, NULL, &pipe_action) == 0 && pipe_action.sa_handler == SIG_DFL,
	   "SIGPIPE too");
}

int main(void)
{
	test_life();
	test_second_sigterm();
	test_echo();
	test_exit_status();
	test_forked();
	test_restored();
	return done_testing();
}
