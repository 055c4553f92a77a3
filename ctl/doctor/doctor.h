/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl doctor: what was seen (facts, ctl/doctor/look.c), what is to be thought of it (findings, ctl/doctor/judge.c and ctl/doctor/nodes.c,
 * which are pure), and how that is printed (ctl/doctor/print.c). Findings stand in the order in which things fail.
 */
#pragma once

#include "ctl/probe.h"
#include "ctl/verb.h"

enum mark { MARK_SKIP, MARK_OK, MARK_WARN, MARK_BAD }; /* SKIP: nobody could be asked */

struct finding {
	const char *check;   /* a word: what was looked at */
	enum mark mark;
	char found[1400];    /* a sentence about which thing */
	char advice[1000];   /* below what is not ok: what to do; or empty */
};

struct findings {
	struct finding *rows;
	size_t n;
	bool oom; /* some are missing */
};

enum doctor_way { WAY_NONE, WAY_HOST, WAY_SOCKET };

/* One who was asked for in vain is told by r < 0 and the sentence. */
struct doctor_step {
	bool done; /* it was tried */
	int r;
	struct error error;
};

struct doctor_file {
	const char *name; /* as it was given */
	struct probe_file file; /* .path NULL: step.error says why there is none */
	struct doctor_step step, asked;
	struct probe_answers answers;
};

struct doctor_facts {
	struct error config;       /* class ERROR_NONE: the files are right */
	char config_files[600];    /* which are there */
	enum doctor_way way;
	const char *source;        /* "-h on the command line", "FQ_HOST", ... */
	char host[TEXT_HOST_MAX];
	unsigned port;
	char address[300];
	char known[300];           /* file of the coordinators that are known */
	uint32_t proto;            /* that this program speaks */
	const char *version;       /* of this program */
	struct doctor_step name;   /* r: -ETIMEDOUT, or the sentence of the resolver in error */
	struct doctor_step connect;
	struct doctor_step greet;
	fq_Welcome welcome;        /* greet.r 0 */
	struct doctor_step health;
	fq_HealthTold told;        /* health.r 0 */
	int64_t clock_ms;          /* the coordinator's less ours */
	uint32_t round_ms;
	struct doctor_step list;
	fq_Node *nodes;            /* list.r 0 */
	size_t nodes_n;
	struct doctor_step looked;
	struct probe_answers looks; /* looked.r 0: of all nodes, without a path */
	struct doctor_file *files;
	size_t files_n;
};

/* ---- ctl/doctor/look.c */
void doctor_look(const struct call *call, struct doctor_facts *ret);
void doctor_facts_deinit(struct doctor_facts *facts);

/* ---- ctl/doctor/judge.c, ctl/doctor/nodes.c, ctl/doctor/files.c */
void doctor_judge(const struct doctor_facts *facts, struct findings *ret);
void judge_nodes(const struct doctor_facts *facts, struct findings *findings);
void judge_files(const struct doctor_facts *facts, struct findings *findings);
struct finding *finding_add(struct findings *findings, const char *check, enum mark mark, const char *format, ...)
    __attribute__((format(printf, 4, 5))); /* never NULL */
void finding_advise(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum mark findings_worst(const struct findings *findings);
void findings_deinit(struct findings *findings);

/* ---- ctl/doctor/print.c. 0 or -EIO. */
int doctor_print(const struct findings *findings, bool colour, FILE *out);
int doctor_json(const struct findings *findings, FILE *out);
