/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentence of each fault. */
#include <errno.h>
#include <string.h>

#include "lib/fastq/slice.h"
#include "tests/unit/tap.h"

static void is_sentence(const struct slice_fault *fault, enum file_kind kind, int code,
                        enum error_class class, const char *wanted)
{
	struct error err = {0};

	is_int(fault_sentence(fault, kind, "a.fq", 2, &err), code, "code");
	is_str(err.text, wanted, "sentence");
	is_int(err.class, class, "class");
}

static void try_every_kind(void)
{
	for (int kind = FAULT_NONE + 1; kind < _FAULT_MAX; kind++) {
		struct slice_fault fault = {.kind = (enum fault_kind)kind, .error_number = EIO};
		struct error err = {0};
		int r = fault_sentence(&fault, FILE_GZIP, "a\n\x1b.fq", 0, &err);
		bool data = kind < FAULT_GZIP_TRUNCATED;

		ok(r == (data ? -EBADMSG : -EIO) && err.class == (data ? ERROR_DATA : ERROR_IO) &&
		       !strpbrk(err.text, "\n\x1b"),
		   "kind %d: %s", kind, err.text);
	}
}

int main(void)
{
	is_sentence(&(struct slice_fault){.kind = FAULT_LENGTHS, .record = 1, .at = {521, 0},
	                                  .value = 25, .value2 = 24},
	            FILE_PLAIN, -EBADMSG, ERROR_DATA,
	            "a.fq: record 4 at byte 521: sequence has 25 bases but quality has 24 values; "
	            "both must have the same length");
	is_sentence(&(struct slice_fault){.kind = FAULT_NO_AT, .at = {7, 9}, .value = '>'}, FILE_BGZF,
	            -EBADMSG, ERROR_DATA,
	            "a.fq: record 3 in the text of the gzip member at byte 7, offset 9: begins with "
	            "'>', not with '@'");
	is_sentence(&(struct slice_fault){.kind = FAULT_QUALITY_BYTE, .at = {7, 0}, .value = 0x80},
	            FILE_PLAIN, -EBADMSG, ERROR_DATA,
	            "a.fq: record 3 at byte 7: byte 0x80 in the quality, which must be of '!' to '~'");
	is_sentence(&(struct slice_fault){.kind = FAULT_GZIP_TRUNCATED, .record = 5, .value = 99},
	            FILE_GZIP, -EIO, ERROR_IO,
	            "a.fq: gzip stream ends early at byte 99 (7 complete records read); the copy may "
	            "be incomplete");
	try_every_kind();
	return done_testing();
}
