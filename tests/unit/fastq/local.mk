# Whole files through the chain in slices, and made files with what must be found in them.
FASTQ_DRIVE = tests/unit/fastq/drive.c tests/unit/fastq/drive.h tests/unit/fastq/made.c tests/unit/fastq/made.h \
	tests/unit/fastq/wanted.c

FASTQ_MADE_GZIP = tests/unit/fastq/made_gzip.c tests/unit/fastq/made_gzip.h
FASTQ_SPLIT = $(FASTQ_DRIVE) $(FASTQ_MADE_GZIP) tests/unit/fastq/drive_split.c tests/unit/fastq/drive_split.h

UNIT_TESTS += \
	tests/unit/fastq/chain \
	tests/unit/fastq/deflate \
	tests/unit/fastq/fault \
	tests/unit/fastq/fingerprint \
	tests/unit/fastq/guess \
	tests/unit/fastq/gzip \
	tests/unit/fastq/inflate \
	tests/unit/fastq/kind \
	tests/unit/fastq/manifest \
	tests/unit/fastq/proof \
	tests/unit/fastq/reader \
	tests/unit/fastq/record \
	tests/unit/fastq/slices \
	tests/unit/fastq/span \
	tests/unit/fastq/split \
	tests/unit/fastq/split_chain \
	tests/unit/fastq/stretch

tests_unit_fastq_chain_SOURCES = tests/unit/fastq/chain.c $(TAP)
tests_unit_fastq_chain_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_fault_SOURCES = tests/unit/fastq/fault.c $(TAP)
tests_unit_fastq_fault_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_fingerprint_SOURCES = tests/unit/fastq/fingerprint.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_fingerprint_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_guess_SOURCES = tests/unit/fastq/guess.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_guess_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_gzip_SOURCES = tests/unit/fastq/gzip.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_gzip_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_inflate_SOURCES = tests/unit/fastq/inflate.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_inflate_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_kind_SOURCES = tests/unit/fastq/kind.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_kind_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_manifest_SOURCES = tests/unit/fastq/manifest.c $(FASTQ_SPLIT) $(TAP)
tests_unit_fastq_manifest_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_proof_SOURCES = tests/unit/fastq/proof.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_proof_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_reader_SOURCES = tests/unit/fastq/reader.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_reader_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_record_SOURCES = tests/unit/fastq/record.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_record_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_slices_SOURCES = tests/unit/fastq/slices.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_slices_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_span_SOURCES = tests/unit/fastq/span.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_span_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_split_SOURCES = tests/unit/fastq/split.c $(FASTQ_SPLIT) $(TAP)
tests_unit_fastq_split_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_deflate_SOURCES = tests/unit/fastq/deflate.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_deflate_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_stretch_SOURCES = tests/unit/fastq/stretch.c $(FASTQ_DRIVE) $(TAP)
tests_unit_fastq_stretch_LDADD = $(FASTQ_LIBS)

tests_unit_fastq_split_chain_SOURCES = tests/unit/fastq/split_chain.c $(TAP)
tests_unit_fastq_split_chain_LDADD = $(FASTQ_LIBS)
