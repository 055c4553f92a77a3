/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status page: see status_page.h. Figures, the throughput of the last hour, nodes, jobs that have not ended, jobs that have. */
#include "daemon/coord/status_page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/html_style.h"
#include "lib/qc/html_text.h"
#include "lib/qc/plot.h"
#include "lib/qc/print.h"

#define AGAIN_S 5
#define RECENT 3 /* stretches of the ring that the rate is the average of */

const char status_style[] =
	"body { display: block; }\n"
	".card { overflow: hidden; }\n"
	".scroll { max-height: 34rem; width: auto; }\n"
	"table { width: 100%; }\n"
	"th, td { padding: .28rem .75rem; }\n"
	"td.wide { white-space: normal; min-width: 12rem; overflow-wrap: anywhere; text-align: left; color: var(--dim); }\n"
	"td.name { max-width: 18rem; overflow: hidden; text-overflow: ellipsis; text-align: left; }\n"
	".two { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }\n"
	".none { color: var(--dim); margin: .2rem 0 0; }\n"
	".dim { color: var(--dim); }\n"
	".progress { display: inline-block; vertical-align: middle; width: 5.5rem; height: .5rem; margin-right: .5rem; border-radius: .25rem;"
	" background: var(--line); overflow: hidden; }\n"
	".progress i { display: block; height: 100%; background: var(--s0); }\n"
	".dot { display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .45rem; background: currentColor; }\n"
	".busy { color: var(--s0); }\n"
	".alarm { border: 1px solid var(--fail); color: var(--fail); border-radius: 10px; padding: .7rem 1rem; margin: 0 0 1.1rem;"
	" font-weight: 600; }\n"
	".rate { position: relative; margin-top: .6rem; }\n"
	".rate svg { display: block; width: 100%; height: 9rem; }\n"
	".rate .top { position: absolute; top: .1rem; left: 0; font-size: 12px; color: var(--dim);"
	" background: var(--card); padding-right: .4rem; }\n"
	".rate .flow { fill: var(--s0); opacity: .18; stroke: none; }\n"
	".rate .edge { fill: none; stroke: var(--s0); stroke-width: 1.6; stroke-linejoin: round; }\n"
	".ago { display: flex; justify-content: space-between; font-size: 12px; color: var(--dim); margin-top: .2rem; }\n"
	/* columns: m is for wide screens, n for all but the narrowest; there a file of a job is two lines */
	"@media (max-width: 60rem) { .m { display: none; } td.name { max-width: 11rem; } }\n"
	"@media (max-width: 40rem) { .n { display: none; } .progress { width: 3rem; }"
	" td.wide { min-width: 9rem; } td.name { max-width: 7rem; }"
	" .files thead { display: none; } .files tr { display: flex; flex-wrap: wrap; padding: .2rem 0; }"
	" .files td.wide { flex-basis: 100%; padding-top: 0; } }\n";

/* ---- words and numbers */

/* "12.4 MB/s"; the unit of what is below a thousand stands apart, too. */
static void with_unit(FILE *out, double value, const char *unit)
{
	html_si(out, value, 3);
	fprintf(out, "%s%s", value < 999.5 ? "&#160;" : "", unit);
}

/* A sentence, cut to what two lines show; all of it is told where a pointer rests. */
static void two_lines(FILE *out, const char *sentence)
{
	fputs("<span class=\"two\" title=\"", out);
	html_text(out, sentence);
	fputs("\">", out);
	html_text(out, sentence);
	fputs("</span>", out);
}

static void elapsed(FILE *out, uint64_t ms)
{
	char text[32];

	fputs(text_elapsed(text, ms), out);
}

static uint64_t since(uint64_t from_ms, uint64_t to_ms)
{
	return from_ms > 0 && to_ms > from_ms ? to_ms - from_ms : 0;
}

/* ---- figures */

static double rate_now(const struct overview *status, bool reads)
{
	uint64_t sum = 0;

	for (uint32_t ago = 1; ago <= RECENT; ago++) {
		struct stretch stretch = metrics_stretch(status->metrics, status->look->now_ms, ago);

		sum += reads ? stretch.reads : stretch.bytes;
	}
	return (double)sum * 1000 / (RECENT * RING_MS);
}

static void figure_of(FILE *out, const char *name, uint64_t part, uint64_t all)
{
	fprintf(out, "<div><dt>%s</dt><dd>%" PRIu64 "<small>&#160;of %" PRIu64 "</small></dd></div>\n", name, part, all);
}

