/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl top: jobs, nodes and throughput on a full screen, anew each second. The screen is top_draw.c's; here are the questions, the
 * keys, and the terminal, which is put back as it was however fqctl ends.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ctl/history.h"
#include "ctl/top.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

#define ENDED_MAX 1000 /* jobs that end between two looks and are counted */

struct top_options {
	uint64_t interval_ms;
};

static const struct option_row top_rows[] = {
	{.long_name = "interval", .letter = 'i', .argument = "SECONDS", .type = OPTION_DURATION, .default_text = "1s", .smallest = 200,
	 .largest = 3600000, .help = "Time from one look to the next.", OPTION_FIELD(struct top_options, interval_ms)},
};

static const struct option_table top_table = {
	.name = "top",
	.rows = top_rows,
	.n = sizeof top_rows / sizeof *top_rows,
	.settings_size = sizeof(struct top_options),
};

/* ---- the terminal */

static struct termios usual;

static void terminal_leave(void)
{
	static const char leave[] = "\033[?25h\033[?1049l";

	if (write(STDOUT_FILENO, leave, sizeof leave - 1) < 0)
		return;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &usual);
}

static void ended(int number)
{
	terminal_leave();
	_exit(number == SIGINT ? 130 : 128 + number);
}

static void resized(int number)
{
	(void)number; /* that poll() ends is enough */
}

static int terminal_check(struct error *err)
{
	const char *terminal = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !terminal || strcmp(terminal, "dumb") == 0 ||
	    tcgetattr(STDIN_FILENO, &usual) < 0)
		return error_set(err, -ENOTTY, ERROR_USAGE,
		                 "top needs a terminal for its screen; 'fqctl status' and 'fqctl nodes' print the same as tables");
	return 0;
}

static void terminal_enter(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction end = {.sa_handler = ended}, resize = {.sa_handler = resized};
	struct termios keys = usual;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 0;
	keys.c_cc[VTIME] = 0;
	keys.c_cc[VSUSP] = _POSIX_VDISABLE; /* a shell would find itself on this screen */
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		(void)sigaction(ends[i], &end, NULL);
	(void)sigaction(SIGWINCH, &resize, NULL);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
	(void)fputs("\033[?1049h\033[?25l\033[2J", stdout);
}

/* ---- a look */

struct nodes {
	fq_Node *rows;
	size_t n, room;
};

static int take_job(void *data, uint16_t type, const void *message, struct error *err)
{
	if (type != fq_Type_JOB)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to STATUS", message_name(type));
	return history_add(data, message) < 0 ? error_oom(err) : 0;
}

static int take_node(void *data, uint16_t type, const void *message, struct error *err)
{
	struct nodes *nodes = data;

	if (type != fq_Type_NODE)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to NODES", message_name(type));
	if (nodes->n == nodes->room) {
		size_t room = nodes->room ? 2 * nodes->room : 16;
		fq_Node *rows = reallocarray(nodes->rows, room, sizeof *rows);

		if (!rows)
			return error_oom(err);
		nodes->rows = rows;
		nodes->room = room;
	}
	nodes->rows[nodes->n++] = *(const fq_Node *)message;
	return 0;
}

/* What runs, what has ended since the last look, and the nodes. *ended_from: the newest end that is known, by the coordinator's clock. */
static int look(struct client *client, struct top *top, uint64_t *ended_from, struct error *err)
{
	fq_JobsRequest open = {0}, past = {.all = true, .from_ms = *ended_from + 1, .limit = ENDED_MAX};
	struct history jobs = {0}, past_jobs = {0};
	struct nodes nodes = {0};
	const fq_Empty empty = {0};
	int r = client_list(client, fq_Type_STATUS, &open, take_job, &jobs, err);

	if (r == 0 && client->welcome.proto >= 3)
		r = client_list(client, fq_Type_STATUS, &past, take_job, &past_jobs, err);
	if (r == 0)
		r = client_list(client, fq_Type_NODES, &empty, take_node, &nodes, err);
	if (r == 0 && top_look(top, jobs.jobs, jobs.n, past_jobs.jobs, past_jobs.n, nodes.rows, nodes.n, clock_monotonic_ms()) < 0)
		r = error_oom(err);
	for (size_t i = 0; r == 0 && i < past_jobs.n; i++)
		if (past_jobs.jobs[i].ended_ms > *ended_from)
			*ended_from = past_jobs.jobs[i].ended_ms;
	history_deinit(&jobs);
	history_deinit(&past_jobs);
	free(nodes.rows);
	return r;
}

