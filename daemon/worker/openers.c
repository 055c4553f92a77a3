/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The openers of a supervisor: see openers.h. */
#include "daemon/worker/openers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "daemon/events.h"
#include "daemon/worker/process.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define HURRY_US 10000 /* a request that waits so long is worth another process */
#define CALM_US 2000000 /* so long nothing waited: one of those that are idle may end */
#define TRIES_MAX 2    /* of a request whose opener ended under it */

struct opener_item {
	struct opener_item *next;
	struct open_request request;
	int file;
	unsigned int ticks; /* since it was asked, or since an opener has it */
	unsigned int tries;
};

static void item_free(struct opener_item *item)
{
	closep(&item->file);
	free(item);
}

static struct opener *in_state(struct openers *openers, enum opener_state state)
{
	for (size_t i = 0; i < OPENERS_MAX; i++)
		if (openers->all[i].state == state)
			return &openers->all[i];
	return NULL;
}

static size_t count_in(const struct openers *openers, enum opener_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		n += openers->all[i].state == state;
	return n;
}

size_t openers_hung(const struct openers *openers)
{
	return count_in(openers, OPENER_HUNG);
}

/* That are on their way, or whose opener hangs over them. */
static size_t count_aside(const struct openers *openers)
{
	size_t n = openers->aside;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		n += (openers->all[i].state == OPENER_BUSY || openers->all[i].state == OPENER_HUNG) && openers->all[i].aside;
	return n;
}

/* ---- answers of our own ---- */

static void answer_failed(struct openers *openers, struct opener_item *item, int r, enum error_class class, const char *what)
{
	struct open_answer answer = {.magic = OPENER_MAGIC, .number = item->request.number};

	answer.r = error_set(&answer.error, r, class, "%s %s", TEXT(item->request.path), what);
	openers->callbacks->on_answer(&item->request, &answer, -1, openers->userdata);
	item_free(item);
}

static void answer_late(struct openers *openers, struct opener_item *item)
{
	char what[160];

	(void)snprintf(what, sizeof what, "could not be %s within %llu ms: its storage does not answer",
	               item->request.kind == OPEN_CHECK ? "looked at" : "opened", (unsigned long long)openers->limit_ms);
	answer_failed(openers, item, -ETIMEDOUT, ERROR_IO, what);
}

static void answer_all_hang(struct openers *openers, struct opener_item *item)
{
	char what[160];

	(void)snprintf(what, sizeof what, "is not opened: all %d processes that open files here wait for storage that does not answer",
	               OPENERS_MAX);
	answer_failed(openers, item, -ETIMEDOUT, ERROR_IO, what);
}

/* ---- the queue ---- */

static void push_first(struct openers *openers, struct opener_item *item)
{
	item->next = openers->first;
	openers->first = item;
	if (!openers->last)
		openers->last = item;
	openers->queued++;
	openers->aside += item->request.aside;
}

static void push_last(struct openers *openers, struct opener_item *item)
{
	item->next = NULL;
	if (openers->last)
		openers->last->next = item;
	else
		openers->first = item;
	openers->last = item;
	openers->queued++;
	openers->aside += item->request.aside;
}

static struct opener_item *pop(struct openers *openers)
{
	struct opener_item *item = openers->first;

	openers->first = item->next;
	if (!openers->first)
		openers->last = NULL;
	openers->queued--;
	openers->aside -= item->request.aside;
	item->next = NULL;
	return item;
}

static void give_all(struct openers *openers);

/* ---- processes ---- */

static void clear(struct opener *opener)
{
	opener->io = sd_event_source_disable_unref(opener->io);
	opener->exit = sd_event_source_disable_unref(opener->exit);
	closep(&opener->fd);
	opener->pid = 0;
	opener->state = OPENER_DOWN;
}

