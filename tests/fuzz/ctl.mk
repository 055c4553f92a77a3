FUZZ_TARGETS += tests/fuzz/slurm

tests_fuzz_slurm_SOURCES = tests/fuzz/slurm.c $(FUZZ_MAIN)
tests_fuzz_slurm_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_slurm_LDADD = $(CTL_LIBS)
EXTRA_DIST += tests/fuzz/corpus/slurm

FUZZ_TARGETS += tests/fuzz/groups tests/fuzz/told tests/fuzz/table tests/fuzz/words
tests_fuzz_groups_SOURCES = tests/fuzz/groups.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_groups_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_groups_LDADD = $(CTL_LIBS)

tests_fuzz_told_SOURCES = tests/fuzz/told.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_told_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_told_LDADD = $(CTL_LIBS)

tests_fuzz_table_SOURCES = tests/fuzz/table.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_table_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_table_LDADD = $(CTL_LIBS)

tests_fuzz_words_SOURCES = tests/fuzz/words.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_words_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_words_LDADD = $(CTL_LIBS)
EXTRA_DIST += tests/fuzz/corpus/groups tests/fuzz/corpus/told tests/fuzz/corpus/table tests/fuzz/corpus/words

# What a coordinator answers.
FUZZ_TARGETS += tests/fuzz/answers
tests_fuzz_answers_SOURCES = tests/fuzz/answers.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_answers_LDFLAGS = $(FUZZ_LINK) -Wl,--wrap=client_open
tests_fuzz_answers_LDADD = $(CTL_LIBS)
EXTRA_DIST += tests/fuzz/corpus/answers

FUZZ_TARGETS += tests/fuzz/shell
tests_fuzz_shell_SOURCES = tests/fuzz/shell.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_shell_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_shell_LDADD = $(CTL_LIBS)
EXTRA_DIST += tests/fuzz/corpus/shell