/* The same over a coordinator's restart: the last look stays, and it is said why. Negative: what no other try can change. */
static int look_again(struct client *client, struct top *top, uint64_t *ended_from, struct error *err)
{
	int r = 0;

	if (!client->connection)
		r = client_open(client, client->settings, err);
	if (r == 0)
		r = look(client, top, ended_from, err);
	top->trouble[0] = '\0';
	if (r == 0 || !client_lost(r, err)) {
		top->generation = client->welcome.generation;
		return r;
	}
	client->connection = connection_free(client->connection);
	(void)snprintf(top->trouble, sizeof top->trouble, "%.200s; trying again", err->text);
	return 0;
}

/* Paused: the screen stays as it is, and the connection as long as it can. */
static int stay(struct client *client, struct error *err)
{
	int r = client->connection ? client_idle(client, err) : 0;

	if (!client_lost(r, err))
		return r;
	client->connection = connection_free(client->connection);
	return 0;
}

/* ---- the loop */

static int draw(const struct top *top, struct error *err)
{
	struct winsize window = {.ws_col = 80, .ws_row = 24};
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm parts;
	int r;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
	if (localtime_r(&now, &parts))
		(void)strftime(clock, sizeof clock, "%H:%M:%S", &parts);
	(void)fputs("\033[H", stdout);
	r = top_draw(top, window.ws_col ? window.ws_col : 80, window.ws_row ? window.ws_row : 24, draw_utf8(), true, clock, stdout);
	if (r < 0)
		return error_oom(err);
	return fflush(stdout) == 0 ? 0 : error_set(err, -EIO, ERROR_CANT_CREATE, "the terminal cannot be written to");
}

/* Until the next look is due. 1: the person has seen enough. */
static int keys(struct top *top, uint64_t until_ms, struct error *err)
{
	for (;;) {
		uint64_t now = clock_monotonic_ms();
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		int n = poll(&input, 1, now < until_ms ? (int)(until_ms - now) : 0), r;
		char key = 0;

		if (n == 0)
			return 0;
		if (n > 0 && read(STDIN_FILENO, &key, 1) <= 0)
			return 1; /* the terminal is gone */
		if (key == 'q' || key == 'Q')
			return 1;
		if (key == ' ')
			top->paused = !top->paused;
		r = draw(top, err); /* of the terminal's new size, perhaps */
		if (r < 0)
			return r;
	}
}

static int run(struct call *call, struct error *err)
{
	const struct top_options *options = call->options;
	struct client client = {0};
	struct top top = {0};
	uint64_t ended_from = 0;
	int r = terminal_check(err);

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0)
		terminal_enter();
	if (r < 0) {
		client_close(&client);
		return r;
	}
	top.address = client.address;
	top.version = client.welcome.version;
	while (r == 0) {
		uint64_t began = clock_monotonic_ms();

		r = top.paused ? stay(&client, err) : look_again(&client, &top, &ended_from, err);
		if (r == 0)
			r = draw(&top, err);
		if (r == 0)
			r = keys(&top, began + options->interval_ms, err);
	}
	terminal_leave();
	client_close(&client);
	top_deinit(&top);
	return r > 0 ? 0 : r;
}

const struct verb verb_top = {
	.name = "top",
	.arguments = "",
	.help = "Watch jobs, nodes and throughput on a full screen.",
	.detail = "Keys: q quits, space pauses. It needs a terminal.",
	.example = "fqctl top -h coord",
	.table = &top_table,
	.run = run,
};
