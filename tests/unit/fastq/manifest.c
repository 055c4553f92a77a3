/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every file of a folder of real FASTQ against its MANIFEST.tsv, whose column `expect` was made by an independent checker:
 * "count N reads" or "refuse: [record N: ]reason". The folder is FQ_SHARED, by default ../shared beside the source tree.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/fastq/drive_split.h"
#include "tests/unit/tap.h"

/* The manifest's words for a reason and ours. */
static const struct {
	const char *reason;
	enum fault_kind kind;
} reasons[] = {
    {"no @", FAULT_NO_AT},
    {"no +", FAULT_NO_PLUS},
    {"sequence and quality differ in length", FAULT_LENGTHS},
    {"quality outside !..~", FAULT_QUALITY_BYTE},
    {"white space or control byte in sequence", FAULT_SEQUENCE_BYTE},
    {"truncated gzip", FAULT_GZIP_TRUNCATED},
    {"truncated", FAULT_TRUNCATED},
    {"colourspace", FAULT_COLOURSPACE},
};

/* 0 for one slice. The smallest is for small files only. */
static const uint64_t slice_sizes[] = {0, 1 << 20, 65536, 4096, 37};
#define SMALL (32 << 10)

/* An ordinary gzip file in slices says what it says in one. */
static void check_split(int fd, const char *name)
{
	static const uint64_t sizes[] = {64 << 10, 1 << 20};
	struct driven whole, cut;
	struct split_tally tally = {0};

	drive(fd, name, &(struct drive_options){0}, &whole);
	if (whole.code < 0 || whole.kind != FILE_GZIP)
		return;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct split_options options = {.slice_size = sizes[i], .text_max = 64 << 20, .seed = i};

		drive_split(fd, name, &options, &cut, &tally);
		ok(cut.code == whole.code && cut.records == whole.records && cut.digest == whole.digest &&
		       cut.fault.kind == whole.fault.kind && text_place_equal(cut.fault.at, whole.fault.at),
		   "%s: one gzip stream in slices of %llu bytes", name, (unsigned long long)sizes[i]);
	}
	diag("%llu slices from the middle, %llu from a point, %llu empty", (unsigned long long)tally.placed,
	     (unsigned long long)tally.pointed, (unsigned long long)tally.empty);
}

static void check_count(int fd, const char *name, const char *expect)
{
	uint64_t wanted = strtoull(expect, NULL, 10);
	struct driven whole, sliced;

	drive(fd, name, &(struct drive_options){0}, &whole);
	if (!ok(whole.code == CHAIN_DONE, "%s: is valid", name))
		diag("%s", whole.err.text);
	is_u64(whole.records, wanted, "%s: reads", name);
	for (size_t i = 0; i < sizeof slice_sizes / sizeof slice_sizes[0]; i++) {
		uint64_t size = slice_sizes[i];

		if (size > 0 && size < 4096 && lseek(fd, 0, SEEK_END) > SMALL)
			continue;
		drive(fd, name, &(struct drive_options){.slice_size = size, .seed = i}, &sliced);
		ok(sliced.code == CHAIN_DONE && sliced.records == wanted &&
		       sliced.digest == whole.digest,
		   "%s: slices of %llu bytes", name, (unsigned long long)size);
	}
}

static void check_refuse(int fd, const char *name, const char *expect)
{
	unsigned long record = 0;
	int skip_n = 0;
	struct driven driven;

	drive(fd, name, &(struct drive_options){0}, &driven);
	diag("%s", driven.err.text);
	if (strcmp(expect, "not gzip nor plain") == 0) {
		ok(driven.code < 0 && driven.err.class == ERROR_DATA, "%s: its kind is refused", name);
		return;
	}
	if (!ok(driven.code == CHAIN_FAULT, "%s: is at fault", name))
		return;
	if (sscanf(expect, "record %lu: %n", &record, &skip_n) == 1)
		is_u64(driven.records + 1, record, "%s: record", name);
	if (driven.fault.kind == FAULT_COLOURSPACE && driven.fault.value != driven.fault.value2 &&
	    strcmp(expect + skip_n, "sequence and quality differ in length") == 0) {
		ok(true, "%s: reason: colourspace, whose lengths differ", name);
		return;
	}
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strcmp(expect + skip_n, reasons[i].reason) == 0) {
			is_int(driven.fault.kind, reasons[i].kind, "%s: reason", name);
			return;
		}
	ok(false, "%s: the reason '%s' is known", name, expect);
}

static void check_line(const char *folder, char *line)
{
	char *name = strsep(&line, "\t"), path[PATH_MAX], *expect;
	_cleanup_(closep) int fd = -1;

	(void)strsep(&line, "\t"); /* where it came from */
	expect = strsep(&line, "\t");
	if (!expect || strcmp(expect, "expect") == 0)
		return;
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!ok(fd >= 0, "%s: can be opened", name))
		return;
	check_split(fd, name);
	if (strncmp(expect, "count ", 6) == 0)
		check_count(fd, name, expect + 6);
	else if (strncmp(expect, "refuse: ", 8) == 0)
		check_refuse(fd, name, expect + 8);
	else {
		struct driven driven;

		drive(fd, name, &(struct drive_options){0}, &driven);
		ok(driven.code < 0 || driven.code == CHAIN_FAULT, "%s: is refused", name);
		diag("%s", driven.err.text);
	}
}

int main(void)
{
	const char *shared = getenv("FQ_SHARED"), *top = getenv("FQ_TOP_SRCDIR");
	char folder[PATH_MAX - 64], path[PATH_MAX];
	_cleanup_(fclosep) FILE *manifest = NULL;
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;

	if (shared)
		(void)snprintf(folder, sizeof folder, "%s/data", shared);
	else
		(void)snprintf(folder, sizeof folder, "%s/../shared/data", top ? top : ".");
	(void)snprintf(path, sizeof path, "%s/MANIFEST.tsv", folder);
	manifest = fopen(path, "re");
	if (!manifest)
		return skip_all("no %s (FQ_SHARED names the folder)", path);
	while (getline(&line, &size, manifest) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		check_line(folder, line);
	}
	return done_testing();
}
