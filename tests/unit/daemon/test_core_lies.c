/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a node says that nobody has asked it, and what the journal is not to be filled with. */
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

#define FILES 40

static void test_unasked(void)
{
	static const char *const paths[] = {"/a"};
	struct fake fake;
	uint64_t asked;

	fake_init(&fake);
	fake_hello(&fake, 1, "n1", 1, NULL, 0);
	fake_hello(&fake, 2, "n2", 1, NULL, 0);
	fake_submit(&fake, "somebody", 100, 1, paths);
	asked = fake_action(&fake, ACTION_SEND_OPEN, 0)->peer;
	fake_opened(&fake, 3 - asked, 1, 0, 12345);
	ok(fake_count(&fake, ACTION_SEND_TASK) == 0 && fake_count(&fake, ACTION_SAVE_FILE) == 0, "a file that it was not asked to open");
	fake_not_opened(&fake, 3 - asked, 1, 0, ERROR_DATA, "is no FASTQ");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "nor is it believed what is wrong with it");
	fake_opened(&fake, asked, 1, 0, 200);
	ok(fake_count(&fake, ACTION_SEND_TASK) == 2 && fake_file(&fake)->facts.fingerprint.size == 200, "who was asked is believed");
	fake_deinit(&fake);
}

static void test_runs(void)
{
	static const char *const paths[] = {"/a"};
	struct fake_task task;
	struct slice_id other;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "n1", 1, NULL, 0);
	fake_submit(&fake, "somebody", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 200);
	task = fake_task(&fake, 0);
	ok(coord_node_runs(fake.coord, 1, &task.id), "a node runs what it was given");
	other = task.id;
	other.lease++;
	ok(!coord_node_runs(fake.coord, 1, &other), "under its lease only");
	other = task.id;
	other.slice++;
	ok(!coord_node_runs(fake.coord, 1, &other) && !coord_node_runs(fake.coord, 2, &task.id), "and nothing of others");
	fake_crashed(&fake, 1, task.id);
	ok(!coord_node_runs(fake.coord, 1, &task.id), "until it has ended");
	fake_deinit(&fake);
}

static uint32_t lines_of(const struct fake *fake, const char *text)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_count(fake, ACTION_LOG); i++)
		n += strstr(fake_action(fake, ACTION_LOG, i)->log.text, text) != NULL;
	return n;
}

static void test_many_failures(void)
{
	const char *paths[FILES];
	uint32_t told = 0, more = 0;
	struct fake fake;

	for (int i = 0; i < FILES; i++)
		paths[i] = "/a";
	fake_init(&fake);
	fake.limits.files_max = FILES;
	fake_limits(&fake);
	fake_hello(&fake, 1, "n1", 1, NULL, 0);
	fake_submit(&fake, "somebody", 100, FILES, paths);
	for (uint32_t i = 0; i < FILES; i++) {
		fake_not_opened(&fake, 1, 1, i, ERROR_DATA, "is no FASTQ");
		told += lines_of(&fake, "is no FASTQ");
		more += lines_of(&fake, "more files fail");
	}
	ok(told >= 10 && told < FILES / 2, "of many files that fail %u have a line in the journal", told);
	is_u64(more, 1, "and one line says that there are more");
	fake_deinit(&fake);
}

int main(void)
{
	test_unasked();
	test_runs();
	test_many_failures();
	return done_testing();
}
