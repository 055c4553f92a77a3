/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen of fqctl top:
 *
 *     fqctl top  coord:5381                       fqcluster 1.0  start 5  14:02:11
 *     Jobs   2 running, 1 waiting     Nodes  3 up, 1 down     Slots  5 of 12 busy
 *     Reads  1.2 M/s   (curve)                               Bytes  812 MB/s
 *
 *     JOBID NAME ...                  jobs that run, then those that wait
 *
 *     NODE STATE ...                  nodes
 *     q quit  space pause
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/job_cells.h"
#include "ctl/top.h"
#include "lib/base/cleanup.h"
#include "lib/base/hostlist.h"
#include "lib/base/text.h"

#define HEAD 4 /* lines, with the empty one */
#define CURVE_MOST 60
#define BAR 12
#define TRACK "░"
#define WIDE 100 /* columns, from which there is room for all */

/* Of jobs, where there is less. */
#define FIELDS_NARROW "JOBID,NAME,USER,ST,TIME,PROGRESS,%,RATE,ETA,NODELIST"

static const struct table_column job_columns[] = {
	{.header = "JOBID", .right = true}, {.header = "NAME", .shrinks = true}, {.header = "USER"},
	{.header = "ST"},                   {.header = "TIME", .right = true},   {.header = "PROGRESS"},
	{.header = "%", .right = true},     {.header = "READS", .right = true},  {.header = "RATE", .right = true},
	{.header = "ETA", .right = true},   {.header = "NODELIST(REASON)"},
};

static const struct table_column node_columns[] = {
	{.header = "NODE"},
	{.header = "STATE"},
	{.header = "SLOTS"},
	{.header = "BUSY", .right = true},
	{.header = "JOBS", .right = true},
	{.header = "RATE", .right = true},
	{.header = "BYTES", .right = true},
	{.header = "VERSION"},
	{.header = "SEEN", .right = true},
	{.header = "REASON"},
};

/* A screen that is being drawn. */
struct screen {
	FILE *out;
	unsigned columns, rows, row;
	bool utf8, color;
};

/* One line; of a style ("1" bold, "7" reverse, over the whole line) where there is color. What is behind the last row is not drawn. */
static void line(struct screen *screen, const char *style, const char *text)
{
	size_t n = text_fit(text, screen->columns);
	char shown[4096];
	unsigned width;

	if (screen->row == screen->rows)
		return;
	(void)snprintf(shown, sizeof shown, "%.*s", (int)n, text);
	width = text_columns(shown);
	if (screen->row++ > 0)
		(void)fputc('\n', screen->out);
	if (screen->color && style)
		(void)fprintf(screen->out, "\033[%sm", style);
	(void)fputs(shown, screen->out);
	for (; screen->color && style && style[0] == '7' && width < screen->columns; width++)
		(void)fputc(' ', screen->out);
	if (screen->color)
		(void)fputs(style ? "\033[0m\033[K" : "\033[K", screen->out);
}

static void head_name(struct screen *screen, const struct top *top, const char *clock)
{
	char left[400], right[128], text[640];
	unsigned used;

	(void)snprintf(left, sizeof left, "fqctl top  %s", top->address);
	(void)snprintf(right, sizeof right, "fqcluster %s  start %llu  %s", top->version, (unsigned long long)top->generation, clock);
	used = text_columns(left) + text_columns(right);
	(void)snprintf(text, sizeof text, "%s%*s%s", left, used + 2 < screen->columns ? (int)(screen->columns - used) : 2, "", right);
	line(screen, "1", text);
}

