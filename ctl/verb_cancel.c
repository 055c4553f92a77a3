/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl cancel: ends jobs that have not ended yet. */
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/verb.h"

struct cancel_options {
	char *reason;
};

static const struct option_row cancel_rows[] = {
	{.long_name = "reason", .argument = "TEXT", .type = OPTION_STRING, .largest = 255,
	 .help = "Why; stands in the job's error.", OPTION_FIELD(struct cancel_options, reason)},
};

static const struct option_table cancel_table = {
	.name = "cancel",
	.rows = cancel_rows,
	.n = sizeof cancel_rows / sizeof *cancel_rows,
	.settings_size = sizeof(struct cancel_options),
};

static int run(struct call *call, struct error *err)
{
	const struct cancel_options *options = call->options;
	struct client client = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err);

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		fq_JobsRequest request = {0};

		(void)snprintf(request.reason, sizeof request.reason, "%s", options->reason);
		r = client_job_number(call->arguments[i], &request.job, err);
		if (r == 0)
			r = client_call(&client, fq_Type_CANCEL, &request, fq_Type_DONE, NULL, err);
	}
	client_close(&client);
	return r;
}

const struct verb verb_cancel = {
	.name = "cancel",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Cancel jobs of yours; an administrator may cancel any.",
	.table = &cancel_table,
	.run = run,
};
