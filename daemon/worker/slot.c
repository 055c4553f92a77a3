/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots: a child each, the task that it counts, what it answers, and what happens when it dies. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "daemon/worker/worker.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"

#define TELL_MS 250              /* progress goes on at most so often */
#define READ_PIECE (256UL << 10) /* of a child's counters, a wakeup */
#define KEEP_MAX (16UL << 20)    /* larger results are not kept for a second sending */

bool ref_equal(const fq_SliceRef *a, const fq_SliceRef *b)
{
	return a->job == b->job && a->file == b->file && a->slice == b->slice;
}

/* ---- the child of a slot */

static int slot_spawn(struct slot *slot, struct error *err);

static void slot_forget_answer(struct slot *slot)
{
	free(slot->counters);
	slot->counters = NULL;
	slot->counters_n = slot->counters_room = slot->head_n = slot->result_n = 0;
}

static void slot_idle(struct slot *slot)
{
	slot->busy = false;
	slot->dropped = false;
	slot->bytes = 0;
	slot_forget_answer(slot);
}

static void slot_close(struct slot *slot)
{
	slot->io = sd_event_source_disable_unref(slot->io);
	slot->child = sd_event_source_disable_unref(slot->child);
	closep(&slot->socket);
}

/* Writes the task and its descriptor; the child is idle, so its socket has room. */
static int slot_give(struct slot *slot, const struct work *work)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = (void *)&work->task, .iov_len = sizeof work->task};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	ssize_t n;

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &work->fd, sizeof(int));
	n = sendmsg(slot->socket, &message, MSG_NOSIGNAL);
	return n == (ssize_t)sizeof work->task ? 0 : n < 0 ? -errno : -EIO;
}

/* Hands the next waiting task to the slot. */
static void slot_next(struct slot *slot)
{
	struct worker *worker = slot->worker;

	if (slot->busy || slot->pid <= 0 || worker->waiting_n == 0)
		return;
	slot->work = worker->waiting[0];
	worker->waiting_n--;
	memmove(&worker->waiting[0], &worker->waiting[1], worker->waiting_n * sizeof worker->waiting[0]);
	slot->busy = true;
	slot->began_ms = slot->told_ms = worker_now_ms();
	slot->bytes = slot->told_bytes = 0;
	if (slot_give(slot, &slot->work) < 0)
		(void)kill(slot->pid, SIGKILL); /* it counts as a crash when it is waited for */
	closep(&slot->work.fd);
}

static void send_ref(struct worker *worker, uint16_t type, const fq_SliceRef *ref)
{
	fq_Ref message = {.has_ref = true, .ref = *ref};

	link_send(worker, type, &message);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct slot *slot = userdata;
	struct worker *worker = slot->worker;
	fq_Crashed crashed = {.has_ref = true, .ref = slot->work.ref};
	bool told = slot->busy && !slot->dropped;
	struct error error;

	(void)source;
	if (info->si_code == CLD_EXITED)
		crashed.exit_status = (uint32_t)info->si_status;
	else
		crashed.signal = (uint32_t)info->si_status;
	if (told) {
		log_warning("the child that counted slice %llu of job %llu ended by %s %d",
		            (unsigned long long)crashed.ref.slice, (unsigned long long)crashed.ref.job,
		            crashed.signal ? "signal" : "exit status", info->si_status);
		link_send(worker, fq_Type_CRASHED, &crashed);
	}
	slot_close(slot);
	slot->pid = 0;
	slot_idle(slot);
	if (slot_spawn(slot, &error) < 0) {
		log_error("a child cannot be started: %s", error.text);
		service_exit(worker->service, (int)error.class);
		return 0;
	}
	slot_next(slot);
	worker_settle(worker);
	return 0;
}

/* ---- what it answers */

static struct pending *pending_add(struct worker *worker)
{
	if (worker->pending_n == PENDING_MAX) { /* the oldest one can be counted again */
		free(worker->pending[0].counters);
		worker->pending_n--;
		memmove(&worker->pending[0], &worker->pending[1], worker->pending_n * sizeof worker->pending[0]);
	}
	worker->pending[worker->pending_n] = (struct pending){0};
	return &worker->pending[worker->pending_n++];
}

void pending_done(struct worker *worker, const fq_SliceRef *ref)
{
	for (uint32_t i = 0; i < worker->pending_n; i++) {
		if (!ref_equal(&worker->pending[i].message.ref, ref))
			continue;
		free(worker->pending[i].counters);
		worker->pending_n--;
		memmove(&worker->pending[i], &worker->pending[i + 1], (worker->pending_n - i) * sizeof worker->pending[0]);
		return;
	}
}

