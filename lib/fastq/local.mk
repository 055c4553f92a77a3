noinst_LIBRARIES += lib/libfastq.a

lib_libfastq_a_SOURCES = \
	lib/fastq/ahead.c \
	lib/fastq/ahead.h \
	lib/fastq/chain.c \
	lib/fastq/chain.h \
	lib/fastq/crc.c \
	lib/fastq/crc.h \
	lib/fastq/fault.c \
	lib/fastq/fingerprint.c \
	lib/fastq/fingerprint.h \
	lib/fastq/guess.c \
	lib/fastq/guess.h \
	lib/fastq/gzip.c \
	lib/fastq/gzip.h \
	lib/fastq/gzip_source.c \
	lib/fastq/gzip_source.h \
	lib/fastq/inflate.h \
	lib/fastq/inflate_block.c \
	lib/fastq/inflate_isal.c \
	lib/fastq/inflate_zlib.c \
	lib/fastq/input.c \
	lib/fastq/input.h \
	lib/fastq/kind.c \
	lib/fastq/kind.h \
	lib/fastq/marks.c \
	lib/fastq/marks.h \
	lib/fastq/proof.c \
	lib/fastq/proof.h \
	lib/fastq/reader.c \
	lib/fastq/record.c \
	lib/fastq/record.h \
	lib/fastq/record_quick.c \
	lib/fastq/record_quick.h \
	lib/fastq/slice.h \
	lib/fastq/source.c \
	lib/fastq/source.h \
	lib/fastq/span.c \
	lib/fastq/span.h \
	lib/fastq/span_x86.c \
	lib/fastq/span_x86.h \
	lib/fastq/window.c \
	lib/fastq/window.h
