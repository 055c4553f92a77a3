/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many slots a worker has: see worker_room.h. */
#include "conf/worker_room.h"

#include <inttypes.h>

#include "lib/base/text.h"

#define SLOTS_MAX 1024
#define OWN_MEMORY (UINT64_C(128) << 20) /* of the supervisor and its openers */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Processors that may be used: of the mask, of the control groups, and of the batch job. */
static void count_cores(struct worker_settings *settings, const struct confines *confines)
{
	uint64_t told = settings->job.cores;

	settings->cores = confines->cores;
	if (told > 0)
		settings->cores = least(settings->cores, told);
	if (confines->quota > 0)
		settings->cores = least(settings->cores, (confines->quota + 999) / 1000);
	if (settings->slots == 0 && told > confines->cores)
		(void)snprintf(settings->confined, sizeof settings->confined,
		               "%s says that %" PRIu64 " processors are the job's, but it may use %" PRIu64 ": there are no more slots than that",
		               settings->job.engine, told, confines->cores);
}

static void share_memory(struct worker_settings *settings, uint64_t memory)
{
	uint64_t own = memory > OWN_MEMORY ? memory - OWN_MEMORY : 0, slots = settings->slots;
	uint64_t each = settings->slot_memory > 0 ? settings->slot_memory : SLOT_MEMORY_MIN;
	char had[16], needed[16];

	settings->slots = least(slots, own / each > 0 ? own / each : 1);
	if (settings->slot_memory == 0)
		settings->slot_limit = own / settings->slots > each ? own / settings->slots : each;
	if (slots <= own / each)
		return;
	(void)snprintf(settings->confined, sizeof settings->confined,
	               "%s of memory are too little for %" PRIu64 " slots, each of which should have %s, and %s for the rest: there %s "
	               "%" PRIu64,
	               text_bytes(had, memory), slots, text_bytes(needed, each), text_bytes((char[16]){0}, OWN_MEMORY),
	               settings->slots == 1 ? "is" : "are", settings->slots);
}

void worker_room(struct worker_settings *settings, const struct confines *confines)
{
	uint64_t memory = settings->batch ? settings->job.memory : 0;

	settings->slot_limit = settings->slot_memory;
	settings->confined[0] = '\0';
	if (settings->gate_only)
		return;
	count_cores(settings, confines);
	if (settings->slots == 0)
		settings->slots = least(settings->cores, SLOTS_MAX);
	if (settings->batch && confines->memory > 0)
		memory = memory > 0 ? least(memory, confines->memory) : confines->memory;
	if (memory > 0)
		share_memory(settings, memory);
	if (settings->text_memory == 0)
		settings->text_memory = TEXT_MEMORY * settings->slots;
}
