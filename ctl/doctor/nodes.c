/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be thought of the nodes: their versions, states, slots, answers and roots. Pure: see doctor.h. */
#include <inttypes.h>
#include <string.h>

#include "ctl/doctor/doctor.h"
#include "lib/base/text.h"

#define NAMES_MAX 300 /* of a list of names in a sentence */

struct names {
	char text[NAMES_MAX];
	size_t n, left; /* left: that are not named for want of room */
};

static void names_add(struct names *names, const char *name)
{
	size_t at = strlen(names->text);

	names->n++;
	if (at + strlen(name) + 3 > sizeof names->text)
		names->left++;
	else
		(void)snprintf(names->text + at, sizeof names->text - at, "%s%s", at > 0 ? ", " : "", name);
}

/* "w1, w2", "w1, w2 and 300 more" */
static const char *names_put(const struct names *names, char out[NAMES_MAX + 32])
{
	if (names->left > 0)
		(void)snprintf(out, NAMES_MAX + 32, "%s and %zu more", names->text, names->left);
	else
		(void)snprintf(out, NAMES_MAX + 32, "%s", names->text);
	return out;
}
#define NAMES(names) names_put((names), (char[NAMES_MAX + 32]){0})

static bool is(const fq_Node *node, const char *state)
{
	return strcmp(node->state, state) == 0;
}

static bool is_up(const fq_Node *node)
{
	return !is(node, "down");
}

/* It is given new slices. */
static bool works(const fq_Node *node)
{
	return is(node, "idle") || is(node, "mixed") || is(node, "alloc");
}

/* ---- versions */

static void judge_versions(const struct doctor_facts *facts, struct findings *findings)
{
	struct names older = {0}, other = {0};

	for (size_t i = 0; i < facts->nodes_n; i++) {
		const fq_Node *node = &facts->nodes[i];
		char name[160];

		if (!is_up(node))
			continue;
		if (node->proto > 0 && node->proto < facts->welcome.proto) {
			(void)snprintf(name, sizeof name, "%s (%s, protocol %u)", TEXT(node->name), TEXT(node->version), node->proto);
			names_add(&older, name);
		} else if (strcmp(node->version, facts->welcome.version) != 0) {
			(void)snprintf(name, sizeof name, "%s (%s)", TEXT(node->name), TEXT(node->version));
			names_add(&other, name);
		}
	}
	if (older.n > 0)
		finding_advise(finding_add(findings, "versions", MARK_WARN, "older than the coordinator (protocol %u): %s",
		                           facts->welcome.proto, NAMES(&older)),
		               "on each: apt install ./fqcluster-{common,worker}_*.deb; what it counts is handed in or counted elsewhere");
	if (other.n > 0)
		finding_advise(finding_add(findings, "versions", MARK_WARN, "of another version than the coordinator (%s): %s",
		                           TEXT(facts->welcome.version), NAMES(&other)),
		               "on each: apt install ./fqcluster-{common,worker}_*.deb");
}

/* ---- states */

static void judge_not_working(const fq_Node *node, struct findings *findings, bool alone)
{
	const enum mark mark = alone ? MARK_BAD : MARK_WARN;
	char seen[32], why[300] = "";
	struct finding *finding;

	if (node->reason[0])
		(void)snprintf(why, sizeof why, ": %s", SENTENCE(node->reason));
	if (is(node, "down")) {
		finding = finding_add(findings, "nodes", mark, "%s is down, last heard of %s ago%s", TEXT(node->name),
		                      text_elapsed(seen, node->seen_ms), why);
		finding_advise(finding, "on %s: systemctl status fqworkerd; systemctl start fqworkerd; journalctl -u fqworkerd -n 20",
		               TEXT(node->name));
	} else if (is(node, "suspect")) {
		finding = finding_add(findings, "nodes", mark, "%s hangs and is given nothing until it answers%s", TEXT(node->name), why);
		finding_advise(finding, "on %s: uptime; findmnt -t nfs,nfs4; journalctl -u fqworkerd -n 20", TEXT(node->name));
	} else {
		finding = finding_add(findings, "nodes", mark, "%s is drained and is given nothing new%s", TEXT(node->name), why);
		finding_advise(finding, "when that is mended, as an administrator: fqctl resume %s", TEXT(node->name));
	}
}

static void judge_states(const struct doctor_facts *facts, struct findings *findings)
{
	struct names good = {0};

	for (size_t i = 0; i < facts->nodes_n; i++)
		if (works(&facts->nodes[i]))
			names_add(&good, TEXT(facts->nodes[i].name));
	if (facts->nodes_n == 0)
		finding_advise(finding_add(findings, "nodes", MARK_BAD, "no node has ever connected: nothing is counted"),
		               "on the coordinator, as root: fqctl token --role worker; on a node, as root: fqworkerd --join HOST TOKEN && "
		               "systemctl enable --now fqworkerd");
	else if (good.n == 0)
		finding_add(findings, "nodes", MARK_BAD, "none of %zu nodes works: jobs wait", facts->nodes_n);
	else
		finding_add(findings, "nodes", MARK_OK, "%zu of %zu: %s", good.n, facts->nodes_n, NAMES(&good));
	for (size_t i = 0; i < facts->nodes_n; i++)
		if (!works(&facts->nodes[i]))
			judge_not_working(&facts->nodes[i], findings, good.n == 0);
}

