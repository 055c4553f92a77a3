/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slice: a range of a file's bytes and the whole records that begin in it.
 *
 *     descriptor, slice_task --> slice_reader --> batches of whole records --> counters (lib/qc)
 *                                             `-> slice_seam or slice_fault at the end
 *
 * A record belongs to the slice in which it begins: in which its '@' lies (plain), or in which the header of the gzip
 * member or BGZF block that holds its '@' lies. So the last record of a slice is read on past the slice's end, and the
 * reader of the next slice skips to the first '@' that is its own. Where that is can only be guessed from the middle
 * of a file; the seam says what was assumed, and the chain (chain.h) believes a slice only when the slice before it
 * ended exactly there. So no guess can corrupt a result.
 *
 * Memory: one buffer of SLICE_BUFFER bytes (ahead: the ring of ahead.h) plus what the longest record needs (at most
 * 2 * read_max + header), plus the inflater's window. Files are read by pread, never mapped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/kind.h"

/*
 * A place in the text. Plain file: block is the byte's offset and within is 0. Gzip and BGZF: block is the file offset
 * of the member (block) header, within the offset in that member's text. Canonical: the place of a byte is in the
 * member that holds the byte, so equal places are equal structs. The end of the file is {size, 0}.
 */
struct text_place {
	uint64_t block;
	uint64_t within;
};

static inline bool text_place_equal(struct text_place a, struct text_place b)
{
	return a.block == b.block && a.within == b.within;
}

static inline bool text_place_before(struct text_place a, struct text_place b)
{
	return a.block < b.block || (a.block == b.block && a.within < b.within);
}

#define SLICE_BUFFER (512u << 10)        /* bytes of text at once */
#define READ_MAX_DEFAULT (256ULL << 20) /* longest read, in bases */
#define LINE_NAME_MAX (1ULL << 20)      /* longest header line, in bytes */

struct split;
struct split_point;
struct split_report;

struct slice_task {
	enum file_kind kind;
	uint64_t file_size;      /* bytes, as planned */
	uint64_t begin, end;     /* file bytes [begin, end); the last slice ends at file_size */
	bool start_known;        /* start is what the slice before proved; otherwise the reader guesses (begin 0: no guess) */
	struct text_place start; /* place of the first record's '@' */
	uint64_t read_max;       /* longest read accepted, in bases */
	bool lenient;            /* take what FastQC takes: lengths may differ, '+' name unchecked, any byte in lines */
	bool ahead;              /* read and inflate in a thread of its own: where a core is free; says nothing about the result */

	/*
	 * Gzip in slices (split.h): where its text begins, and who holds that text already (NULL: it is decoded from the point). Both
	 * stay the caller's, and must outlive the reader.
	 */
	const struct split_point *point;
	struct split *split;
	bool rest;           /* it goes to the file's end, and all that comes is told as of a file in one slice */
};

/* What a slice assumed and proved about its edges. */
struct slice_seam {
	struct text_place first; /* the '@' of its first record, or equal to next where no record begins in it */
	struct text_place next;  /* the '@' of the first record behind it, or the end of the file */
	uint64_t records;
};

enum fault_kind {
	FAULT_NONE = 0,
	FAULT_NO_AT,           /* a record does not begin with '@' */
	FAULT_NO_PLUS,         /* third line does not begin with '+' (also wrapped FASTQ) */
	FAULT_PLUS_NAME,       /* name behind '+' is neither the header nor its first word */
	FAULT_LENGTHS,         /* sequence and quality of different length */
	FAULT_QUALITY_BYTE,    /* quality outside '!'..'~' */
	FAULT_SEQUENCE_BYTE,   /* white space, control byte or non-ASCII in a sequence */
	FAULT_COLOURSPACE,
	FAULT_TRUNCATED,       /* file ends within a record */
	FAULT_TOO_LONG,        /* a read over read_max or a header over LINE_NAME_MAX */
	FAULT_GZIP_TRUNCATED,  /* file ends within a gzip member */
	FAULT_GZIP_DATA,       /* deflate data cannot be decoded */
	FAULT_GZIP_CRC,        /* CRC32 or length behind a member is wrong */
	FAULT_GZIP_GARBAGE,    /* bytes behind a member that are neither a member nor zero padding */
	FAULT_CHANGED,         /* file is shorter than planned or its fingerprint has changed */
	FAULT_READ,            /* pread failed: error_number says how */
	_FAULT_MAX,
};

/* What was wrong, as numbers: the record's ordinal in the file is known only when the slices before are. */
struct slice_fault {
	enum fault_kind kind;
	uint64_t record;      /* ordinal within the slice, from 0: the record at fault (or that would have come next) */
	struct text_place at; /* plain: offset of the byte at fault; gzip: member and offset in its text */
	uint64_t value;       /* LENGTHS, COLOURSPACE: sequence length; *_BYTE: the byte; TOO_LONG: the limit; GZIP_*: file offset of the
	                         decoder */
	uint64_t value2;      /* LENGTHS, COLOURSPACE: quality length */
	int error_number;     /* READ: errno, positive */
};

/*
 * The sentence: path, record number from 1 (records_before + fault->record + 1), byte offset, what was wrong, what
 * would be right. Sets the class too: ERROR_DATA, or ERROR_IO for gzip and reading. Returns -EBADMSG or -EIO.
 */
int fault_sentence(const struct slice_fault *fault, enum file_kind kind, const char *path, uint64_t records_before,
                   struct error *err);

struct record {
	const uint8_t *name; /* header line behind '@', without line end */
	const uint8_t *sequence;
	const uint8_t *quality; /* raw bytes, offset not taken off; length bytes (lenient: quality_length) */
	uint32_t name_length;
	uint32_t length;         /* bases; reads are at most 256 Mi */
	uint32_t quality_length; /* equals length unless lenient */
};

/*
 * Consecutive records in file order. All pointers are valid until the next call, and at least BATCH_SLACK bytes behind
 * every sequence and quality may be read (not used): vector loops need no tail care.
 */
#define BATCH_MAX 512
#define BATCH_SLACK 64
struct batch {
	uint32_t n;
	struct record records[BATCH_MAX];
};

struct slice_reader;

/* fd stays the caller's and must outlive the reader. 0, -ENOMEM, or -EINVAL for a task that makes no sense. */
int slice_reader_new(int fd, const struct slice_task *task, struct slice_reader **ret, struct error *err);
struct slice_reader *slice_reader_free(struct slice_reader *reader); /* returns NULL; takes NULL */

enum slice_outcome {
	SLICE_BATCH = 0,  /* the batch has at least one record */
	SLICE_END = 1,    /* all records of the slice were given; the seam is complete */
	SLICE_UNSURE = 2, /* no start could be told from here: ask again when the slice before is proven */
	SLICE_FAULT = 3,  /* the input is at fault: slice_reader_fault() */
};

/*
 * The next batch: an enum slice_outcome, or negative errno for what is broken on our side (-ENOMEM).
 * A guessed slice that meets a fault within its first records says SLICE_FAULT like any other: whether the guess or the
 * file is wrong is for the chain to tell.
 */
int slice_reader_next(struct slice_reader *reader, struct batch *ret_batch, struct error *err);

/* Seam so far: first is set after the first batch; next and records are final at SLICE_END or SLICE_FAULT. */
const struct slice_seam *slice_reader_seam(const struct slice_reader *reader);
const struct slice_fault *slice_reader_fault(const struct slice_reader *reader);

/*
 * Gzip in slices, at SLICE_END: the report with its CRCs, and the SPLIT_WINDOW bytes of text before its end (those before the member's
 * text, where that is shorter, are of no meaning). NULL for a slice that is none of those, or a rest.
 */
const struct split_report *slice_reader_split(struct slice_reader *reader, const uint8_t **ret_window);

/* File bytes of [begin, end) taken in so far: for progress. */
uint64_t slice_reader_progress(const struct slice_reader *reader);
