/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one node says alone, seen from outside of the core: who told of crashes and of wrong data of a slice in this start. */
#include <string.h>

#include "tests/sim/sim.h"

static struct sim_word *word(struct sim *sim, uint64_t job, uint32_t file, uint64_t slice, bool make)
{
	struct sim_seen *seen = &sim->seen;

	for (uint32_t i = 0; i < seen->words_n; i++)
		if (seen->words[i].job == job && seen->words[i].file == file && seen->words[i].slice == slice)
			return &seen->words[i];
	if (!make || seen->words_n == WORDS_MAX_SIM)
		return NULL;
	seen->words[seen->words_n] = (struct sim_word){.job = job, .file = file, .slice = slice};
	return &seen->words[seen->words_n++];
}

void word_crashed(struct sim *sim, const struct slice_id *id)
{
	struct sim_word *found = word(sim, id->job, id->file, id->slice, true);

	if (!found)
		return;
	found->crashes++;
	found->crashed |= 1u << sim->seen.node;
}

/* The last time before the limit is not for one with whom all the others were, where another honest one is there. */
void word_given(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	const struct sim_word *found = word(sim, id->job, id->file, id->slice, false);
	const struct trouble_row *trouble = image_trouble(&sim->working, id->job, id->file, id->slice);
	uint32_t index, other;
	const struct file_row *row = image_file(&sim->working, id->job, id->file, &index);

	if (!found || !trouble || !row || found->crashes == 0 || found->crashed != 1u << node || found->crashes + 1 < sim->limits.crashes_max ||
	    trouble->crashes != found->crashes || trouble->losses + 1 >= sim->limits.losses_max)
		return;
	other = seen_untried(sim, row, id->slice, node);
	if (other < NODES_MAX_SIM && sim->nodes[other].proto >= 3)
		sim_fail(sim, "witness", "%s is given slice %llu of job %llu, which has crashed there %u times, although %s is there",
		         sim->nodes[node].name, (unsigned long long)id->slice, (unsigned long long)id->job, found->crashes,
		         sim->nodes[other].name);
}

/* A first count that ended with wrong data. */
static bool tells(const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	enum fault_kind kind = event->result.fault.kind;

	return event->kind == EVENT_RESULT && event->result.outcome == SLICE_FAULT && kind != FAULT_READ && kind != FAULT_CHANGED &&
	       !id->scout && !id->again && !id->split;
}

void word_told(struct sim *sim, const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	struct sim_word *found;

	if (!tells(event))
		return;
	found = word(sim, id->job, id->file, id->slice, true);
	if (found)
		found->told |= 1u << sim->seen.node;
}

/* By two nodes, or for another slice that nobody can try. */
static bool by_others(const char *sentence)
{
	return strstr(sentence, "nodes disagree") || strstr(sentence, "(on ") || strstr(sentence, "no node that is there can count");
}

/* By what this event tells of its data: then somebody else has said so before, or nobody else is there. */
void word_failed(struct sim *sim, const struct file_row *row)
{
	const struct event *event = sim->seen.event;
	const struct sim_word *found;
	uint32_t other;

	if (!event || !tells(event) || by_others(row->error.text) || event->result.id.job != row->job ||
	    event->result.id.file != row->file)
		return;
	found = word(sim, row->job, row->file, event->result.id.slice, false);
	if (!found || found->told != 1u << sim->seen.node)
		return;
	other = seen_untried(sim, row, event->result.id.slice, sim->seen.node);
	if (other < NODES_MAX_SIM && sim->nodes[other].proto >= 3)
		sim_fail(sim, "witness", "file %u of job %llu failed by what %s alone has said, although %s is there: %s", row->file,
		         (unsigned long long)row->job, sim->nodes[sim->seen.node].name, sim->nodes[other].name, row->error.text);
}
