/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the core tells the journal: a line or two of a job that is well, whatever its size; of one that is not, so many and no more. */
#include <string.h>

#include "daemon/events.h"
#include "lib/base/log.h"
#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

#define FILES 200

struct lines {
	uint32_t n[_TOLD_MAX]; /* lines that are seen unless details are asked for */
	uint32_t all, without_job, without_event;
};

struct open {
	uint64_t peer;
	uint32_t file;
};

struct story {
	struct fake fake;
	struct lines told;
	struct open opens[2 * FILES + 8];
	uint32_t opens_n;
};

/* After each event. */
static void take(struct story *story)
{
	for (uint32_t i = 0; i < fake_count(&story->fake, ACTION_LOG); i++) {
		const struct action *action = fake_action(&story->fake, ACTION_LOG, i);

		story->told.without_event += action->log.about.event == TOLD_NOTHING;
		story->told.without_job += strncmp(action->log.text, "job ", 4) == 0 && action->log.about.job != LOG_ID(1);
		if (action->log.level > LOG_INFO)
			continue;
		story->told.n[action->log.about.event]++;
		story->told.all++;
	}
	for (uint32_t i = 0; i < fake_count(&story->fake, ACTION_SEND_OPEN); i++) {
		const struct action *action = fake_action(&story->fake, ACTION_SEND_OPEN, i);

		story->opens[story->opens_n++] = (struct open){.peer = action->peer, .file = action->open.file};
	}
}

static void begin(struct story *story, uint64_t nodes)
{
	static const char *paths[FILES];

	for (uint32_t i = 0; i < FILES; i++)
		paths[i] = "/a.fq";
	memset(story, 0, sizeof *story);
	fake_init(&story->fake);
	story->fake.limits.files_max = FILES;
	fake_limits(&story->fake);
	for (uint64_t peer = 1; peer <= nodes; peer++)
		fake_hello(&story->fake, peer, peer == 1 ? "node01" : "node02", 2, NULL, 0);
	fake_submit(&story->fake, "alice", 100, FILES, paths);
	take(story);
}

static void end(struct story *story)
{
	is_u64(story->told.without_job, 0, "each line of the job has its number");
	is_u64(story->told.without_event, 0, "and each one is some event");
	fake_deinit(&story->fake);
}

static void test_well(void)
{
	struct story story;

	begin(&story, 1);
	for (uint32_t i = 0; i < story.opens_n; i++) {
		fake_opened(&story.fake, 1, 1, story.opens[i].file, 0);
		take(&story);
		fake_merged(&story.fake, 1, story.opens[i].file, 0, false);
		take(&story);
	}
	is_u64(story.told.n[TOLD_JOB_COMPLETED], 1, "a job of %d files has completed", FILES);
	is_u64(story.told.n[TOLD_JOB_SUBMITTED], 1, "and was submitted");
	is_u64(story.told.all, 2, "nothing else is told of it");
	end(&story);
}

static void test_troubles(void)
{
	struct story story;

	begin(&story, 2);
	for (uint32_t i = 0; i < story.opens_n; i++) {
		fake_not_opened(&story.fake, story.opens[i].peer, 1, story.opens[i].file, ERROR_NO_INPUT, "/a.fq: No such file or directory");
		take(&story);
	}
	is_u64(story.told.n[TOLD_JOB_FAILED], 1, "a job of %d files that no node sees has failed", FILES);
	is_u64(story.told.n[TOLD_FILE_NOT_OPENED], 32, "of %d cases 32 have a line", 2 * FILES);
	is_u64(story.told.n[TOLD_FILE_FAILED], 16, "of the files 16");
	is_u64(story.told.n[TOLD_JOB_TROUBLES], 2, "that there are more is said, once of each");
	is_u64(story.told.all, 1 + 32 + 16 + 2 + 1, "nothing else is told of it");
	end(&story);
}

int main(void)
{
	test_well();
	test_troubles();
	return done_testing();
}
