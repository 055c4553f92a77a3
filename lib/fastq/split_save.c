/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a slice in a file of memory: see split_save.h. A header, the symbols of the window behind, the members, then stretch
 * after stretch, each with its mask, its open places and its text; all begin at a multiple of eight bytes.
 */
#include "lib/fastq/split_save.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/cleanup.h"
#include "lib/base/write.h"
#include "lib/fastq/split_held.h"
#include "lib/fastq/symbol.h"

#define MAGIC 0x31747865747a6766ULL
#define ALIGN 8u
#define TAIL 256u /* zeros at the end: what may be looked at in vain */

static_assert(TAIL >= STRETCH_SLACK * sizeof(uint16_t), "slack behind the last stretch");

struct saved_head {
	uint64_t magic;
	uint64_t report[SPLIT_REPORT_NUMBERS];
	uint64_t symbols; /* SPLIT_WINDOW of them, or none */
	uint64_t members, stretches;
};

struct saved_member {
	uint64_t number, block, ends;
	uint32_t crc, size; /* of its trailer */
};

struct saved_stretch {
	uint32_t n, open_n;
};

/* ---- reports */

void split_report_put(const struct split_report *report, uint64_t ret[SPLIT_REPORT_NUMBERS])
{
	const uint64_t numbers[SPLIT_REPORT_NUMBERS] = {
	    report->first_bit,    report->next_bit,    report->first_header,     report->next_header,       report->reach,
	    report->text,         report->head.length, report->head.crc,         report->head_ends,         report->head_trailer.crc,
	    report->head_trailer.size, report->tail_member, report->tail.length, report->tail.crc,          report->counted,
	};

	memcpy(ret, numbers, sizeof numbers);
}

int split_report_get(const uint64_t from[SPLIT_REPORT_NUMBERS], struct split_report *ret)
{
	if (from[2] > 1 || from[3] > 1 || from[4] > SPLIT_WINDOW || from[7] > UINT32_MAX || from[8] > 1 || from[9] > UINT32_MAX ||
	    from[10] > UINT32_MAX || from[13] > UINT32_MAX || from[14] > 1 || from[15] != 0)
		return -EBADMSG;
	*ret = (struct split_report){
	    .first_bit = from[0],
	    .next_bit = from[1],
	    .first_header = from[2],
	    .next_header = from[3],
	    .reach = (uint32_t)from[4],
	    .text = from[5],
	    .head = {.length = from[6], .crc = (uint32_t)from[7]},
	    .head_ends = from[8],
	    .head_trailer = {.crc = (uint32_t)from[9], .size = (uint32_t)from[10]},
	    .tail_member = from[11],
	    .tail = {.length = from[12], .crc = (uint32_t)from[13]},
	    .counted = from[14],
	};
	return 0;
}

/* ---- saving */

static uint64_t aligned(uint64_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static uint64_t mask_size(const struct saved_stretch *stretch)
{
	return stretch->open_n ? 8 * (((uint64_t)stretch->n + 63) / 64) : 0;
}

static uint64_t stretch_size(const struct saved_stretch *stretch)
{
	return sizeof *stretch + mask_size(stretch) + aligned(2 * (uint64_t)stretch->open_n + stretch->n);
}

static struct saved_stretch saved(const struct stretch *stretch)
{
	return (struct saved_stretch){.n = stretch->n, .open_n = stretch->open_n};
}

uint64_t split_saved_size(const struct split *split)
{
	const struct split_text *text = split_text((struct split *)(uintptr_t)split); /* it is only read */
	uint64_t n = sizeof(struct saved_head) + text->members_n * sizeof(struct saved_member) + TAIL;

	n += split_symbols(split) ? SPLIT_WINDOW * sizeof(uint16_t) : 0;
	for (size_t i = 0; i < text->stretches_n; i++) {
		struct saved_stretch stretch = saved(text->stretches[i]);

		n += stretch_size(&stretch);
	}
	return n;
}

static int save_members(const struct split_text *text, int fd)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < text->members_n; i++) {
		const struct split_member *member = &text->members[i];
		const struct saved_member out = {
		    .number = member->number,
		    .block = member->block,
		    .ends = member->ends,
		    .crc = member->ends ? member->trailer.crc : 0,
		    .size = member->ends ? member->trailer.size : 0,
		};

		r = write_all(fd, &out, sizeof out);
	}
	return r;
}

