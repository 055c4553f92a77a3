FUZZ_TARGETS += tests/fuzz/counters

tests_fuzz_counters_SOURCES = tests/fuzz/counters.c $(FUZZ_MAIN)
tests_fuzz_counters_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_counters_LDADD = $(QC_LIBS) -lm
EXTRA_DIST += tests/fuzz/corpus/counters
