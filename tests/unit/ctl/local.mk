UNIT_TESTS += tests/unit/ctl/table tests/unit/ctl/apart tests/unit/ctl/output tests/unit/ctl/output_forms tests/unit/ctl/local tests/unit/ctl/local_split

tests_unit_ctl_table_SOURCES = tests/unit/ctl/table.c $(TAP)
tests_unit_ctl_table_LDADD = $(CTL_LIBS)

OUTPUT_SETUP = tests/unit/ctl/output_setup.c tests/unit/ctl/output_setup.h

tests_unit_ctl_apart_SOURCES = tests/unit/ctl/apart.c $(TAP)
tests_unit_ctl_apart_LDADD = $(CTL_LIBS)

tests_unit_ctl_output_SOURCES = tests/unit/ctl/output.c $(OUTPUT_SETUP) $(TAP)
tests_unit_ctl_output_LDADD = $(CTL_LIBS)

tests_unit_ctl_output_forms_SOURCES = tests/unit/ctl/output_forms.c $(OUTPUT_SETUP) $(TAP)
tests_unit_ctl_output_forms_LDADD = $(CTL_LIBS)

tests_unit_ctl_local_SOURCES = tests/unit/ctl/local.c $(TAP)
tests_unit_ctl_local_LDADD = $(CTL_LIBS)

tests_unit_ctl_local_split_SOURCES = tests/unit/ctl/local_split.c $(FASTQ_DRIVE) $(FASTQ_MADE_GZIP) $(TAP)
tests_unit_ctl_local_split_LDADD = $(CTL_LIBS)

# What the option tables say, for help.t.
check_PROGRAMS += tests/unit/ctl/options
tests_unit_ctl_options_SOURCES = tests/unit/ctl/options.c
tests_unit_ctl_options_LDADD = $(CTL_LIBS)

# What they come to in the man page, for completion.t.
check_PROGRAMS += tests/unit/ctl/manual
tests_unit_ctl_manual_SOURCES = tests/unit/ctl/manual.c
tests_unit_ctl_manual_LDADD = $(CTL_LIBS)

dist_check_SCRIPTS += tests/unit/ctl/help.t tests/unit/ctl/completion.t tests/unit/ctl/diff.t tests/unit/ctl/split.t
TESTS += tests/unit/ctl/help.t tests/unit/ctl/completion.t tests/unit/ctl/diff.t tests/unit/ctl/split.t

# What fqctl doctor thinks of what it sees.
UNIT_TESTS += tests/unit/ctl/doctor
tests_unit_ctl_doctor_SOURCES = tests/unit/ctl/doctor.c $(TAP)
tests_unit_ctl_doctor_LDADD = $(CTL_LIBS)

# Files that a signal removes, in several threads.
UNIT_TESTS += tests/unit/ctl/leftovers
tests_unit_ctl_leftovers_SOURCES = tests/unit/ctl/leftovers.c $(TAP)
tests_unit_ctl_leftovers_LDADD = $(CTL_LIBS)

# What ended jobs come to.
UNIT_TESTS += tests/unit/ctl/history
tests_unit_ctl_history_SOURCES = tests/unit/ctl/history.c $(TAP)
tests_unit_ctl_history_LDADD = $(CTL_LIBS)

# Progress, and the screen of top.
UNIT_TESTS += tests/unit/ctl/screen
tests_unit_ctl_screen_SOURCES = tests/unit/ctl/screen.c $(TAP)
tests_unit_ctl_screen_LDADD = $(CTL_LIBS)

# What is handed to Slurm's programs, what they answer, and how many workers are held.
UNIT_TESTS += tests/unit/ctl/elastic tests/unit/ctl/slurm
tests_unit_ctl_elastic_SOURCES = tests/unit/ctl/elastic.c $(TAP)
tests_unit_ctl_elastic_LDADD = $(CTL_LIBS)
tests_unit_ctl_slurm_SOURCES = tests/unit/ctl/slurm.c $(TAP)
tests_unit_ctl_slurm_LDADD = $(CTL_LIBS)
