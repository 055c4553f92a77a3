/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file is, by its first bytes. */
#include "lib/fastq/kind.h"

#include <errno.h>
#include <string.h>

#include "lib/fastq/gzip.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

static void is_kind(const void *head, size_t n, enum file_kind wanted, const char *what)
{
	enum file_kind kind = _FILE_KIND_MAX;
	struct error err = {0};

	is_int(kind_tell(head, n, &kind, &err), 0, "%s", what);
	is_int(kind, wanted, "%s: %s", what, file_kind_name(wanted));
}

static void is_refused(const void *head, size_t n, const char *name)
{
	enum file_kind kind;
	struct error err = {0};

	is_int(kind_tell(head, n, &kind, &err), -EBADMSG, "%s is refused", name);
	ok(err.class == ERROR_DATA && strstr(err.text, name), "%s is named: %s", name, err.text);
}

/* A file of one member with this text. */
static void make_file(struct made *made, const char *text, bool bgzf)
{
	uint64_t random = 2;

	*made = (struct made){0};
	bytes_add(&made->text, text, strlen(text));
	if (bgzf)
		make_bgzf(made, &random);
	else
		make_gzip(made, &random);
}

static void try_packed(void)
{
	struct made made;

	make_file(&made, "@x\nAC\n+\nII\n@x\nAC\n+\nII\n", false);
	is_kind(made.file.p, made.file.n, FILE_GZIP, "gzip of FASTQ");
	is_kind(made.file.p, 12, FILE_GZIP, "gzip that is cut");
	made_deinit(&made);
	make_file(&made, "@x\nAC\n+\nII\n@x\nAC\n+\nII\n", true);
	is_kind(made.file.p, made.file.n, FILE_BGZF, "BGZF of FASTQ");
	made_deinit(&made);
	is_kind(bgzf_eof_block, BGZF_EOF_SIZE, FILE_BGZF, "BGZF of nothing");
	is_kind("\x1f\x8b", 2, FILE_GZIP, "two bytes of gzip");
}

static void try_bam(void)
{
	/* One block of stored deflate data that begins like every BAM. */
	static const uint8_t bam[] = {0x1f, 0x8b, 8,    4, 0, 0,    0,    0,   0,   0xff, 6, 0, 'B',
	                              'C',  2,    0,    34, 0, 1,   4,    0,   0xfb, 0xff, 'B', 'A', 'M',
	                              1,    0,    0,    0, 0, 4,    0,    0,   0};

	is_refused(bam, sizeof bam, "BAM");
}

int main(void)
{
	struct error err = {0};
	struct made made;

	is_kind("", 0, FILE_PLAIN, "an empty file");
	is_kind("@x\nAC\n+\nII\n", 11, FILE_PLAIN, "FASTQ");
	is_kind("\x1f", 1, FILE_PLAIN, "one byte of gzip");
	try_packed();
	try_bam();
	is_refused("BZh91AY&SY", 10, "bzip2");
	is_refused("\xfd" "7zXZ\0\0\4", 8, "xz");
	is_refused("\x28\xb5\x2f\xfd\4", 5, "zstd");
	is_refused("PK\3\4\24", 5, "zip");
	is_refused("CRAM\3", 5, "CRAM");
	is_refused(">x\nAC\n", 6, "FASTA");
	is_refused("\xef\xbb\xbf@x\n", 6, "byte order mark");
	is_refused("version https://git-lfs.github.com/spec/v1\n", 43, "Git LFS");
	is_refused("<!DOCTYPE html>", 15, "web page");
	is_refused("<html>", 6, "web page");
	make_file(&made, ">x\nAC\n", false);
	is_refused(made.file.p, made.file.n, "FASTA");
	made_deinit(&made);
	is_int(kind_check_void("a.fq", 0, &err), 0, "text of no bytes");
	is_int(kind_check_void(".gz", 0, &err), 0, "a name that is only an ending");
	is_int(kind_check_void("a.fq.gz", 1, &err), 0, "one byte is the reader's to tell");
	is_int(kind_check_void("a.fq.gz", 0, &err), -EBADMSG, "gzip of no bytes (%s)", err.text);
	is_int(kind_check_void("a.fq.bgz", 0, &err), -EBADMSG, "BGZF of no bytes");
	is_str(file_kind_name(FILE_PLAIN), "plain", "a name");
	is_str(file_kind_name(FILE_BGZF), "BGZF", "a name");
	return done_testing();
}
