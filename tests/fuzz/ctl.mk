FUZZ_TARGETS += tests/fuzz/slurm

tests_fuzz_slurm_SOURCES = tests/fuzz/slurm.c $(FUZZ_MAIN)
tests_fuzz_slurm_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_slurm_LDADD = $(CTL_LIBS)
EXTRA_DIST += tests/fuzz/corpus/slurm