static void head_sums(struct screen *screen, const struct top *top)
{
	uint64_t running = 0, down = 0, slots = 0, busy = 0, rate = 0, now = top->reads_n ? top->reads[top->reads_n - 1] : 0;
	char curve[4 * CURVE_MOST + 1], count[16], bytes[16], bar[4 * 20 + 1], text[640];
	unsigned room = screen->columns > 44 ? screen->columns - 44 : 0;

	for (size_t i = 0; i < top->jobs_n; i++)
		running += top->jobs[i].job.state != fq_JobState_JOB_PENDING;
	for (size_t i = 0; i < top->nodes_n; i++) {
		bool is_down = strcmp(top->nodes[i].state, "down") == 0;

		down += is_down;
		slots += is_down ? 0 : top->nodes[i].slots;
		busy += top->nodes[i].busy;
		rate += top->nodes[i].rate;
	}
	(void)draw_bar(bar, sizeof bar, screen->columns > 100 ? 20 : 6, slots ? (double)busy / (double)slots : 0, TRACK, screen->utf8);
	(void)snprintf(text, sizeof text, "Jobs   %llu running, %llu waiting   Nodes  %llu up, %llu down   Slots  %llu of %llu busy  %s",
	               (unsigned long long)running, (unsigned long long)(top->jobs_n - running), (unsigned long long)(top->nodes_n - down),
	               (unsigned long long)down, (unsigned long long)busy, (unsigned long long)slots, bar);
	line(screen, NULL, text);
	(void)draw_curve(curve, sizeof curve, room < CURVE_MOST ? room : CURVE_MOST, top->reads, top->reads_n, screen->utf8);
	(void)snprintf(text, sizeof text, "Reads  %s/s", text_count(count, now));
	(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%*s%s   Bytes  %s/s", 16 - (int)strlen(text), "", curve,
	               text_bytes(bytes, rate));
	line(screen, NULL, text);
	line(screen, NULL, "");
}

static int job_row(const struct screen *screen, struct table *table, const struct top_job *known)
{
	const fq_Job *job = &known->job;
	double part = job->bytes ? (double)job->bytes_done / (double)job->bytes : 0;
	uint64_t rate = pace_rate(&known->bytes), left = job->bytes > job->bytes_done ? job->bytes - job->bytes_done : 0;
	bool waits = job->state == fq_JobState_JOB_PENDING;
	const char *slash = strrchr(job->name, '/');
	char bar[4 * BAR + 1], text[320], speed[16];
	int r = table_count(table, job->job);

	r = r < 0 ? r : table_text(table, slash && slash[1] ? slash + 1 : job->name[0] ? job->name : "-");
	r = r < 0 ? r : table_text(table, job->owner);
	r = r < 0 ? r : table_text(table, job_told_short(job_told(job)));
	r = r < 0 ? r : table_text(table, text_elapsed(text, job_elapsed_ms(job)));
	r = r < 0 ? r : table_text(table, draw_bar(bar, sizeof bar, screen->columns < WIDE ? 6 : BAR, part, TRACK, screen->utf8));
	(void)snprintf(text, sizeof text, "%u%%", (unsigned)(part * 100));
	r = r < 0 ? r : table_text(table, waits ? "-" : text);
	r = r < 0 ? r : table_text(table, job->records ? text_count(text, job->records) : "-");
	(void)snprintf(text, sizeof text, "%s/s", text_bytes(speed, rate));
	r = r < 0 ? r : table_text(table, rate ? text : "-");
	r = r < 0 ? r : table_text(table, waits ? "-" : draw_left(text, left, rate));
	if (job->reason[0])
		(void)snprintf(text, sizeof text, "(%s)", job->reason);
	else
		(void)hostlist_fold(text, sizeof text, job->node_names, strlen(job->node_names) == sizeof job->node_names - 1);
	return r < 0 ? r : table_text(table, text);
}

static int node_row(const struct screen *screen, struct table *table, const fq_Node *node)
{
	bool down = strcmp(node->state, "down") == 0;
	double part = node->slots && !down ? (double)node->busy / (double)node->slots : 0;
	char bar[4 * BAR + 1], text[64], bytes[16];
	int r = table_text(table, node->name);

	r = r < 0 ? r : table_text(table, node->state);
	r = r < 0 ? r : table_text(table, draw_bar(bar, sizeof bar, screen->columns < WIDE ? 6 : BAR, part, TRACK, screen->utf8));
	if (down)
		(void)snprintf(text, sizeof text, "-/%u", node->slots);
	else
		(void)snprintf(text, sizeof text, "%u/%u", node->busy, node->slots);
	r = r < 0 ? r : table_text(table, text);
	r = r < 0 ? r : table_count(table, node->jobs);
	(void)snprintf(text, sizeof text, "%s/s", text_bytes(bytes, node->rate));
	r = r < 0 ? r : table_text(table, node->rate ? text : "-");
	r = r < 0 ? r : table_text(table, text_bytes(bytes, node->bytes_done));
	r = r < 0 ? r : table_text(table, node->version);
	if (node->seen_ms < 60000)
		(void)snprintf(text, sizeof text, "%us", (unsigned)(node->seen_ms / 1000));
	else
		(void)text_elapsed(text, node->seen_ms);
	r = r < 0 ? r : table_text(table, text);
	return r < 0 ? r : table_text(table, node->reason);
}