/* Its opener has ended: it is asked of another, but not for ever. */
static void ask_again(struct openers *openers, struct opener_item *item)
{
	item->ticks = 0;
	if (++item->tries < TRIES_MAX)
		push_first(openers, item);
	else
		answer_failed(openers, item, -EIO, ERROR_OS, "could not be opened: the process that opens files has ended over it");
}

static int on_end_of_opener(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct opener *opener = userdata;
	struct opener_item *item = TAKE(opener->item);
	enum opener_state before = opener->state;

	clear(opener);
	if (before == OPENER_HUNG)
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_OPENER_ENDED},
		          "a process that hung while it opened a file has ended");
	else if (before != OPENER_LEAVING)
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_OPENER_ENDED},
		          "a process that opens files ended by %s %d", info->si_code == CLD_EXITED ? "exit status" : "signal",
		          info->si_status);
	opener->openers->told = false;
	if (item)
		ask_again(opener->openers, item);
	give_all(opener->openers);
	return 0;
}

static void take_answer(struct opener *opener)
{
	struct openers *openers = opener->openers;
	struct open_answer answer;
	struct opener_item *item;
	_cleanup_(closep) int fd = -1;
	int r = opener_receive(opener->fd, &answer, sizeof answer, &fd);

	if (r == -EAGAIN)
		return;
	if (r == 0 && opener->state == OPENER_BUSY)
		r = opener_check_answer(&answer, &opener->item->request, fd);
	if (r != 0 || opener->state != OPENER_BUSY) { /* its end follows */
		(void)sd_event_source_set_enabled(opener->io, SD_EVENT_OFF); /* switching off does not fail */
		(void)kill(opener->pid, SIGKILL);                          /* it is ours and not waited for: it exists */
		return;
	}
	item = TAKE(opener->item);
	opener->state = OPENER_IDLE;
	openers->callbacks->on_answer(&item->request, &answer, take_fd(&fd), openers->userdata);
	item_free(item);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct opener *opener = userdata;

	take_answer(opener);
	give_all(opener->openers);
	return 0;
}

static int watch(struct opener *opener)
{
	int r = sd_event_add_io(opener->openers->event, &opener->io, opener->fd, EPOLLIN, on_io, opener);

	if (r >= 0)
		r = sd_event_add_child(opener->openers->event, &opener->exit, opener->pid, WEXITED, on_end_of_opener, opener);
	return r < 0 ? r : 0;
}

static int start(struct opener *opener)
{
	const struct process_plan plan = {
	    .program = opener->openers->program,
	    .arguments = opener->openers->arguments,
	    .socket_type = SOCK_SEQPACKET,
	    .forked = opener->openers->callbacks->on_forked,
	    .userdata = opener->openers->userdata,
	};
	int r = process_start(&plan, &opener->pid, &opener->fd);

	if (r == 0)
		r = watch(opener);
	if (r == 0)
		r = fcntl(opener->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	if (r < 0) {
		process_end(opener->pid);
		clear(opener);
	} else {
		opener->state = OPENER_IDLE;
	}
	return r;
}

/* ---- giving ---- */

static void give(struct openers *openers, struct opener *opener)
{
	struct opener_item *item = pop(openers);
	int r = opener_send(opener->fd, &item->request, sizeof item->request, item->file);

	item->ticks = 0;
	opener->state = OPENER_BUSY;
	opener->item = item;
	opener->aside = item->request.aside;
	if (r < 0)
		(void)kill(opener->pid, SIGKILL); /* it has ended or will; what it has is asked again then */
}

/* Everything is late or lost already: it is said, and not waited for. */
static void deny_all(struct openers *openers)
{
	if (!openers->told)
		log_event(LOG_ERR, &(struct log_about){.event = TOLD_OPENERS_HANG},
		          "all %d processes that open files hang: nothing is opened until their storage answers", OPENERS_MAX);
	openers->told = true;
	for (size_t n = openers->queued; n > 0 && openers->first; n--)
		answer_all_hang(openers, pop(openers));
}

static int start_one(struct openers *openers, struct opener **ret)
{
	struct opener *opener = in_state(openers, OPENER_DOWN);
	int r = opener ? start(opener) : -EAGAIN;

	if (r == 0)
		*ret = opener;
	else if (r != -EAGAIN)
		log_error("no process that opens files can be started: %s", strerror(-r));
	return r;
}

static void arm(sd_event_source *timer, uint64_t us)
{
	int on = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(timer, &on); /* fails for no source that is there */
	if (on == SD_EVENT_OFF &&
	    (sd_event_source_set_time_relative(timer, us) < 0 || sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT) < 0))
		log_error("a timer of the processes that open files cannot be set");
}