static int save_stretch(const struct stretch *stretch, int fd)
{
	static const uint8_t zeros[ALIGN];
	const struct saved_stretch head = saved(stretch);
	size_t n = 2 * (size_t)stretch->open_n + stretch->n;
	int r = write_all(fd, &head, sizeof head);

	if (r == 0 && stretch->open_n > 0)
		r = write_all(fd, stretch->mask, mask_size(&head));
	if (r == 0 && stretch->open_n > 0)
		r = write_all(fd, stretch->open, 2 * (size_t)stretch->open_n);
	if (r == 0)
		r = write_all(fd, stretch->text, stretch->n);
	return r == 0 ? write_all(fd, zeros, aligned(n) - n) : r;
}

int split_save(const struct split *split, int fd)
{
	static const uint8_t tail[TAIL];
	const struct split_text *text = split_text((struct split *)(uintptr_t)split); /* it is only read */
	const uint16_t *symbols = split_symbols(split);
	struct saved_head head = {.magic = MAGIC, .symbols = symbols ? SPLIT_WINDOW : 0};
	int r;

	head.members = text->members_n;
	head.stretches = text->stretches_n;
	split_report_put(split_report(split), head.report);
	r = write_all(fd, &head, sizeof head);
	if (r == 0 && symbols)
		r = write_all(fd, symbols, SPLIT_WINDOW * sizeof *symbols);
	if (r == 0)
		r = save_members(text, fd);
	for (size_t i = 0; r == 0 && i < text->stretches_n; i++)
		r = save_stretch(text->stretches[i], fd);
	return r == 0 ? write_all(fd, tail, sizeof tail) : r;
}

/* ---- loading */

struct loader {
	const uint8_t *at, *end; /* of the file, without its tail */
	struct split *split;
	uint64_t file_size, text;
	uint32_t reach;
};

static const void *take(struct loader *loader, uint64_t n)
{
	const uint8_t *at = loader->at;

	if (n > (uint64_t)(loader->end - at))
		return NULL;
	loader->at += n;
	return at;
}

/* Within itself; whether it is what the file has, the chain and its CRCs tell. */
static bool report_makes_sense(const struct split_report *report, bool symbols, uint64_t file_size)
{
	if (report->first_bit >= report->next_bit || report->next_bit / 8 > file_size || report->next_bit > 8 * file_size ||
	    report->head.length > report->text || report->tail.length > report->text)
		return false;
	if ((report->first_header && report->first_bit % 8) || (report->next_header && report->next_bit % 8))
		return false;
	if (report->head_ends && report->tail_member > report->next_bit / 8)
		return false;
	return report->next_header != symbols && (report->head_ends || !(report->first_header || report->next_header));
}

static int load_head(struct loader *loader, struct arena_pool *pool, const struct saved_head **ret)
{
	const struct saved_head *head = take(loader, sizeof *head);
	_cleanup_(freep) uint16_t *symbols = NULL;
	struct split_report report;
	const uint16_t *from = NULL;

	if (!head || head->magic != MAGIC || (head->symbols != 0 && head->symbols != SPLIT_WINDOW) ||
	    split_report_get(head->report, &report) < 0 || !report_makes_sense(&report, head->symbols > 0, loader->file_size))
		return -EBADMSG;
	if (head->symbols > 0) {
		from = take(loader, SPLIT_WINDOW * sizeof *from);
		if (!from)
			return -EBADMSG;
		symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
		if (!symbols)
			return -ENOMEM;
		memcpy(symbols, from, SPLIT_WINDOW * sizeof *symbols);
		for (size_t i = 0; i < SPLIT_WINDOW; i++)
			if (symbols[i] > UINT8_MAX && !(symbols[i] & SYMBOL_OPEN))
				return -EBADMSG;
	}
	loader->split = split_new_done(&report, TAKE(symbols), pool);
	*ret = head;
	return loader->split ? 0 : -ENOMEM;
}