/* The table's lines: its header in reverse, then at most so many rows, the last of which says how many more there are. */
static int rows_draw(struct screen *screen, struct table *table, const struct table_column *columns, size_t n, size_t rows, size_t room)
{
	_cleanup_(freep) char *text = NULL;
	const struct table_options narrow = {.fields = (char *)FIELDS_NARROW, .sort = (char *)""};
	struct table_shape shape;
	size_t size = 0, at = 0, shown = rows > room ? room - 1 : rows;
	char more[64], *next = NULL;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return -ENOMEM;
	r = table_shape(columns, n, columns == job_columns && screen->columns < WIDE ? &narrow : NULL, &shape, NULL);
	shape.width = screen->columns;
	if (r == 0)
		r = table_print(table, &shape, out);
	if (fclose(out) != 0 || r < 0)
		return -ENOMEM;
	for (char *begin = strtok_r(text, "\n", &next); begin && at <= shown; begin = strtok_r(NULL, "\n", &next), at++)
		line(screen, at == 0 ? "7" : NULL, begin);
	if (rows > shown) {
		(void)snprintf(more, sizeof more, "... %zu more", rows - shown);
		line(screen, NULL, more);
	}
	return 0;
}

/* Those that run first; only as many rows as can be seen are made. */
static int jobs_draw(struct screen *screen, const struct top *top, size_t room)
{
	struct table *table = NULL;
	size_t made = 0;
	int r = table_new(job_columns, sizeof job_columns / sizeof *job_columns, &table);

	for (int waiting = 0; r == 0 && waiting < 2; waiting++)
		for (size_t i = 0; r == 0 && i < top->jobs_n && made < room; i++)
			if ((top->jobs[i].job.state == fq_JobState_JOB_PENDING) == (waiting > 0)) {
				r = job_row(screen, table, &top->jobs[i]);
				made++;
			}
	if (r == 0)
		r = rows_draw(screen, table, job_columns, sizeof job_columns / sizeof *job_columns, top->jobs_n, room);
	table_free(table);
	return r;
}

static int nodes_draw(struct screen *screen, const struct top *top, size_t room)
{
	struct table *table = NULL;
	int r = table_new(node_columns, sizeof node_columns / sizeof *node_columns, &table);

	for (size_t i = 0; r == 0 && i < top->nodes_n && i < room; i++)
		r = node_row(screen, table, &top->nodes[i]);
	if (r == 0)
		r = rows_draw(screen, table, node_columns, sizeof node_columns / sizeof *node_columns, top->nodes_n, room);
	table_free(table);
	return r;
}

int top_draw(const struct top *top, unsigned columns, unsigned rows, bool utf8, bool color, const char *clock, FILE *out)
{
	struct screen screen = {.out = out, .columns = columns, .rows = rows, .utf8 = utf8, .color = color};
	/* Lines of rows: without the head, two headers, the empty line between and the last one. Neither takes the other's half. */
	size_t room = rows > HEAD + 4 + 4 ? rows - HEAD - 4 : 4, half = room / 2;
	size_t jobs = top->jobs_n, nodes = top->nodes_n;
	char last[400];
	int r;

	if (jobs + nodes > room) {
		if (nodes <= half) {
			jobs = room - nodes;
		} else if (jobs <= room - half) {
			nodes = room - jobs;
		} else {
			jobs = room - half;
			nodes = half;
		}
	}
	head_name(&screen, top, clock);
	head_sums(&screen, top);
	r = jobs_draw(&screen, top, jobs);
	line(&screen, NULL, "");
	if (r == 0)
		r = nodes_draw(&screen, top, nodes);
	if (rows > 0 && screen.row >= rows) /* the last line is the keys', whatever there is */
		return r;
	while (screen.row + 1 < rows)
		line(&screen, NULL, "");
	(void)snprintf(last, sizeof last, "q quit  space %s%s%s", top->paused ? "go on  PAUSED" : "pause", top->trouble[0] ? "  " : "",
	               top->trouble);
	line(&screen, "1", last);
	return r;
}
