/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Generations of coordinators: see generation.h. */
#include "daemon/worker/generation.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/wire/durable.h"
#include "lib/wire/lines.h"

#define FILE_MAX_BYTES (64UL << 10)
#define ID_TEXT_MAX (2 * COORDINATOR_ID_SIZE + 1)

struct seen {
	uint8_t id[COORDINATOR_ID_SIZE];
	uint64_t generation;
	uint8_t pin[PIN_SIZE];
};

static int parse(const char *path, const struct line *line, struct seen *ret, struct error *err)
{
	if (line->words != 3 || text_unhex(line->word[0], ret->id, sizeof ret->id) < 0 ||
	    text_to_number(line->word[1], &ret->generation) < 0 ||
	    text_unhex(line->word[2], ret->pin, sizeof ret->pin) < 0)
		return line_wrong(
		    path, line, err,
		    "there should be the id of a coordinator, a number and the pin of its key");
	return 0;
}

/*
 * Of the lines of this id, or where id is NULL of this pin, the last one. 0, 1 where there is none, or negative with a sentence.
 */
static int look(const char *path, const uint8_t *id, const uint8_t *pin, struct generation *ret, struct error *err)
{
	_cleanup_(freep) char *text = NULL;
	struct line line = {0};
	int found = 1, r;
	const char *at;
	size_t n = 0;

	r = durable_read(path, FILE_MAX_BYTES, &text, &n, err);
	if (r != 0)
		return r < 0 ? r : 1;
	at = text;
	while ((r = line_next(path, &at, text + n, &line, err)) > 0) {
		struct seen seen;

		r = parse(path, &line, &seen, err);
		if (r < 0)
			return r;
		if (id ? memcmp(seen.id, id, sizeof seen.id) != 0
		       : memcmp(seen.pin, pin, sizeof seen.pin) != 0)
			continue;
		memcpy(ret->id, seen.id, sizeof ret->id);
		ret->number = seen.generation;
		found = 0;
	}
	return r < 0 ? r : found;
}

int generation_of_key(const char *path, const uint8_t pin[PIN_SIZE], struct generation *ret, struct error *err)
{
	assert(path && pin && ret);
	return look(path, NULL, pin, ret, err);
}

int generation_stale(uint64_t now, uint64_t seen, struct error *err)
{
	return error_set(err, -ESTALE, ERROR_DENIED,
	                 "the coordinator says that this is its start %" PRIu64 ", but this worker has seen its start %" PRIu64
	                 ": its state is an old copy",
	                 now, seen);
}

static bool is_of_id(const struct line *line, const void *data)
{
	uint8_t id[COORDINATOR_ID_SIZE];

	return text_unhex(line->word[0], id, sizeof id) == 0 && memcmp(id, data, sizeof id) == 0;
}

int generation_check(const char *path, const struct generation *now, const uint8_t pin[PIN_SIZE], struct error *err)
{
	char id_text[ID_TEXT_MAX], pin_text[PIN_TEXT_MAX], text[LINE_TEXT_MAX];
	struct generation seen = {.number = 0};
	int r;

	assert(path && now && pin);
	r = look(path, now->id, NULL, &seen, err);
	if (r < 0 || (r == 0 && now->number == seen.number))
		return r;
	if (now->number < seen.number)
		return generation_stale(now->number, seen.number, err);
	(void)snprintf(text, sizeof text, "%s %" PRIu64 " %s", text_hex(id_text, now->id, COORDINATOR_ID_SIZE), now->number,
	               text_hex(pin_text, pin, PIN_SIZE));
	return lines_change(path, text, is_of_id, now->id, err);
}
