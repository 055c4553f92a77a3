# What "make bench" runs; nothing here is a test.

EXTRA_DIST += tests/bench/NOTES.md tests/bench/bench.py
bench: tests/tools/mkfastq tests/bench/page_bench ctl/fqctl daemon/fqcoordd daemon/fqworkerd
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

# The page of a finished report, in milliseconds: make bench-page (also a row of make bench)
check_PROGRAMS += tests/bench/page_bench
tests_bench_page_bench_SOURCES = tests/bench/page_bench.c tests/unit/qc/made.c tests/unit/qc/made.h $(QC_READS) $(TAP)
tests_bench_page_bench_LDADD = $(QC_LIBS) -lm
bench-page: tests/bench/page_bench
	tests/bench/page_bench
.PHONY: bench-page

# A coordinator under load: make bench-load [LOAD="--workers 75,150,300 --files 10000"]; tests/bench/load.t is a small one.
EXTRA_DIST += tests/bench/load.py
check_PROGRAMS += tests/bench/load_workers
tests_bench_load_workers_SOURCES = tests/bench/load_workers.c
tests_bench_load_workers_LDADD = $(DAEMON_LIBS)
dist_check_SCRIPTS += tests/bench/load.t
TESTS += tests/bench/load.t
bench-load: tests/tools/mkfastq tests/bench/load_workers ctl/fqctl daemon/fqcoordd
	$(PYTHON3) $(srcdir)/tests/bench/load.py $(abs_top_builddir) $(LOAD)
.PHONY: bench-load

# Gzip in slices against the sequential way: make bench-split SPLIT=FILE, or SPLIT="FILE SLICE_BYTES ROUNDS count"
check_PROGRAMS += tests/bench/split_bench
tests_bench_split_bench_SOURCES = tests/bench/split_bench.c
tests_bench_split_bench_LDADD = $(QC_LIBS)
bench-split: tests/bench/split_bench
	tests/bench/split_bench $(SPLIT)
.PHONY: bench-split

# Small files as jobs of Slurm, and through warm workers under it, as root: make bench-slurm [SLURM="FILES READS"]
EXTRA_DIST += tests/bench/slurm.sh
bench-slurm: tests/tools/mkfastq ctl/fqctl daemon/fqcoordd daemon/fqworkerd
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/bench/slurm.sh $(SLURM)
.PHONY: bench-slurm
