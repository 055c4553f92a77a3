/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qc --slurm, from the coordinator's start to the last worker's end:
 *
 *     state folder -> fqcoordd (dies with us) -> key, sbatch -> fork: the child submits and writes results as ever
 *                                                                the parent waits for it, for Slurm's jobs and for signals
 *     -> scancel, the coordinator's end, folders removed
 *
 * Child and coordinator are in process groups of their own, so that ^C comes to the parent alone, which then ends all in order. When the
 * parent is killed, both die of it, and workers end by themselves when they have had no coordinator for --idle-exit.
 */
#include "ctl/slurm/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "ctl/slurm/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

#define START_MS 20000
#define END_MS 10000
#define DRAIN_MS 15000 /* of workers that have nothing to do */
#define STEP_MS 20
#define LOOK_SECONDS 5 /* between two questions to Slurm */

struct private {
	struct call *call;
	char state[96];       /* the coordinator's folder; empty: none was made */
	pid_t coordinator;    /* 0: none */
	pid_t child;          /* 0: none */
	struct slurm_array array;
	bool has_folder;
	uint64_t number;      /* of the array at Slurm; 0: none */
	sigset_t before;      /* the signals that were blocked */
	char told[128];       /* of Slurm, last */
	unsigned empty_looks; /* one after the other, in which Slurm knew none of the workers */
};

/* ---- processes */

/* In a forked child: signals as they were, no ^C of this terminal, no life without its parent. */
static void forked(const struct private *private, pid_t parent, int death)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, death);
	(void)sigprocmask(SIG_SETMASK, &private->before, NULL);
	if (getppid() != parent)
		_exit(71);
}

/* Whether it has ended, with its exit status. */
static bool ended(pid_t *pid, int *ret_status)
{
	int status = 0;

	if (*pid <= 0 || waitpid(*pid, &status, WNOHANG) != *pid)
		return false;
	*pid = 0;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

static void step(void)
{
	const struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};

	(void)nanosleep(&pause, NULL);
}

static void end_process(pid_t *pid, int signal_number)
{
	uint64_t end = clock_monotonic_ms() + END_MS;
	int status;

	if (*pid <= 0)
		return;
	(void)kill(*pid, signal_number);
	while (!ended(pid, &status)) {
		if (clock_monotonic_ms() >= end)
			(void)kill(*pid, SIGKILL);
		step();
	}
}

/* ---- the coordinator */

static void become(const struct private *private, const char *program, const char *listen, pid_t parent) __attribute__((noreturn));
static void become(const struct private *private, const char *program, const char *listen, pid_t parent)
{
	const char *arguments[] = {"fqcoordd", "--config", "/dev/null", "--state", private->state, "--listen", listen,
	                           "--cache-size", "0", NULL};
	char log[sizeof private->state + 8];
	int null, fd;

	forked(private, parent, SIGTERM);
	(void)snprintf(log, sizeof log, "%s/log", private->state);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
		(void)execv(program, (char *const *)(uintptr_t)arguments);
	_exit(127);
}

/* The last line of a file, made fit. */
static void last_line(const char *path, char *out, size_t size)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	char line[512];

	(void)snprintf(out, size, "it said nothing");
	while (file && fgets(line, sizeof line, file))
		if (line[strspn(line, " \t\n")]) {
			line[strcspn(line, "\n")] = '\0';
			(void)text_escape(out, size, line);
		}
}

/* STATE/listening: "ADDRESS:PORT", once it serves. */
static int port_read(const struct private *private, uint16_t *ret)
{
	char path[sizeof private->state + 16], line[128] = "", host[TEXT_HOST_MAX];
	_cleanup_(fclosep) FILE *file = NULL;

	(void)snprintf(path, sizeof path, "%s/listening", private->state);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof line, file))
		return -EAGAIN;
	line[strcspn(line, "\n")] = '\0';
	return text_to_address(line, 0, host, ret, NULL) == 0 && *ret ? 0 : -EAGAIN;
}