static void slot_answered(struct slot *slot)
{
	struct worker *worker = slot->worker;
	const struct slice_task *task = &slot->work.task.task;
	struct pending *pending = pending_add(worker);
	fq_Result *message = &pending->message;

	message->has_ref = message->has_start = message->has_seam = true;
	message->ref = slot->work.ref;
	message->outcome = slot->result.outcome;
	message->start_known = task->start_known;
	place_to_message(task->start, &message->start);
	seam_to_message(&slot->result.seam, &message->seam);
	if (slot->result.outcome == SLICE_FAULT) {
		message->has_fault = true;
		fault_to_message(&slot->result.fault, &message->fault);
	}
	message->bases = slot->result.bases;
	message->blob_bytes = slot->counters_n;
	memcpy(message->blob_sha256, slot->result.digest, sizeof slot->result.digest);
	pending->counters = TAKE(slot->counters);
	slot_idle(slot);
	link_result(worker, pending);
	if (message->blob_bytes > KEEP_MAX)
		pending_done(worker, &message->ref);
	slot_next(slot);
	worker_settle(worker);
}

static void slot_progress(struct slot *slot, uint64_t bytes)
{
	uint64_t now = worker_now_ms(), size = slot->work.task.task.end - slot->work.task.task.begin;
	fq_Progress message = {.has_ref = true, .ref = slot->work.ref};

	slot->bytes = bytes < size ? bytes : size;
	if (now - slot->told_ms < TELL_MS)
		return;
	message.bytes = slot->bytes;
	slot->told_ms = now;
	slot->told_bytes = slot->bytes;
	link_send(slot->worker, fq_Type_PROGRESS, &message);
}

/* Reads into *n of size bytes. 1: complete. 0: more to come. Negative: the child is of no use. */
static int take_bytes(struct slot *slot, void *to, size_t size, size_t *n)
{
	ssize_t got;

	if (*n == size)
		return 1;
	got = recv(slot->socket, (uint8_t *)to + *n, size - *n, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -EPIPE;
	*n += (size_t)got;
	return *n == size;
}

/* The counters, into memory that grows with what comes. */
static int take_counters(struct slot *slot)
{
	uint64_t want = slot->head.number;

	while (slot->counters_n < want) {
		size_t room = want - slot->counters_n < READ_PIECE ? (size_t)want : slot->counters_n + READ_PIECE;
		int r;

		if (room > slot->counters_room) {
			size_t grown = room > 2 * slot->counters_room ? room : 2 * slot->counters_room;
			uint8_t *counters = realloc(slot->counters, grown);

			if (!counters)
				return -ENOMEM;
			slot->counters = counters;
			slot->counters_room = grown;
		}
		r = take_bytes(slot, slot->counters, room, &slot->counters_n);
		if (r <= 0)
			return r;
	}
	return 1;
}

static bool answer_makes_sense(const struct slot *slot)
{
	const struct ipc_result *result = &slot->result;
	bool end = result->outcome == SLICE_END;

	if (result->outcome != SLICE_END && result->outcome != SLICE_UNSURE && result->outcome != SLICE_FAULT)
		return false;
	if (result->outcome == SLICE_FAULT && (result->fault.kind <= FAULT_NONE || result->fault.kind >= _FAULT_MAX))
		return false;
	return end == (slot->head.number > 0);
}

/* As far as the bytes go. Negative: nonsense, or the end. */
static int slot_read(struct slot *slot)
{
	for (;;) {
		int r = take_bytes(slot, &slot->head, sizeof slot->head, &slot->head_n);

		if (r <= 0)
			return r;
		if (!slot->busy || slot->head.number > IPC_COUNTERS_MAX + slot->work.task.task.end)
			return -EBADMSG;
		if (slot->head.kind == IPC_PROGRESS) {
			slot->head_n = 0;
			slot_progress(slot, slot->head.number);
			continue;
		}
		if (slot->head.kind != IPC_RESULT || slot->head.number > IPC_COUNTERS_MAX)
			return -EBADMSG;
		r = take_bytes(slot, &slot->result, sizeof slot->result, &slot->result_n);
		if (r > 0)
			r = answer_makes_sense(slot) ? take_counters(slot) : -EBADMSG;
		if (r <= 0)
			return r;
		slot_answered(slot);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct slot *slot = userdata;

	(void)fd;
	(void)events;
	if (slot_read(slot) < 0) {
		/* It is ending, or to be ended: on_child() has the word. */
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		(void)kill(slot->pid, SIGKILL);
	}
	return 0;
}

static void child_run(struct worker *worker, int socket) __attribute__((noreturn));
static void child_run(struct worker *worker, int socket)
{
	char parent[32];

	(void)snprintf(parent, sizeof parent, "%ld", (long)getppid());
	service_forked(worker->service);
	if (dup2(socket, IPC_CHILD_FD) < 0 || (socket == IPC_CHILD_FD && fcntl(socket, F_SETFD, 0) < 0))
		_exit(127);
	(void)execl("/proc/self/exe", "fqworkerd", "--child", parent, (char *)NULL);
	_exit(127);
}

static int slot_spawn(struct slot *slot, struct error *err)
{
	sd_event *event = service_event(slot->worker->service);
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, -errno, ERROR_OS, "socketpair: %s", strerror(errno));
	slot->pid = fork();
	if (slot->pid == 0)
		child_run(slot->worker, pair[1]);
	(void)close(pair[1]);
	slot->socket = pair[0];
	if (slot->pid < 0)
		return error_set(err, -errno, ERROR_OS, "fork: %s", strerror(errno));
	r = sd_event_add_io(event, &slot->io, slot->socket, EPOLLIN, on_io, slot);
	if (r >= 0)
		r = sd_event_add_child(event, &slot->child, slot->pid, WEXITED, on_child, slot);
	return r < 0 ? error_set(err, r, ERROR_OS, "event loop: %s", strerror(-r)) : 0;
}

/* ---- for link.c and worker.c */

int slots_init(struct worker *worker, struct error *err)
{
	int r = 0;

	worker->slots = calloc(worker->settings->slots, sizeof *worker->slots);
	if (!worker->slots)
		return error_oom(err);
	for (; r == 0 && worker->slots_n < worker->settings->slots; worker->slots_n++) {
		worker->slots[worker->slots_n] = (struct slot){.worker = worker, .socket = -1, .work = {.fd = -1}};
		r = slot_spawn(&worker->slots[worker->slots_n], err);
	}
	return r;
}

void slots_deinit(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->slots_n; i++) {
		struct slot *slot = &worker->slots[i];

		slot_close(slot);
		if (slot->pid > 0) {
			(void)kill(slot->pid, SIGKILL);
			(void)waitpid(slot->pid, NULL, 0);
		}
		slot_idle(slot);
	}
	for (uint32_t i = 0; i < worker->waiting_n; i++)
		closep(&worker->waiting[i].fd);
	for (uint32_t i = 0; i < worker->pending_n; i++)
		free(worker->pending[i].counters);
	free(worker->slots);
}

