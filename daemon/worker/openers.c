/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The openers of a supervisor: see openers.h. Here are their processes and what each is given; what waits for one is in openers_queue.c. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/events.h"
#include "daemon/worker/openers_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define HURRY_US 10000 /* a request that waits so long is worth another process */
#define CALM_US 2000000 /* so long nothing waited: one of those that are idle may end */

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

size_t openers_aside(const struct openers *openers)
{
	size_t n = 0;

	for (size_t i = 0; i < OPENERS_MAX; i++)
		n += (openers->all[i].state == OPENER_BUSY || openers->all[i].state == OPENER_HUNG) && openers->all[i].aside;
	return n;
}

/* ---- processes ---- */

static void clear(struct opener *opener)
{
	opener->io = sd_event_source_disable_unref(opener->io);
	process_end(&opener->process);
	opener->state = OPENER_DOWN;
}

static void on_end_of_opener(int signal, int exit_status, void *owner)
{
	struct opener *opener = owner;
	struct opener_item *item = TAKE(opener->item); /* BUSY: its end has come before that of its socket */
	enum opener_state before = opener->state;

	clear(opener);
	if (before == OPENER_HUNG)
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_OPENER_ENDED},
		          "a process that hung while it opened a file has ended");
	else if (before != OPENER_LEAVING)
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_OPENER_ENDED},
		          "a process that opens files ended by %s %d", signal ? "signal" : "exit status",
		          signal ? signal : exit_status);
	opener->openers->told = false;
	if (item)
		queue_ask_again(opener->openers, item);
	openers_give(opener->openers);
}

/* It is of no use any more, and its end follows, which a debugger may keep back: what it had to open is not kept so long. */
static void end(struct opener *opener)
{
	struct opener_item *item = TAKE(opener->item);

	opener->state = OPENER_ENDING;
	(void)sd_event_source_set_enabled(opener->io, SD_EVENT_OFF); /* switching off does not fail */
	process_kill(&opener->process);
	if (item)
		queue_ask_again(opener->openers, item);
}

static void take_answer(struct opener *opener)
{
	struct openers *openers = opener->openers;
	struct open_answer answer;
	struct opener_item *item;
	_cleanup_(closep) int fd = -1;
	int r = opener_receive(opener->process.fd, &answer, sizeof answer, &fd);

	if (r == -EAGAIN)
		return;
	if (r == 0 && opener->state == OPENER_BUSY)
		r = opener_check_answer(&answer, &opener->item->request, fd);
	if (r != 0 || opener->state != OPENER_BUSY) {
		end(opener);
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
	openers_give(opener->openers);
	return 0;
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
	int r = process_start(&opener->process, opener->openers->event, &plan, on_end_of_opener, opener);

	if (r == 0)
		r = sd_event_add_io(opener->openers->event, &opener->io, opener->process.fd, EPOLLIN, on_io, opener);
	if (r >= 0)
		r = fcntl(opener->process.fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	if (r < 0)
		clear(opener);
	else
		opener->state = OPENER_IDLE;
	return r;
}

/* ---- giving ---- */

/* fresh: it was started for this. One that had ended before, while it had nothing to do, has not ended over what it is given now. */
static void give(struct openers *openers, struct opener *opener, bool fresh)
{
	struct opener_item *item = queue_pop(openers);
	int r = opener_send(opener->process.fd, &item->request, sizeof item->request, item->file);

	if (r < 0 && !fresh) {
		queue_put_back(openers, item);
		end(opener);
		return;
	}
	item->ticks = 0;
	opener->state = OPENER_BUSY;
	opener->item = item;
	opener->aside = item->request.aside;
	if (r < 0)
		process_kill(&opener->process); /* its end follows, whereupon what it has is asked again */
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

void openers_give(struct openers *openers)
{
	while (openers->first) {
		struct opener *opener = in_state(openers, OPENER_IDLE);
		bool fresh = !opener;

		if (fresh && (in_state(openers, OPENER_BUSY) || start_one(openers, &opener) < 0))
			break;
		give(openers, opener, fresh);
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
	openers_give(openers);
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
		process_leave(&opener->process);
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
	process_kill(&opener->process);
	(void)sd_event_source_set_enabled(opener->io, SD_EVENT_OFF);
	item_late(opener->openers, item);
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
		queue_deny(openers);
	else
		queue_expire(openers);
	openers_give(openers);
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
		openers->all[i] = (struct opener){.openers = openers, .process = PROCESS_NONE};
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

		clear(opener);
		if (opener->item)
			item_free(TAKE(opener->item));
	}
	while (openers->first)
		item_free(queue_pop(openers));
	openers->timer = sd_event_source_disable_unref(openers->timer);
	openers->hurry = sd_event_source_disable_unref(openers->hurry);
	openers->calm = sd_event_source_disable_unref(openers->calm);
	free(TAKE(openers->arguments));
}
