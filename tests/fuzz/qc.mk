FUZZ_TARGETS += tests/fuzz/brief tests/fuzz/counters tests/fuzz/merge tests/fuzz/rules tests/fuzz/lists

tests_fuzz_counters_SOURCES = tests/fuzz/counters.c $(FUZZ_MAIN)
tests_fuzz_counters_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_counters_LDADD = $(QC_LIBS) -lm

tests_fuzz_brief_SOURCES = tests/fuzz/brief.c $(FUZZ_MAIN)
tests_fuzz_brief_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_brief_LDADD = $(QC_LIBS) -lm
EXTRA_DIST += tests/fuzz/corpus/brief

tests_fuzz_merge_SOURCES = tests/fuzz/merge.c $(FUZZ_MAIN)
tests_fuzz_merge_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_merge_LDADD = $(QC_LIBS) -lm

tests_fuzz_rules_SOURCES = tests/fuzz/rules.c $(FUZZ_MAIN)
tests_fuzz_rules_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_rules_LDADD = $(QC_LIBS) -lm

tests_fuzz_lists_SOURCES = tests/fuzz/lists.c $(FUZZ_MAIN)
tests_fuzz_lists_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_lists_LDADD = $(QC_LIBS) -lm

EXTRA_DIST += tests/fuzz/corpus/counters tests/fuzz/corpus/merge tests/fuzz/corpus/rules tests/fuzz/corpus/lists

# Real counters, rules and tracked sequences, made anew each time and replayed through these targets.
check_PROGRAMS += tests/fuzz/make_qc_corpus
tests_fuzz_make_qc_corpus_SOURCES = tests/fuzz/make_qc_corpus.c tests/report/made.c tests/report/made.h $(QC_READS)
tests_fuzz_make_qc_corpus_LDADD = $(QC_LIBS) -lm
dist_check_SCRIPTS += tests/fuzz/qc_corpus.t
if !FUZZERS
TESTS += tests/fuzz/qc_corpus.t
endif

FUZZ_TARGETS += tests/fuzz/profile tests/fuzz/report
tests_fuzz_profile_SOURCES = tests/fuzz/profile.c tests/fuzz/folder.h $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_profile_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_profile_LDADD = $(QC_LIBS) -lm

tests_fuzz_report_SOURCES = tests/fuzz/report.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_report_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_report_LDADD = $(QC_LIBS) -lm
EXTRA_DIST += tests/fuzz/corpus/profile tests/fuzz/corpus/report