void slots_take(struct worker *worker, const struct work *work)
{
	if (worker->waiting_n == WAITING_MAX) {
		int fd = work->fd;

		send_ref(worker, fq_Type_RETURN, &work->ref);
		closep(&fd);
		return;
	}
	worker->waiting[worker->waiting_n++] = *work;
	for (uint32_t i = 0; i < worker->slots_n && worker->waiting_n > 0; i++)
		slot_next(&worker->slots[i]);
	worker_settle(worker);
}

/* The child cannot be asked to stop in the middle: it is ended, and a new one comes. */
static void slot_abandon(struct slot *slot)
{
	slot->dropped = true;
	(void)kill(slot->pid, SIGKILL);
}

void slots_drop(struct worker *worker, const fq_SliceRef *ref)
{
	pending_done(worker, ref);
	for (uint32_t i = 0; i < worker->slots_n; i++)
		if (worker->slots[i].busy && ref_equal(&worker->slots[i].work.ref, ref))
			slot_abandon(&worker->slots[i]);
	for (uint32_t i = worker->waiting_n; i-- > 0;) {
		if (!ref_equal(&worker->waiting[i].ref, ref))
			continue;
		closep(&worker->waiting[i].fd);
		worker->waiting_n--;
		memmove(&worker->waiting[i], &worker->waiting[i + 1], (worker->waiting_n - i) * sizeof worker->waiting[0]);
	}
}

/* Whether the slot will be done within the time, by its rate so far. */
static bool slot_finishes(const struct slot *slot, uint64_t budget_ms)
{
	uint64_t size = slot->work.task.task.end - slot->work.task.task.begin;
	uint64_t passed = worker_now_ms() - slot->began_ms;

	if (slot->bytes == 0)
		return false;
	return (double)(size - slot->bytes) / (double)slot->bytes * (double)(passed + 1) < (double)budget_ms;
}

void slots_return(struct worker *worker, uint64_t budget_ms)
{
	for (; worker->waiting_n > 0; worker->waiting_n--) {
		struct work *work = &worker->waiting[worker->waiting_n - 1];

		send_ref(worker, fq_Type_RETURN, &work->ref);
		closep(&work->fd);
	}
	for (uint32_t i = 0; i < worker->slots_n; i++) {
		struct slot *slot = &worker->slots[i];

		if (!slot->busy || slot->dropped || slot_finishes(slot, budget_ms))
			continue;
		send_ref(worker, fq_Type_RETURN, &slot->work.ref);
		slot_abandon(slot);
	}
}

uint32_t slots_busy(const struct worker *worker)
{
	uint32_t busy = 0;

	for (uint32_t i = 0; i < worker->slots_n; i++)
		busy += worker->slots[i].busy && !worker->slots[i].dropped;
	return busy;
}