static int coordinator_wait(struct private *private, uint16_t *ret_port, struct error *err)
{
	uint64_t end = clock_monotonic_ms() + START_MS;
	char log[sizeof private->state + 8], said[512];
	int status = 0;

	while (port_read(private, ret_port) < 0) {
		bool gone = ended(&private->coordinator, &status);

		if (gone || clock_monotonic_ms() >= end) {
			(void)snprintf(log, sizeof log, "%s/log", private->state);
			last_line(log, said, sizeof said);
			return error_set(err, -EIO, ERROR_UNAVAILABLE, "the coordinator %s: %s",
			                 gone ? "ended while it started" : "does not come up", said);
		}
		step();
	}
	return 0;
}

static int coordinator_start(struct private *private, const char *named, uint16_t *ret_port, struct error *err)
{
	const char *folder = getenv("TMPDIR");
	_cleanup_(freep) char *program = NULL, *socket = NULL;
	char listen[32];
	pid_t parent = getpid();
	int r = slurm_program(named, "fqcoordd", &program, err);

	if (r < 0)
		return r;
	if (!folder || folder[0] != '/' || strlen(folder) > sizeof private->state - 24)
		folder = "/tmp";
	(void)snprintf(private->state, sizeof private->state, "%s/" SLURM_STATE "XXXXXX", folder);
	if (!mkdtemp(private->state)) {
		r = -errno;
		private->state[0] = '\0';
		return error_set(err, r, ERROR_CANT_CREATE, "no folder for the coordinator in %s: %s", TEXT(folder), strerror(-r));
	}
	(void)snprintf(listen, sizeof listen, "[::]:%u", private->call->slurm.address.port);
	private->coordinator = fork();
	if (private->coordinator < 0)
		return error_set(err, -errno, ERROR_OS, "the coordinator cannot be started: %s", strerror(errno));
	if (private->coordinator == 0)
		become(private, program, listen, parent);
	r = coordinator_wait(private, ret_port, err);
	if (r < 0)
		return r;
	if (asprintf(&socket, "%s/ctl.sock", private->state) < 0)
		return error_oom(err);
	private->call->settings.host = (struct conf_address){0};
	return conf_replace(&private->call->settings.socket, socket, err);
}

/* ---- the workers */

/* What calls that were killed have left. */
static void sweep(const struct call *call)
{
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	struct error error;
	size_t n;

	if (slurm_find(&jobs, &error) == 0)
		(void)slurm_arrays_sweep(&call->slurm, &call->settings, "", 0, &jobs, &n, &error);
}

static int workers_start(struct private *private, uint16_t port, struct error *err)
{
	struct call *call = private->call;
	int r = slurm_array_init(&private->array, &call->settings, &call->slurm, err);

	private->array.port = port;
	if (r == 0)
		sweep(call);
	if (r == 0)
		r = slurm_array_enrol(&private->array, &call->settings, err);
	if (r < 0)
		return r;
	private->has_folder = true;
	r = slurm_owner_note(private->array.folder, private->state, err);
	if (r == 0)
		r = slurm_array_submit(&private->array, &call->slurm, NULL, 0, &private->number, err);
	if (r == 0)
		say(call, "Slurm's job %llu: %u worker%s", (unsigned long long)private->number, private->array.workers,
		    private->array.workers == 1 ? "" : "s");
	return r;
}

