/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A coordinator of a few lines, and a worker: see worker_fake.h. */
#include "tests/unit/daemon/worker_fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"

void bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

static void must(int r, const struct error *err)
{
	if (r < 0)
		bail_out(err && err->text[0] ? err->text : strerror(-r));
}

static void path_of(const struct fake *fake, const char *name, char out[128])
{
	(void)snprintf(out, 128, "%s/%s", fake->folder, name);
}

static void listen_on_loopback(struct fake *fake)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;

	fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&at, sizeof at) < 0 ||
	    listen(fake->listener, 8) < 0 ||
	    getsockname(fake->listener, (struct sockaddr *)&at, &n) < 0)
		bail_out("no listening socket on loopback");
	fake->port = ntohs(at.sin_port);
}

void fake_init(struct fake *fake)
{
	struct key *key = NULL;
	struct error err = {0};
	char path[128];

	*fake = (struct fake){.generation = 7, .id = "coordinator one", .proto = PROTO_VERSION};
	(void)signal(SIGPIPE, SIG_IGN);
	side_init(&fake->side);
	listen_on_loopback(fake);
	(void)snprintf(fake->folder, sizeof fake->folder, "/tmp/fqcluster-test-XXXXXX");
	if (!mkdtemp(fake->folder))
		bail_out("no temporary folder");
	path_of(fake, "key.pem", path);
	must(key_load_or_make(path, &key, NULL, &err), &err);
	key_free(key);
	path_of(fake, "known", path);
	must(known_add(path, "127.0.0.1", fake->port, fake->side.pin, &err), &err);
}

void fake_deinit(struct fake *fake)
{
	char command[128];

	if (fake->pid > 0) {
		(void)kill(fake->pid, SIGKILL);
		(void)waitpid(fake->pid, NULL, 0);
	}
	fake_cut(fake);
	closep(&fake->listener);
	side_deinit(&fake->side);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", fake->folder);
	if (system(command) != 0)
		printf("# %s is left over\n", fake->folder);
}

/* ---- the worker ---- */

void fake_start(struct fake *fake, const char *extra)
{
	const char *top = getenv("FQ_TOP_BUILDDIR");
	char program[4096], host[32], log[128];

	(void)snprintf(program, sizeof program, "%s/daemon/fqworkerd", top ? top : ".");
	(void)snprintf(host, sizeof host, "127.0.0.1:%u", fake->port);
	path_of(fake, "log", log);
	(void)fflush(stdout);
	fake->pid = fork();
	if (fake->pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd >= 0 && dup2(fd, STDERR_FILENO) >= 0)
			(void)execl(program, "fqworkerd", "--config", "/dev/null", "--state",
			            fake->folder, "--name", "node1", "-n", "1", "-h", host, extra,
			            (char *)NULL);
		_exit(127);
	}
	if (fake->pid < 0)
		bail_out("fork");
}

int fake_wait_end(struct fake *fake)
{
	int status;

	for (int waited = 0; waitpid(fake->pid, &status, WNOHANG) == 0; waited += 10) {
		if (waited > WAIT_MS)
			bail_out("fqworkerd does not end");
		(void)poll(NULL, 0, 10);
	}
	fake->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool is_slot(pid_t pid)
{
	_cleanup_(fclosep) FILE *f = NULL;
	char path[64], name[32] = "";

	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	return f && fgets(name, sizeof name, f) && strcmp(name, "fqworkerd-slot\n") == 0;
}

pid_t fake_child(const struct fake *fake, pid_t not )
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)fake->pid,
	               (int)fake->pid);
	for (int waited = 0; waited < WAIT_MS; waited += 10) {
		_cleanup_(fclosep) FILE *f = fopen(path, "re");
		int pid;

		while (f && fscanf(f, "%d", &pid) == 1)
			if (pid != not &&is_slot(pid))
				return pid;
		(void)poll(NULL, 0, 10);
	}
	bail_out("fqworkerd has no child");
}

bool fake_logged(const struct fake *fake, const char *text)
{
	_cleanup_(fclosep) FILE *f = NULL;
	char path[128], line[4096];

	path_of(fake, "log", path);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (strstr(line, text))
			return true;
	return false;
}

/* ---- frames ---- */

void fake_send(struct fake *fake, uint16_t type, const void *message)
{
	struct error err = {0};

	must(connection_send(fake->connection, type, 0, message), NULL);
	must(dial_wait(fake->connection, WAIT_MS, NULL, &err), &err);
}

void fake_acknowledge(struct fake *fake, const fq_SliceRef *ref)
{
	const fq_Ref message = {.has_ref = true, .ref = *ref};

	fake_send(fake, fq_Type_RESULT_ACK, &message);
}