static void judge_slots(const struct doctor_facts *facts, struct findings *findings)
{
	uint64_t slots = 0, busy = 0;
	size_t working = 0;

	for (size_t i = 0; i < facts->nodes_n; i++) {
		if (!works(&facts->nodes[i]))
			continue;
		working++;
		slots += facts->nodes[i].slots;
		busy += facts->nodes[i].busy;
	}
	if (working == 0) /* how many slots a node should have is not what is wrong */
		finding_add(findings, "slots", MARK_SKIP, "there is no node that works, which would have some");
	else if (slots == 0)
		finding_advise(finding_add(findings, "slots", MARK_BAD, "there is no slot in which anything could be counted"),
		               "on a node: slots = 4; in /etc/fqcluster/fqworkerd.conf (or without the line: all its cores); "
		               "systemctl restart fqworkerd");
	else
		finding_add(findings, "slots", MARK_OK, "%" PRIu64 " of %" PRIu64 " are free%s", slots > busy ? slots - busy : 0, slots,
		            busy >= slots ? ": new jobs wait for others" : "");
}

/* ---- answers */

static void judge_looks(const struct doctor_facts *facts, struct findings *findings)
{
	if (facts->looked.done && facts->looked.r < 0)
		finding_advise(finding_add(findings, "answers", MARK_WARN, "the nodes could not be asked: %s", facts->looked.error.text),
		               "try again in some seconds: fqctl doctor");
	for (size_t i = 0; i < facts->looks.n; i++) {
		const fq_Probed *row = &facts->looks.rows[i];

		if (row->answer == fq_ProbeAnswer_PROBE_SILENT || row->answer == fq_ProbeAnswer_PROBE_BUSY)
			finding_advise(finding_add(findings, "answers", MARK_WARN, "%s: %s", TEXT(row->node), SENTENCE(row->text)),
			               "on %s: uptime; systemctl status fqworkerd; journalctl -u fqworkerd -n 20", TEXT(row->node));
		if (row->hung > 0)
			finding_advise(finding_add(findings, "answers", MARK_WARN, "%s: %u of its processes that open files wait for storage "
			                           "that does not answer", TEXT(row->node), row->hung),
			               "on %s: findmnt -t nfs,nfs4,fuse; ls each of its roots; journalctl -u fqworkerd -n 20",
			               TEXT(row->node));
	}
}

/* ---- roots */

static bool same_roots(const fq_Node *a, const fq_Node *b)
{
	bool same = a->roots_n == b->roots_n && a->roots_count == b->roots_count;

	for (pb_size_t i = 0; same && i < a->roots_count; i++)
		same = strcmp(a->roots[i], b->roots[i]) == 0;
	return same;
}

static void put_roots(const fq_Node *node, char out[NAMES_MAX + 32])
{
	struct names roots = {0};

	for (pb_size_t i = 0; i < node->roots_count; i++)
		names_add(&roots, TEXT(node->roots[i]));
	roots.left += node->roots_n > node->roots_count ? node->roots_n - node->roots_count : 0;
	(void)names_put(&roots, out);
}

/* A line for each set of roots, with the nodes that have it. */
static void judge_roots(const struct doctor_facts *facts, struct findings *findings)
{
	size_t lines = 0, first = findings->n;

	for (size_t i = 0; i < facts->nodes_n; i++) {
		const fq_Node *node = &facts->nodes[i];
		char roots[NAMES_MAX + 32];
		struct names names = {0};
		bool seen = false;

		if (!is_up(node) || node->roots_n == 0)
			continue;
		for (size_t k = 0; k < i && !seen; k++)
			seen = is_up(&facts->nodes[k]) && same_roots(&facts->nodes[k], node);
		if (seen)
			continue;
		for (size_t k = i; k < facts->nodes_n; k++)
			if (is_up(&facts->nodes[k]) && same_roots(&facts->nodes[k], node))
				names_add(&names, TEXT(facts->nodes[k].name));
		put_roots(node, roots);
		finding_add(findings, "roots", MARK_OK, "%s: %s", NAMES(&names), roots);
		lines++;
	}
	for (size_t i = first; lines > 1 && i < findings->n; i++)
		findings->rows[i].mark = MARK_WARN;
	if (lines > 1 && findings->n > first)
		finding_advise(&findings->rows[findings->n - 1], "nodes read from different folders: roots = [...]; in "
		               "/etc/fqcluster/fqworkerd.conf of each; a job uses only nodes that can open its files");
}

void judge_nodes(const struct doctor_facts *facts, struct findings *findings)
{
	if (!facts->list.done || facts->list.r < 0) {
		finding_advise(finding_add(findings, "nodes", MARK_BAD, "the coordinator does not tell its nodes: %s",
		                           facts->list.error.text),
		               "on the coordinator: systemctl status fqcoordd; journalctl -u fqcoordd -n 20");
		return;
	}
	judge_versions(facts, findings);
	judge_states(facts, findings);
	judge_looks(facts, findings);
	judge_slots(facts, findings);
	judge_roots(facts, findings);
}