/* What Slurm says of them, told when it is something new. -ECHILD with a sentence when they have all ended. */
static int workers_look(struct private *private, struct error *err)
{
	struct slurm_jobs jobs _cleanup_(slurm_jobs_deinit) = {0};
	char text[sizeof private->told] = "", log[PATH_MAX], said[512];
	size_t there = 0, wait = 0;
	struct error error;

	if (slurm_find(&jobs, &error) < 0) {
		(void)snprintf(text, sizeof text, "%.120s", error.text);
	} else {
		for (size_t i = 0; i < jobs.n; i++) {
			if (jobs.jobs[i].array != private->number)
				continue;
			there++;
			if (slurm_is_pending(&jobs.jobs[i]) && wait++ == 0)
				(void)snprintf(text, sizeof text, "%s", jobs.jobs[i].reason);
		}
		private->empty_looks = there ? 0 : private->empty_looks + 1;
	}
	if (wait > 0) {
		char reason[64];

		(void)snprintf(reason, sizeof reason, "%.63s", text);
		(void)snprintf(text, sizeof text, "%zu of %u workers wait: %s", wait, private->array.workers, reason);
	}
	if (text[0] && strcmp(text, private->told) != 0) {
		memcpy(private->told, text, sizeof text);
		say(private->call, "Slurm: %s", text);
	}
	if (private->empty_looks < 2)
		return 0;
	(void)snprintf(log, sizeof log, "%s/%llu_1.log", private->array.folder, (unsigned long long)private->number);
	last_line(log, said, sizeof said);
	return error_set(err, -ECHILD, ERROR_UNAVAILABLE, "all workers have ended, and files are left; the first one's last words: %s", said);
}

/* ---- to the end */

static void private_end(struct private *private, bool in_order)
{
	struct slurm_job job = {.array = private->number};
	const struct slurm_jobs jobs = {.jobs = &job, .n = 1};
	struct error error;

	end_process(&private->child, SIGTERM);
	if (private->number && slurm_arrays_end(&jobs, in_order ? DRAIN_MS : 0, NULL, &error) < 0) {
		complain(&error);
		say(private->call, "what is left of Slurm's job %llu ends by itself when it has had no coordinator for --idle-exit",
		    (unsigned long long)private->number);
	}
	end_process(&private->coordinator, SIGTERM);
	if (private->state[0])
		slurm_state_remove(private->state);
	if (private->has_folder)
		slurm_array_discard(&private->array);
	slurm_array_deinit(&private->array);
}

/* Until the child has ended, a signal came, or nobody is left who could count. The exit status, or negative. */
static int supervise(struct private *private, const sigset_t *signals, struct error *err)
{
	struct timespec pause = {.tv_sec = 1}; /* the first look comes soon */
	uint64_t look_at = clock_monotonic_ms() + 1000;
	int status = 0, r = 0;

	while (r == 0 && !ended(&private->child, &status)) {
		int number = sigtimedwait(signals, NULL, &pause);

		if (number > 0 && number != SIGCHLD)
			return 128 + number;
		if (ended(&private->coordinator, &status))
			return error_set(err, -EIO, ERROR_UNAVAILABLE, "the coordinator has ended (status %d)", status);
		if (clock_monotonic_ms() < look_at)
			continue;
		r = workers_look(private, err);
		pause.tv_sec = LOOK_SECONDS;
		look_at = clock_monotonic_ms() + LOOK_SECONDS * 1000;
	}
	return r < 0 ? r : status;
}

static void signals_hold(struct private *private, sigset_t *ret)
{
	const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};

	(void)sigemptyset(ret);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		(void)sigaddset(ret, numbers[i]);
	(void)sigprocmask(SIG_BLOCK, ret, &private->before);
}

int slurm_private(struct call *call, const char *coordinator, bool *ret_go_on, struct error *err)
{
	struct private private = {.call = call};
	pid_t parent = getpid();
	sigset_t signals;
	uint16_t port;
	int r;

	*ret_go_on = false;
	signals_hold(&private, &signals);
	r = coordinator_start(&private, coordinator, &port, err);
	if (r == 0)
		r = workers_start(&private, port, err);
	if (r == 0) {
		(void)fflush(stdout);
		private.child = fork();
		if (private.child == 0) {
			forked(&private, parent, SIGKILL);
			slurm_array_deinit(&private.array);
			*ret_go_on = true;
			return 0;
		}
		r = private.child < 0 ? error_set(err, -errno, ERROR_OS, "fork: %s", strerror(errno)) : supervise(&private, &signals, err);
	}
	private_end(&private, r == 0);
	(void)sigprocmask(SIG_SETMASK, &private.before, NULL);
	return r;
}