pid_t fake_stop_child(struct fake *fake, const fq_Task *task)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;
	pid_t child;

	fake_send(fake, fq_Type_TASK, task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	child = fake_child(fake, 0);
	(void)kill(child, SIGSTOP);
	return child;
}

void fake_settle(struct fake *fake)
{
	fq_Open open = {.job = 1, .path = "/nowhere/at/all"};
	fq_Opened opened;

	fake_send(fake, fq_Type_OPEN, &open);
	fake_expect(fake, fq_Type_OPENED, &opened);
}

static bool has_open(const struct fake *fake, const char *path)
{
	char name[64], target[128];
	bool found = false;

	for (int fd = 0; !found && fd < 256; fd++) {
		ssize_t n;

		(void)snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)fake->pid, fd);
		n = readlink(name, target, sizeof target);
		found = n == (ssize_t)strlen(path) && memcmp(target, path, (size_t)n) == 0;
	}
	return found;
}

void fake_wait_given(struct fake *fake, const char *path)
{
	fake_settle(fake); /* what was counted before is closed */
	for (int waited = 0; !has_open(fake, path); waited += 10) {
		if (waited >= WAIT_MS)
			bail_out("the task is given to nobody");
		(void)poll(NULL, 0, 10);
	}
	fake_settle(fake);
}

void fake_send_blob(struct fake *fake, uint16_t type, const void *message, const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n);
	struct error err = {0};

	if (!copy)
		bail_out("out of memory");
	memcpy(copy, bytes, n);
	must(connection_send_blob(fake->connection, type, 0, message, copy, n), NULL);
	must(dial_wait(fake->connection, WAIT_MS, NULL, &err), &err);
}

static void next_frame(struct fake *fake, struct frame *ret)
{
	struct error err = {0};

	do
		must(dial_wait(fake->connection, WAIT_MS, ret, &err), &err);
	while (ret->type == fq_Type_PROGRESS);
}

void fake_expect(struct fake *fake, uint16_t type, void *ret)
{
	struct error err = {0};
	struct frame frame;

	next_frame(fake, &frame);
	if (frame.type != type) {
		printf("# got %s, wanted %s\n", message_name(frame.type), message_name(type));
		bail_out("the worker says something else");
	}
	must(message_decode(type, frame.payload, frame.n, ret, &err), &err);
}

void fake_expect_result(struct fake *fake, fq_Result *ret, struct blob *ret_blob)
{
	struct error err = {0};
	struct frame frame;
	int r = 0;

	fake_expect(fake, fq_Type_RESULT, ret);
	must(blob_begin(ret_blob, ret->blob_bytes, 1 << 20, &err), &err);
	while (ret->blob_bytes > 0 && r == 0) {
		next_frame(fake, &frame);
		r = blob_add(ret_blob, &frame, &err);
		must(r, &err);
	}
}

static void take_connection(struct fake *fake)
{
	struct pollfd poll_fd = {.fd = fake->listener, .events = POLLIN};
	struct error err = {0};
	int fd;

	fake_cut(fake);
	if (poll(&poll_fd, 1, WAIT_MS) != 1)
		bail_out("the worker does not dial");
	fd = accept4(fake->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		bail_out("accept");
	must(connection_new_server(fake->side.tls, fd, &fake->connection, &err), &err);
}

void fake_accept(struct fake *fake, fq_Hello *ret)
{
	take_connection(fake);
	fake_expect(fake, fq_Type_HELLO, ret);
}

void fake_wait_refusal(struct fake *fake, struct error *ret)
{
	struct frame frame;

	if (dial_wait(fake->connection, WAIT_MS, &frame, ret) == 0)
		bail_out("the worker sends on");
	fake_cut(fake);
}

void fake_wait_close(struct fake *fake)
{
	struct error err = {0};

	fake_wait_refusal(fake, &err);
}

void fake_refused(struct fake *fake)
{
	take_connection(fake);
	fake_wait_close(fake);
}

void fake_welcome(struct fake *fake)
{
	fq_Welcome welcome = {
	    .proto = fake->proto,
	    .generation = fake->generation,
	    .ping_ms = 1000,
	    .dead_ms = 60000,
	    .role = fq_Role_ROLE_WORKER,
	    .version = "0",
	};

	memcpy(welcome.coordinator, fake->id, sizeof welcome.coordinator);
	fake_send(fake, fq_Type_WELCOME, &welcome);
}

void fake_cut(struct fake *fake)
{
	fake->connection = connection_free(fake->connection);
}
