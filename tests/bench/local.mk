# What "make bench" runs; nothing here is a test.

EXTRA_DIST += tests/bench/NOTES.md tests/bench/bench.py
bench: tests/tools/mkfastq ctl/fqctl daemon/fqcoordd daemon/fqworkerd
	$(PYTHON3) $(srcdir)/tests/bench/bench.py $(abs_top_builddir) $(BENCH)
.PHONY: bench

# The counting loops alone, in GB of quality bytes a second: make bench-count
check_PROGRAMS += tests/bench/count_bench
tests_bench_count_bench_SOURCES = tests/bench/count_bench.c
tests_bench_count_bench_LDADD = $(QC_LIBS) -lm
bench-count: tests/bench/count_bench
	tests/bench/count_bench
.PHONY: bench-count

# The reading of slices alone, in GB of text a second: make bench-read READ=FILE
check_PROGRAMS += tests/bench/read_bench
tests_bench_read_bench_SOURCES = tests/bench/read_bench.c
tests_bench_read_bench_LDADD = $(FASTQ_LIBS)
bench-read: tests/bench/read_bench
	tests/bench/read_bench $(READ)
.PHONY: bench-read

# The loops over bases, in nanoseconds a read: make bench-bases
check_PROGRAMS += tests/bench/bases_bench
tests_bench_bases_bench_SOURCES = tests/bench/bases_bench.c
tests_bench_bases_bench_LDADD = $(QC_LIBS) -lm
bench-bases: tests/bench/bases_bench
	tests/bench/bases_bench
.PHONY: bench-bases

# The module of tracked sequences alone, in nanoseconds a read: make bench-sequences
check_PROGRAMS += tests/bench/sequences_bench
tests_bench_sequences_bench_SOURCES = tests/bench/sequences_bench.c
tests_bench_sequences_bench_LDADD = $(QC_LIBS) -lm
bench-sequences: tests/bench/sequences_bench
	tests/bench/sequences_bench
.PHONY: bench-sequences

# Decoding gzip in slices, without counting, against the sequential way: make bench-split SPLIT=FILE
check_PROGRAMS += tests/bench/split_bench
tests_bench_split_bench_SOURCES = tests/bench/split_bench.c
tests_bench_split_bench_LDADD = $(FASTQ_LIBS)
bench-split: tests/bench/split_bench
	tests/bench/split_bench $(SPLIT)
.PHONY: bench-split
