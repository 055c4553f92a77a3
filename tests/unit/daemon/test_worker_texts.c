/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inflated text that waits at the supervisor: how large it can become, who can write to it, and what goes when there is no room. */
#include "daemon/worker/texts.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define SIZE 10000

static fq_SliceRef ref_of(uint64_t job, uint64_t slice)
{
	static uint64_t lease;

	return (fq_SliceRef){.job = job, .file = 1, .slice = slice, .lease = ++lease};
}

static int keep(struct texts *texts, uint64_t job, uint64_t slice, uint64_t n)
{
	const fq_SliceRef ref = ref_of(job, slice);
	int fd = -1;

	return texts_file(SIZE, &fd) < 0 ? -EIO : texts_keep(texts, &ref, fd, n);
}

static bool is_there(const struct texts *texts, uint64_t job, uint64_t slice)
{
	const fq_SliceRef ref = ref_of(job, slice);

	return texts_find(texts, &ref) != NULL;
}

static void test_file(void)
{
	struct texts texts = {.most = SIZE};
	const fq_SliceRef ref = ref_of(1, 2);
	static const uint8_t bytes[2 * SIZE] = "text";
	_cleanup_(closep) int fd = -1, other = -1, mapped = -1, copy = -1;
	void *map;

	is_int(texts_file(SIZE, &fd), 0, "a file for a text");
	ok(write(fd, bytes, SIZE) == SIZE && write(fd, bytes, 1) < 0, "takes as much as it may: %s", strerror(errno));
	ok(ftruncate(fd, SIZE + 1) < 0 && ftruncate(fd, 1) < 0, "and keeps its size, which a map relies on");
	copy = dup(fd);
	is_int(texts_keep(&texts, &ref, take_fd(&fd), 4), 0, "it is kept");
	ok(pwrite(copy, "x", 1, 0) < 0, "and nobody writes to it any more: %s", strerror(errno));
	ok(texts_find(&texts, &ref)->n == 4 && texts.bytes == 4, "with as many bytes as were written");

	is_int(texts_file(SIZE, &other), 0, "another one");
	mapped = dup(other);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0);
	is_int(texts_keep(&texts, &ref, take_fd(&other), 4), -EBUSY, "which somebody has mapped for writing is not kept");
	ok(texts.bytes == 0 && !texts_find(&texts, &ref), "and what was there of the slice is gone");
	if (map != MAP_FAILED)
		(void)munmap(map, SIZE);
	texts_clear(&texts);
}

static void test_room(void)
{
	struct texts texts = {.most = 100};
	fq_SliceRef ref = ref_of(1, 2);

	ok(keep(&texts, 1, 1, 40) == 0 && keep(&texts, 1, 2, 40) == 0, "two texts of a file");
	is_int(keep(&texts, 1, 3, 40), 1, "for a third one there is no room");
	ok(is_there(&texts, 1, 1) && is_there(&texts, 1, 2) && !is_there(&texts, 1, 3), "as those before it are needed before it");
	is_int(keep(&texts, 1, 2, 60), 0, "another text of the same slice takes its place");
	ok(texts.bytes == 100, "and no more room than there is");
	is_int(keep(&texts, 2, 7, 30), 0, "a text of another file");
	ok(!is_there(&texts, 1, 1) && is_there(&texts, 1, 2) && is_there(&texts, 2, 7), "the oldest goes, no more than has to");
	is_int(keep(&texts, 2, 8, 101), 1, "one that is larger than all may be");
	ok(is_there(&texts, 1, 2) && is_there(&texts, 2, 7), "takes none away");
	ref.lease = 77;
	texts_drop(&texts, &ref);
	texts_drop(&texts, &ref);
	ok(!is_there(&texts, 1, 2) && texts.bytes == 30, "one is dropped, by whatever lease");
	texts_clear(&texts);
	ok(!texts.first && texts.bytes == 0 && keep(&texts, 1, 1, 100) == 0, "all are");
	texts_clear(&texts);
}

int main(void)
{
	test_file();
	test_room();
	return done_testing();
}
