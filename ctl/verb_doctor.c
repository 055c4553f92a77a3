/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl doctor: the usual questions with their answers: see doctor.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor/doctor.h"
#include "lib/base/streams.h"

static bool in_colour(void)
{
	const char *terminal = getenv("TERM"), *plain = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0 && (!plain || !*plain);
}

static int run(struct call *call, struct error *err)
{
	struct findings findings = {0};
	struct doctor_facts facts;
	int r;

	doctor_look(call, &facts);
	doctor_judge(&facts, &findings);
	r = call->settings.json ? doctor_json(&findings, stdout) : doctor_print(&findings, in_colour(), stdout);
	if (r < 0)
		r = stdout_finish(err);
	else if (findings.oom)
		r = error_oom(err);
	else if (findings_worst(&findings) == MARK_BAD)
		r = 1;
	findings_deinit(&findings);
	doctor_facts_deinit(&facts);
	return r;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.arguments = "[FILE...]",
	.arguments_max = ARGUMENTS_MANY,
	.help = "Look for what is wrong, from here to the nodes, and say what to do.",
	.detail = "Each FILE is looked at here and on every node. Exit status 1: something is bad.",
	.example = "fqctl doctor -h coord reads.fastq.gz",
	.json = true,
	.anyhow = true,
	.run = run,
};
