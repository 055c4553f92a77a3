FUZZ_TARGETS += tests/fuzz/reader tests/fuzz/split tests/fuzz/inflate tests/fuzz/proof
EXTRA_DIST += tests/fuzz/corpus/proof tests/fuzz/corpus/split tests/fuzz/corpus/reader tests/fuzz/corpus/inflate tests/fuzz/make_fastq_corpus.py

tests_fuzz_reader_SOURCES = tests/fuzz/reader.c $(FASTQ_DRIVE) $(FUZZ_MAIN)
tests_fuzz_reader_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_reader_LDADD = $(FASTQ_LIBS)

tests_fuzz_inflate_SOURCES = tests/fuzz/inflate.c $(FUZZ_MAIN)
tests_fuzz_inflate_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_inflate_LDADD = $(FASTQ_LIBS)

tests_fuzz_proof_SOURCES = tests/fuzz/proof.c $(FUZZ_MAIN)
tests_fuzz_proof_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_proof_LDADD = $(FASTQ_LIBS)

tests_fuzz_split_SOURCES = tests/fuzz/split.c $(FASTQ_SPLIT) $(FUZZ_MAIN)
tests_fuzz_split_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_split_LDADD = $(FASTQ_LIBS)
