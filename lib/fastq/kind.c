/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file is, told from its content: see kind.h. */
#include "lib/fastq/kind.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/fastq/gzip.h"
#include "lib/fastq/inflate.h"

/* First bytes of what is sometimes handed in for FASTQ. */
struct magic {
	const char *bytes;
	size_t n;
	const char *what;
	const char *help;
};

static const struct magic file_magics[] = {
    {"BZh", 3, "bzip2", "decompress it first (bunzip2), or compress it with gzip or bgzip"},
    {"\xfd" "7zXZ\0", 6, "xz", "decompress it first (unxz), or compress it with gzip or bgzip"},
    {"\x28\xb5\x2f\xfd", 4, "zstd", "decompress it first (unzstd), or compress it with gzip or bgzip"},
    {"\x04\x22\x4d\x18", 4, "lz4", "decompress it first (unlz4), or compress it with gzip or bgzip"},
    {"\x1f\x9d", 2, "compress (.Z)", "decompress it first (uncompress), or compress it with gzip or bgzip"},
    {"PK\3\4", 4, "zip", "unpack it first (unzip)"},
    {"7z\xbc\xaf\x27\x1c", 6, "7-zip", "unpack it first"},
    {"CRAM", 4, "CRAM", "convert it first (samtools fastq)"},
    {"\x89HDF\r\n\x1a\n", 8, "HDF5 (fast5)", "it needs base calling first"},
    {"\x8bPOD\r\n\x1a\n", 8, "POD5", "it needs base calling first"},
    {"NCBI.sra", 8, "SRA", "convert it first (fasterq-dump)"},
    {">", 1, "FASTA (a line with '>')", "it has no qualities; right is the FASTQ that it was made of"},
    {"\xef\xbb\xbf", 3, "text with a byte order mark", "take its first three bytes away (tail -c +4)"},
    {"version https://git-lfs", 23, "a pointer of Git LFS", "fetch the file itself first (git lfs pull)"},
    {"<!DOCTYPE", 9, "a web page", "fetch the file itself anew"},
    {"<html", 5, "a web page", "fetch the file itself anew"},
    {"\xff\xfe", 2, "UTF-16 text", "convert it first (iconv -t ascii)"},
    {"\xfe\xff", 2, "UTF-16 text", "convert it first (iconv -t ascii)"},
};

/* First bytes of what is packed in gzip or BGZF. */
static const struct magic packed_magics[] = {
    {"BAM\1", 4, "BAM", "convert it first (samtools fastq)"},
    {"BCF\2", 4, "BCF", "it holds variants, not reads"},
    {">", 1, "FASTA (a line with '>')", "it has no qualities; right is the FASTQ that it was made of"},
    {"\x1f\x8b", 2, "gzip within gzip", "decompress it once first (gunzip)"},
};

#define PACKED_HEAD 8 /* bytes of the first member's text that are looked at */

const char *file_kind_name(enum file_kind kind)
{
	switch (kind) {
	case FILE_PLAIN:
		return "plain";
	case FILE_GZIP:
		return "gzip";
	case FILE_BGZF:
		return "BGZF";
	case _FILE_KIND_MAX:
		break;
	}
	return "unknown";
}

static int refuse(const uint8_t *head, size_t n, const struct magic *magics, size_t magics_n,
                  struct error *err)
{
	for (size_t i = 0; i < magics_n; i++)
		if (n >= magics[i].n && memcmp(head, magics[i].bytes, magics[i].n) == 0)
			return error_set(err, -EBADMSG, ERROR_DATA,
			                 "is %s, not FASTQ text nor gzip of it: %s", magics[i].what,
			                 magics[i].help);
	return 0;
}

/* Refuses gzip of what is no text, as far as the head shows it; what cannot be decoded is the reader's to tell. */
static int look_into_gzip(const uint8_t *deflated, size_t n, struct error *err)
{
	struct inflater *inflater = NULL;
	uint8_t text[PACKED_HEAD];
	struct inflate_io io = {
	    .in = deflated,
	    .in_n = n,
	    .out = text,
	    .out_n = sizeof text,
	};
	int r;

	r = inflater_new(&inflater);
	if (r < 0)
		return error_oom(err);
	(void)inflater_run(inflater, &io); /* whatever came out is enough */
	inflater_free(inflater);
	return refuse(text, sizeof text - io.out_n, packed_magics,
	              sizeof packed_magics / sizeof packed_magics[0], err);
}

int kind_tell(const uint8_t *head, size_t n, enum file_kind *ret_kind, struct error *err)
{
	struct gzip_header header;
	int r;

	assert(head || !n);
	r = refuse(head, n, file_magics, sizeof file_magics / sizeof file_magics[0], err);
	if (r < 0)
		return r;
	if (n < 2 || head[0] != GZIP_ID1 || head[1] != GZIP_ID2) {
		*ret_kind = FILE_PLAIN;
		return 0;
	}
	if (gzip_header_parse(head, n, &header) != GZIP_HEADER_GOOD) {
		*ret_kind = FILE_GZIP; /* damaged, or its header is longer than the head: the reader sees */
		return 0;
	}
	r = look_into_gzip(head + header.length, n - header.length, err);
	if (r < 0)
		return r;
	*ret_kind = header.block_size ? FILE_BGZF : FILE_GZIP;
	return 0;
}

int kind_check_void(const char *path, uint64_t size, struct error *err)
{
	static const char *const endings[] = {".gz", ".bgz", ".bgzf"};
	size_t n = strlen(path);

	for (size_t i = 0; size == 0 && i < sizeof endings / sizeof *endings; i++) {
		size_t m = strlen(endings[i]);

		if (n > m && strcmp(path + n - m, endings[i]) == 0)
			return error_set(err, -EBADMSG, ERROR_DATA, "has no bytes, and gzip of no reads has some: the copy may be incomplete");
	}
	return 0;
}