static int load_members(struct loader *loader, uint64_t n, uint64_t text_n)
{
	struct split_text *text = split_text(loader->split);
	const struct saved_member *from;
	uint64_t before = 0;

	if (n > (uint64_t)(loader->end - loader->at) / sizeof *from)
		return -EBADMSG;
	from = take(loader, n * sizeof *from);
	text->members = n > 0 ? calloc(n, sizeof *text->members) : NULL;
	if (n > 0 && !text->members)
		return -ENOMEM;
	text->members_n = text->members_capacity = n;
	for (uint64_t i = 0; i < n; i++) {
		if (from[i].number < before || from[i].number > text_n || from[i].ends > 1)
			return -EBADMSG;
		before = from[i].number;
		text->members[i] = (struct split_member){
		    .number = from[i].number,
		    .block = from[i].block,
		    .trailer = {.crc = from[i].crc, .size = from[i].size},
		    .ends = from[i].ends,
		};
	}
	return 0;
}

/* As many open places as the mask says, all of them of the window. */
static bool open_makes_sense(struct stretch *stretch)
{
	uint32_t words = (stretch->n + 63) / 64, rest = stretch->n % 64;
	uint16_t all = 0, least = UINT16_MAX;
	uint64_t n = 0;

	for (uint32_t i = 0; i < words; i++)
		n += (uint64_t)__builtin_popcountll(stretch->mask[i]);
	if (n != stretch->open_n || (rest > 0 && stretch->mask[words - 1] >> rest))
		return false;
	for (uint32_t i = 0; i < stretch->open_n; i++) {
		all |= stretch->open[i];
		least = stretch->open[i] < least ? stretch->open[i] : least;
	}
	stretch->reach = SPLIT_WINDOW - least;
	return !(all & SYMBOL_OPEN);
}

static int load_stretch(struct loader *loader)
{
	struct split_text *text = split_text(loader->split);
	const struct saved_stretch *head = take(loader, sizeof *head);
	struct stretch *stretch;
	const uint8_t *bytes;

	if (!head || head->n > STRETCH_MAX || head->open_n > head->n)
		return -EBADMSG;
	bytes = take(loader, stretch_size(head) - sizeof *head);
	if (!bytes)
		return -EBADMSG;
	stretch = arena_take(&text->arena, sizeof *stretch);
	if (!stretch)
		return -ENOMEM;
	*stretch = (struct stretch){.n = head->n, .open_n = head->open_n};
	stretch->mask = (uint64_t *)(uintptr_t)bytes; /* they are only read from here on */
	stretch->open = (uint16_t *)(uintptr_t)(bytes + mask_size(head));
	stretch->text = (uint8_t *)(stretch->open + head->open_n);
	if (head->open_n > 0 && !open_makes_sense(stretch))
		return -EBADMSG;
	loader->reach = stretch->reach > loader->reach ? stretch->reach : loader->reach;
	loader->text += head->n;
	text->stretches[text->stretches_n++] = stretch;
	return 0;
}

static int load_stretches(struct loader *loader, uint64_t n)
{
	struct split_text *text = split_text(loader->split);
	int r = 0;

	if (n > (uint64_t)(loader->end - loader->at) / sizeof(struct saved_stretch))
		return -EBADMSG;
	text->stretches = n > 0 ? calloc(n, sizeof *text->stretches) : NULL;
	if (n > 0 && !text->stretches)
		return -ENOMEM;
	text->stretches_capacity = n;
	for (uint64_t i = 0; r == 0 && i < n; i++)
		r = load_stretch(loader);
	return r;
}

static int load(struct loader *loader, struct arena_pool *pool)
{
	const struct saved_head *head;
	const struct split_report *report;
	int r = load_head(loader, pool, &head);

	if (r < 0)
		return r;
	report = split_report(loader->split);
	r = load_members(loader, head->members, report->text);
	if (r == 0)
		r = load_stretches(loader, head->stretches);
	return r == 0 && (loader->text != report->text || loader->reach != report->reach || loader->at != loader->end) ? -EBADMSG : r;
}

int split_load(int fd, uint64_t n, uint64_t file_size, struct arena_pool *pool, struct split **ret)
{
	struct loader loader = {.file_size = file_size};
	struct split_text *text;
	uint8_t *map;
	int r;

	if (n <= TAIL || n > SIZE_MAX / 2)
		return -EBADMSG;
	map = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	loader.at = map;
	loader.end = map + n - TAIL;
	r = load(&loader, pool);
	if (r < 0) {
		split_free(loader.split);
		(void)munmap(map, n); /* it was mapped so */
		return r;
	}
	text = split_text(loader.split);
	text->map = map;
	text->map_n = n;
	*ret = loader.split;
	return 0;
}
