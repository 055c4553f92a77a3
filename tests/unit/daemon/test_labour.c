/* SPDX-License-Identifier: GPL-3.0-or-later */
/* That a real fqcoordd answers within the dead time while it works on large counters. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/qc/count.h"
#include "lib/wire/dial.h"
#include "tests/unit/daemon/coord_real.h"
#include "tests/unit/daemon/many.h"
#include "tests/unit/tap.h"

#define MODULES (COUNT_MEAN | COUNT_QUALITY_TABLE | COUNT_BASES)
#define SILENCE_MS 800 /* on a machine that keeps nobody waiting; this program's own turns tell whether it does */

/* Short reads behind the long one, so that there is a slice that is told what lies before it. */
static void append_reads(struct setup *setup)
{
	_cleanup_(fclosep) FILE *f = fopen(setup->path, "ae");
	_cleanup_(closep) int fd = -1;
	struct error err = {0};

	for (unsigned int i = 0; f && i < 40000; i++)
		(void)fputs("@A:1:F:1:1101:5:2\nACGTACGTAC\n+\nIIIIIHHHHH\n", f);
	if (!f || fflush(f) != 0)
		bail_out("no reads");
	fd = open(setup->path, O_RDONLY | O_CLOEXEC);
	must(file_facts_take(fd, &setup->facts, &err), &err);
}

/* The next task, behind its brief if it has one. */
static void expect_task(struct connection *worker, fq_Task *ret)
{
	struct frame frame;
	struct error err = {0};

	do
		must(dial_wait(worker, WAIT_MS, &frame, &err), &err);
	while (frame.type == fq_Type_BRIEF || frame.type == fq_Type_DATA);
	if (frame.type != fq_Type_TASK)
		bail_out("the coordinator has no task");
	must(message_decode(frame.type, frame.payload, frame.n, ret, &err), &err);
}

/* told: the next task needs what has just come. */
static void test_labour(bool told)
{
	const uint32_t modules = MODULES | (told ? COUNT_TILES : 0);

	const char *const options[] = {"--ping", "100ms", "--dead", "2s", NULL};
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);
	struct many both = {.n = 2};
	struct error err = {0};
	struct packer packed = {0};
	struct count_rules rules;
	struct setup setup;
	fq_Accepted accepted;
	fq_Result result;
	uint8_t *bytes;
	uint64_t begun;

	rules_default(&rules, COMPAT_0_12_1);
	if (told)
		rules_pack(&rules, &packed);
	setup_start(&setup, 2, told ? 8 << 20 : 4 << 20, options);
	if (told) {
		append_reads(&setup);
		setup.slice_size = 6 << 20; /* the long read is in three of four slices */
	}
	setup.client = client_new(&setup);
	both.of[0] = worker_new(&setup, 0);
	client_submit(&setup, setup.client, modules, packed.bytes, packed.n);
	expect(setup.client, fq_Type_ACCEPTED, &accepted);
	worker_open(&setup, both.of[0]);
	expect_task(both.of[0], task);
	both.of[0] = connection_free(both.of[0]);
	worker_count(&setup, task, &rules, &result, &bytes); /* for longer than its connection would live */
	both.of[0] = worker_new(&setup, 0);
	expect_task(both.of[0], task);
	result.ref = task->ref;
	both.of[1] = worker_new(&setup, 1);
	connection_set_queue_max(both.of[0], 1UL << 30);
	must(connection_send_blob(both.of[0], fq_Type_RESULT, 0, &result, bytes, result.blob_bytes), &err);
	begun = clock_monotonic_ms();
	for (int i = 0; i < 12000 && both.ended[0] == 0 && !(both.last[0] == fq_Type_RESULT_ACK && both.tasked[0] == told); i++)
		attend(&both, 10);
	diag("%llu bytes took %llu ms, and the longest silence was %llu ms, the longest turn here %llu ms",
	     (unsigned long long)result.blob_bytes, (unsigned long long)(clock_monotonic_ms() - begun),
	     (unsigned long long)both.silence_ms, (unsigned long long)both.turn_ms);
	ok(both.last[0] == fq_Type_RESULT_ACK && both.tasked[0] == told, "a result that takes long is taken%s",
	   told ? ", and the next task is told what lies before it" : "");
	ok(both.silence_ms < SILENCE_MS + 2 * both.turn_ms, "nobody waited for a word for longer than some pings");
	is_u64(ended(&both), 0, "and nobody was taken for gone");
	free(packed.bytes);
	many_free(&both);
	setup_stop(&setup);
}

int main(void)
{
	test_labour(false);
	test_labour(true);
	return done_testing();
}
