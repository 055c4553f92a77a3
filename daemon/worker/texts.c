/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inflated text in sealed files of memory: see texts.h. The list is short: some slices for each slot. */
#include "daemon/worker/texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

int texts_file(uint64_t n, int *ret_fd)
{
	_cleanup_(closep) int fd = memfd_create("text", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* It takes memory where it is written, not before. */
	if (fd < 0 || ftruncate(fd, (off_t)n) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

static bool is_of_file(const struct text *text, const fq_SliceRef *ref)
{
	return text->job == ref->job && text->file == ref->file;
}

static bool is_of_slice(const struct text *text, const fq_SliceRef *ref)
{
	return is_of_file(text, ref) && text->slice == ref->slice;
}

static void drop_at(struct texts *texts, struct text **at)
{
	struct text *text = *at;

	*at = text->next;
	texts->bytes -= text->n;
	closep(&text->fd);
	free(text);
}

static bool make_room(struct texts *texts, const fq_SliceRef *ref, uint64_t n)
{
	struct text **at = &texts->first;

	while (*at && texts->bytes + n > texts->most) {
		if (is_of_file(*at, ref))
			at = &(*at)->next;
		else
			drop_at(texts, at);
	}
	return texts->bytes + n <= texts->most;
}

int texts_keep(struct texts *texts, const fq_SliceRef *ref, int fd, uint64_t n)
{
	_cleanup_(closep) int own = fd;
	struct text **at = &texts->first, *text;

	texts_drop(texts, ref);
	if (n > texts->most || !make_room(texts, ref, n))
		return 1;
	if (fcntl(own, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	text = malloc(sizeof *text);
	if (!text)
		return -ENOMEM;
	*text = (struct text){.job = ref->job, .file = ref->file, .slice = ref->slice, .fd = take_fd(&own), .n = n};
	while (*at)
		at = &(*at)->next;
	*at = text;
	texts->bytes += n;
	return 0;
}

const struct text *texts_find(const struct texts *texts, const fq_SliceRef *ref)
{
	for (const struct text *text = texts->first; text; text = text->next)
		if (is_of_slice(text, ref))
			return text;
	return NULL;
}

void texts_drop(struct texts *texts, const fq_SliceRef *ref)
{
	for (struct text **at = &texts->first; *at; at = &(*at)->next)
		if (is_of_slice(*at, ref)) {
			drop_at(texts, at);
			return;
		}
}

void texts_clear(struct texts *texts)
{
	while (texts->first)
		drop_at(texts, &texts->first);
}