static void set_timers(struct openers *openers)
{
	bool all_hang = openers_hung(openers) == OPENERS_MAX;

	if (!openers->first && !in_state(openers, OPENER_BUSY))
		(void)sd_event_source_set_enabled(openers->timer, SD_EVENT_OFF); /* switching off does not fail */
	else
		arm(openers->timer, all_hang ? 0 : openers->limit_ms * 1000 / OPENERS_TICKS);
	if (openers->first && !all_hang)
		arm(openers->hurry, HURRY_US);
	if (count_in(openers, OPENER_IDLE) > 1)
		arm(openers->calm, CALM_US);
}

/* The first of the queue goes to one that is idle; where none is alive at all, to a new one. */
static void give_all(struct openers *openers)
{
	while (openers->first) {
		struct opener *opener = in_state(openers, OPENER_IDLE);

		if (!opener && (in_state(openers, OPENER_BUSY) || start_one(openers, &opener) < 0))
			break;
		give(openers, opener);
	}
	set_timers(openers);
}

/* Those that are busy take their time: one more. */
static int on_hurry(sd_event_source *source, uint64_t us, void *userdata)
{
	struct openers *openers = userdata;
	struct opener *opener = NULL;

	(void)sd_event_source_set_enabled(openers->calm, SD_EVENT_OFF); /* switching off does not fail */
	if (openers->first && !in_state(openers, OPENER_IDLE))
		(void)start_one(openers, &opener); /* it has logged why not */
	give_all(openers);
	return 0;
}

/* The last of those that are idle ends, as its socket does. */
static int on_calm(sd_event_source *source, uint64_t us, void *userdata)
{
	struct openers *openers = userdata;
	struct opener *opener = NULL;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		if (openers->all[i].state == OPENER_IDLE)
			opener = &openers->all[i];
	if (opener && count_in(openers, OPENER_IDLE) > 1) {
		opener->state = OPENER_LEAVING;
		opener->io = sd_event_source_disable_unref(opener->io);
		closep(&opener->fd);
	}
	set_timers(openers);
	return 0;
}

/* ---- time ---- */

static void give_up(struct opener *opener)
{
	struct opener_item *item = TAKE(opener->item);

	opener->state = OPENER_HUNG;
	const struct log_about about = {.event = TOLD_OPENER_HUNG,
	                                .job = LOG_ID(item->request.job),
	                                .file = LOG_ID(item->request.file),
	                                .path = item->request.path};

	log_event(LOG_WARNING, &about,
	          "opening %s has hung for %llu ms; its process is given up", TEXT(item->request.path),
	          (unsigned long long)opener->openers->limit_ms);
	(void)kill(opener->pid, SIGKILL); /* it is ours and not waited for: it exists */
	(void)sd_event_source_set_enabled(opener->io, SD_EVENT_OFF);
	answer_late(opener->openers, item);
}

/* What waits in the queue for as long as one may wait is late, too. */
static void expire_queue(struct openers *openers)
{
	for (size_t n = openers->queued; n > 0 && openers->first; n--) {
		struct opener_item *item = pop(openers);

		if (++item->ticks > OPENERS_TICKS)
			answer_late(openers, item);
		else
			push_last(openers, item);
	}
}