static void figure_unit(FILE *out, const char *name, double value, const char *unit)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	with_unit(out, value, unit);
	fputs("</dd></div>\n", out);
}

static void figures_write(FILE *out, const struct overview *status)
{
	const struct metrics_look *look = status->look;
	const uint64_t up = look->nodes_n - look->workers[WORKER_DOWN];

	fputs("<dl class=\"figures\">\n", out);
	figure_of(out, "Nodes up", up, look->nodes_n);
	figure_of(out, "Slots busy", look->slices_inflight, look->slots);
	fprintf(out, "<div><dt>Jobs running</dt><dd>%u</dd></div>\n<div><dt>Jobs pending</dt><dd>%u</dd></div>\n", look->jobs.running,
	        look->jobs.pending);
	figure_unit(out, "Throughput", rate_now(status, false), "B/s");
	figure_unit(out, "Reads", rate_now(status, true), "/s");
	fputs("</dl>\n", out);
}

/* ---- throughput */

#define WIDTH (RING_N - 1.0)
#define HEIGHT 100.0

/* The line from the oldest whole stretch to the newest; area: closed at the bottom. */
static void flow_write(FILE *out, const struct overview *status, const struct scale *scale, bool area)
{
	double before = -1;

	fprintf(out, "<path class=\"%s\" d=\"", area ? "flow" : "edge");
	if (area)
		fprintf(out, "M0 %g", HEIGHT);
	for (uint32_t i = 1; i < RING_N; i++) {
		const struct stretch stretch = metrics_stretch(status->metrics, status->look->now_ms, RING_N - i);
		double y = scale_at(scale, (double)stretch.bytes * 1000 / RING_MS), x = i - 1;

		/* a level of zeros is one line */
		if (y == before && i + 1 < RING_N) {
			const struct stretch next = metrics_stretch(status->metrics, status->look->now_ms, RING_N - i - 1);

			if (scale_at(scale, (double)next.bytes * 1000 / RING_MS) == y)
				continue;
		}
		fprintf(out, "%s%g %.1f", i == 1 && !area ? "M" : "L", x * WIDTH / (RING_N - 2), y);
		before = y;
	}
	fprintf(out, area ? "L%g %gZ\"/>\n" : "\"/>\n", WIDTH, HEIGHT);
}

static void throughput_write(FILE *out, const struct overview *status)
{
	struct scale scale = {.from = 0, .at_from = HEIGHT, .at_to = 8};
	uint64_t most = 0;

	for (uint32_t ago = 1; ago < RING_N; ago++) {
		const struct stretch stretch = metrics_stretch(status->metrics, status->look->now_ms, ago);

		most = stretch.bytes > most ? stretch.bytes : most;
	}
	scale.to = scale_end((double)most * 1000 / RING_MS, 4);
	fputs("<section id=\"throughput\" class=\"card\">\n<h2>Throughput of the last hour</h2>\n", out);
	fputs("<p class=\"about\">File bytes a second, of slices whose counters were taken.</p>\n", out);
	if (most == 0) {
		fputs("<p class=\"none\">Nothing was counted.</p>\n</section>\n", out);
		return;
	}
	fputs("<figure class=\"rate\"><span class=\"top\">", out);
	with_unit(out, scale.to, "B/s");
	fprintf(out, "</span><svg viewBox=\"0 0 %g %g\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Throughput\">\n", WIDTH, HEIGHT);
	fprintf(out, "<path class=\"grid\" d=\"M0 8H%gM0 54H%g\"/><path class=\"axis\" d=\"M0 %gH%g\"/>\n", WIDTH, WIDTH, HEIGHT, WIDTH);
	flow_write(out, status, &scale, true);
	flow_write(out, status, &scale, false);
	fputs("</svg><div class=\"ago\"><span>60 min ago</span><span>45</span><span>30</span><span>15</span><span>now</span></div></figure>\n"
	      "</section>\n", out);
}

/* ---- nodes */

