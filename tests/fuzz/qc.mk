FUZZ_TARGETS += tests/fuzz/brief tests/fuzz/counters

tests_fuzz_counters_SOURCES = tests/fuzz/counters.c $(FUZZ_MAIN)
tests_fuzz_counters_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_counters_LDADD = $(QC_LIBS) -lm
EXTRA_DIST += tests/fuzz/corpus/counters

tests_fuzz_brief_SOURCES = tests/fuzz/brief.c $(FUZZ_MAIN)
tests_fuzz_brief_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_brief_LDADD = $(QC_LIBS) -lm
EXTRA_DIST += tests/fuzz/corpus/brief