static int on_tick(sd_event_source *source, uint64_t us, void *userdata)
{
	struct openers *openers = userdata;

	for (size_t i = 0; i < OPENERS_MAX; i++) {
		struct opener *opener = &openers->all[i];

		if (opener->state == OPENER_BUSY && ++opener->item->ticks > OPENERS_TICKS)
			give_up(opener);
	}
	if (openers_hung(openers) == OPENERS_MAX)
		deny_all(openers);
	else
		expire_queue(openers);
	give_all(openers);
	return 0;
}

/* ---- asking ---- */

int openers_ask(struct openers *openers, const struct open_request *request, int file)
{
	struct opener_item *item;

	assert((file >= 0) == (request->kind == OPEN_CHECK));
	if (openers->queued >= OPENERS_QUEUE_MAX)
		return -ENOBUFS;
	if (request->aside && count_aside(openers) >= OPENERS_ASIDE_MAX)
		return -EBUSY;
	item = malloc(sizeof *item);
	if (!item)
		return -ENOMEM;
	*item = (struct opener_item){.request = *request, .file = -1};
	if (file >= 0) {
		item->file = fcntl(file, F_DUPFD_CLOEXEC, 0);
		if (item->file < 0) {
			int r = -errno;

			item_free(item);
			return r;
		}
	}
	push_last(openers, item);
	give_all(openers);
	return 0;
}

/* ---- making and freeing ---- */

static int make_arguments(struct openers *openers, const struct conf_list *roots)
{
	openers->arguments = calloc(roots->n + 3, sizeof *openers->arguments);
	if (!openers->arguments)
		return -ENOMEM;
	openers->arguments[0] = (char *)OPENER_NAME;
	openers->arguments[1] = (char *)OPENER_OPTION;
	memcpy(openers->arguments + 2, roots->items, roots->n * sizeof *roots->items);
	return 0;
}

int openers_init(struct openers *openers, sd_event *event, const char *program, const struct conf_list *roots, uint64_t limit_ms,
                 const struct openers_callbacks *callbacks, void *userdata, struct error *err)
{
	int r;

	assert(event && program && callbacks && limit_ms > 0);
	*openers = (struct openers){
	    .event = event, .program = program, .limit_ms = limit_ms, .callbacks = callbacks, .userdata = userdata};
	for (size_t i = 0; i < OPENERS_MAX; i++)
		openers->all[i] = (struct opener){.openers = openers, .fd = -1};
	r = make_arguments(openers, roots);
	if (r == 0)
		r = sd_event_add_time(event, &openers->timer, CLOCK_MONOTONIC, 0, 0, on_tick, openers);
	if (r >= 0)
		r = sd_event_add_time(event, &openers->hurry, CLOCK_MONOTONIC, 0, 0, on_hurry, openers);
	if (r >= 0)
		r = sd_event_add_time(event, &openers->calm, CLOCK_MONOTONIC, 0, 0, on_calm, openers);
	for (size_t i = 0; r >= 0 && i < 3; i++)
		r = sd_event_source_set_enabled((sd_event_source *[]){openers->timer, openers->hurry, openers->calm}[i], SD_EVENT_OFF);
	if (r >= 0)
		r = start(&openers->all[0]);
	return r < 0 ? error_set(err, r, ERROR_OS, "no process that opens files can be started: %s", strerror(-r)) : 0;
}

void openers_deinit(struct openers *openers)
{
	for (size_t i = 0; openers->event && i < OPENERS_MAX; i++) {
		struct opener *opener = &openers->all[i];

		process_end(opener->pid);
		clear(opener);
		if (opener->item)
			item_free(TAKE(opener->item));
	}
	while (openers->first)
		item_free(pop(openers));
	openers->timer = sd_event_source_disable_unref(openers->timer);
	openers->hurry = sd_event_source_disable_unref(openers->hurry);
	openers->calm = sd_event_source_disable_unref(openers->calm);
	free(TAKE(openers->arguments));
}