static void node_write(FILE *out, const struct overview *status, const struct look_node *node)
{
	static const char *const classes[] = {"pass", "busy", "warn", "fail", "fail"};

	fputs("<tr><th class=\"text\">", out);
	html_text(out, node->view.name);
	fprintf(out, "</th><td class=\"text\"><span class=\"dot %s\"></span>", classes[worker_state(node->view.state)]);
	html_text(out, node->view.state);
	fprintf(out, "</td><td>%u of %u</td><td class=\"n\">", node->view.busy, node->view.slots);
	with_unit(out, (double)node->view.rate, "B/s");
	fputs("</td><td class=\"m\">", out);
	with_unit(out, (double)node->view.bytes_done, "B");
	fputs("</td><td class=\"m\">", out);
	elapsed(out, node->heard_ms);
	fputs("</td>", out);
	if (status->whole) {
		fputs("<td class=\"wide\">", out);
		two_lines(out, node->view.reason);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void nodes_write(FILE *out, const struct overview *status)
{
	const struct metrics_look *look = status->look;

	fputs("<section id=\"nodes\" class=\"card\">\n<h2>Nodes</h2>\n", out);
	if (look->nodes_n == 0) {
		fputs("<p class=\"none\">No worker has connected.</p>\n</section>\n", out);
		return;
	}
	fprintf(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>Node</th><th class=\"text\">State</th><th>Busy</th>"
	        "<th class=\"n\">Rate</th>"
	        "<th class=\"m\">Counted</th><th class=\"m\">Heard</th>%s</tr></thead>\n<tbody>\n",
	        status->whole ? "<th class=\"text\">Reason</th>" : "");
	for (uint32_t i = 0; i < look->nodes_n && i < STATUS_NODES_MAX; i++)
		node_write(out, status, &look->nodes[i]);
	fputs("</tbody></table></div>\n", out);
	if (look->nodes_n > STATUS_NODES_MAX)
		fprintf(out, "<p class=\"note\">The first %d of %u.</p>\n", STATUS_NODES_MAX, look->nodes_n);
	fputs("</section>\n", out);
}

/* ---- jobs */

/* The last part of a path: jobs are named by their first file where nobody names them. */
static const char *short_name(const char *name)
{
	const char *slash = *name == '/' ? strrchr(name, '/') : NULL;

	return slash && slash[1] ? slash + 1 : name;
}

static void job_begin(FILE *out, const struct overview *status, const fq_Job *job)
{
	fputs("<tr><th class=\"text\">", out);
	if (status->whole)
		fprintf(out, "<a href=\"/job/%" PRIu64 "\">%" PRIu64 "</a>", job->job, job->job);
	else
		fprintf(out, "%" PRIu64, job->job);
	fputs("</th><td class=\"text n\">", out);
	html_text(out, job->owner);
	fputs("</td>", out);
	if (status->whole) {
		fputs("<td class=\"name\" title=\"", out);
		html_text(out, job->name);
		fputs("\">", out);
		html_text(out, short_name(job->name));
		fputs("</td>", out);
	}
}

static void open_write(FILE *out, const struct overview *status, const fq_Job *job)
{
	double part = job->bytes > 0 ? fmin(1, (double)job->bytes_done / (double)job->bytes) : 0;
	bool running = job->state == fq_JobState_JOB_RUNNING;

	job_begin(out, status, job);
	fprintf(out, "<td class=\"text\"><span class=\"dot %s\"></span>%s</td>", running ? "busy" : "dim", running ? "running" : "pending");
	fprintf(out, "<td class=\"text\"><span class=\"progress\"><i style=\"width:%.1f%%\"></i></span>%.0f&#160;%%</td>", 100 * part,
	        floor(100 * part));
	fprintf(out, "<td class=\"m\">%u of %u</td><td class=\"m\">", job->files_done, job->files);
	html_si(out, (double)job->records, 3);
	fputs("</td><td>", out);
	elapsed(out, since(job->submitted_ms, status->look->wall_ms));
	fputs("</td><td class=\"wide\">", out);
	if (job->reason[0])
		html_text(out, job->reason);
	else if (status->whole && job->node_names[0])
		html_text(out, job->node_names);
	else if (job->nodes > 0)
		fprintf(out, "%u node%s", job->nodes, job->nodes == 1 ? "" : "s");
	fputs("</td></tr>\n", out);
}

static void ended_write(FILE *out, const struct overview *status, const fq_Job *job)
{
	const bool well = job->state == fq_JobState_JOB_COMPLETED, failed = job->state == fq_JobState_JOB_FAILED;

	job_begin(out, status, job);
	fprintf(out, "<td class=\"text\"><span class=\"dot %s\"></span>%s</td>", well ? "pass" : failed ? "fail" : "dim",
	        well ? "completed" : failed ? "failed" : "cancelled");
	fprintf(out, "<td>%u</td><td class=\"m\">", job->files);
	html_si(out, (double)job->records, 3);
	fputs("</td><td class=\"m\">", out);
	with_unit(out, (double)job->bytes, "B");
	fputs("</td><td class=\"m\">", out);
	elapsed(out, since(job->submitted_ms, job->ended_ms));
	fputs("</td><td>", out);
	elapsed(out, since(job->ended_ms, status->look->wall_ms));
	fputs(" ago</td>", out);
	if (status->whole) {
		fputs("<td class=\"wide\">", out);
		if (job->has_error)
			two_lines(out, job->error.text);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void jobs_write(FILE *out, const struct overview *status)
{
	const char *name = status->whole ? "<th class=\"text\">Name</th>" : "";
	const uint32_t all = status->look->jobs.pending + status->look->jobs.running;

	fputs("<section id=\"jobs\" class=\"card\">\n<h2>Jobs</h2>\n", out);
	if (status->open_n == 0)
		fputs("<p class=\"none\">None waits or runs.</p>\n", out);
	else
		fprintf(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>Job</th><th class=\"text n\">Owner</th>%s"
		        "<th class=\"text\">State</th>"
		        "<th class=\"text\">Progress</th><th class=\"m\">Files</th><th class=\"m\">Reads</th><th>Elapsed</th>"
		        "<th class=\"text\">Nodes or reason</th></tr></thead>\n<tbody>\n", name);
	for (uint32_t i = 0; i < status->open_n; i++)
		open_write(out, status, &status->open[i]);
	if (status->open_n > 0)
		fputs("</tbody></table></div>\n", out);
	if (all > status->open_n)
		fprintf(out, "<p class=\"note\">The first %u of %u.</p>\n", status->open_n, all);
	fputs("</section>\n<section id=\"ended\" class=\"card\">\n<h2>Ended jobs</h2>\n", out);
	if (status->ended_n == 0) {
		fputs("<p class=\"none\">None of the last ones.</p>\n</section>\n", out);
		return;
	}
	fprintf(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>Job</th><th class=\"text n\">Owner</th>%s"
	        "<th class=\"text\">State</th>"
	        "<th>Files</th><th class=\"m\">Reads</th><th class=\"m\">Size</th><th class=\"m\">Elapsed</th><th>Ended</th>%s</tr></thead>\n"
	        "<tbody>\n",
	        name, status->whole ? "<th class=\"text\">Error</th>" : "");
	for (uint32_t i = 0; i < status->ended_n; i++)
		ended_write(out, status, &status->ended[i]);
	fputs("</tbody></table></div>\n</section>\n", out);
}

/* ---- the page */

static void page_head(FILE *out, const struct overview *status)
{
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	        "<meta http-equiv=\"refresh\" content=\"%d\"/>\n"
	        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	        "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	        "<link rel=\"icon\" href=\"data:,\"/>\n<title>fqcluster &#8211; status</title>\n<style>\n", AGAIN_S);
	fputs(html_style, out);
	fputs(status_style, out);
	fputs("</style>\n</head>\n<body>\n<header>\n<p class=\"kind\">FASTQ quality control of the cluster</p>\n<h1>Status</h1>\n", out);
	figures_write(out, status);
	fputs("</header>\n", out);
}

static int print(FILE *out, const void *data)
{
	const struct overview *status = data;
	const uint64_t begun = status->metrics->begun_wall_ms;

	page_head(out, status);
	fputs("<main>\n", out);
	if (!status->look->serving || status->look->hold)
		fputs("<p class=\"alarm\" role=\"alert\">The disk of the state folder is full: no job is taken until there is room.</p>\n", out);
	throughput_write(out, status);
	nodes_write(out, status);
	jobs_write(out, status);
	fprintf(out, "</main>\n<footer>fqcluster %s, up for ", PACKAGE_VERSION);
	elapsed(out, since(begun, status->look->wall_ms));
	fputs(", ", out);
	html_si(out, (double)status->metrics->reads, 3);
	fputs(" reads since. The page is loaded anew every five seconds; numbers for programs are at <a href=\"/metrics\">/metrics</a>.</footer>\n"
	      "</body>\n</html>\n", out);
	return 0;
}

int status_page_write(FILE *out, const struct overview *status, struct error *err)
{
	return print_numbers(out, print, status, "the status page", err);
}
