QC_READS = tests/unit/qc/reads.c tests/unit/qc/reads.h
QC_POOL = tests/unit/qc/pool.c tests/unit/qc/pool.h $(QC_READS)
QC_SEQUENCES = tests/unit/qc/sequences_rig.c tests/unit/qc/sequences_rig.h $(QC_POOL)
QC_DAMAGE = tests/unit/qc/damage.c tests/unit/qc/damage.h
QC_TILES = tests/unit/qc/tiles_plain.c tests/unit/qc/tiles_plain.h

UNIT_TESTS += tests/unit/qc/kernel tests/unit/qc/counters tests/unit/qc/unpack tests/unit/qc/csv tests/unit/qc/count
UNIT_TESTS += tests/unit/qc/tiles tests/unit/qc/tile_cells tests/unit/qc/kmers
UNIT_TESTS += tests/unit/qc/tracked tests/unit/qc/sequences tests/unit/qc/sequences_unpack tests/unit/qc/assembly tests/unit/qc/follow tests/unit/qc/groups
UNIT_TESTS += tests/unit/qc/gc tests/unit/qc/gc_unpack tests/unit/qc/adapters tests/unit/qc/sequence_kernel
EXTRA_DIST += tests/oracle/mean.py

tests_unit_qc_kernel_SOURCES = tests/unit/qc/kernel.c $(QC_READS) $(TAP)
tests_unit_qc_kernel_LDADD = $(QC_LIBS) -lm

tests_unit_qc_counters_SOURCES = tests/unit/qc/counters.c $(QC_READS) $(TAP)
tests_unit_qc_counters_LDADD = $(QC_LIBS) -lm

tests_unit_qc_unpack_SOURCES = tests/unit/qc/unpack.c $(QC_DAMAGE) $(QC_READS) $(TAP)
tests_unit_qc_unpack_LDADD = $(QC_LIBS) -lm

tests_unit_qc_csv_SOURCES = tests/unit/qc/csv.c $(QC_READS) $(TAP)
tests_unit_qc_csv_LDADD = $(QC_LIBS) -lm

tests_unit_qc_count_SOURCES = tests/unit/qc/count.c $(QC_READS) $(TAP)
tests_unit_qc_count_LDADD = $(QC_LIBS) -lm

tests_unit_qc_tiles_SOURCES = tests/unit/qc/tiles.c $(QC_TILES) $(QC_READS) $(TAP)
tests_unit_qc_tiles_LDADD = $(QC_LIBS) -lm

# Counts one file and prints its report: for tests that compare with FastQC.
check_PROGRAMS += tests/tools/qc_report
tests_tools_qc_report_SOURCES = tests/tools/qc_report.c
tests_tools_qc_report_LDADD = $(QC_LIBS) -lm

tests_unit_qc_tracked_SOURCES = tests/unit/qc/tracked.c $(QC_READS) $(TAP)
tests_unit_qc_tracked_LDADD = $(QC_LIBS) -lm

tests_unit_qc_sequences_SOURCES = tests/unit/qc/sequences.c $(QC_SEQUENCES) $(TAP)
tests_unit_qc_sequences_LDADD = $(QC_LIBS) -lm

tests_unit_qc_sequences_unpack_SOURCES = tests/unit/qc/sequences_unpack.c $(QC_SEQUENCES) $(TAP)
tests_unit_qc_sequences_unpack_LDADD = $(QC_LIBS) -lm

tests_unit_qc_assembly_SOURCES = tests/unit/qc/assembly.c $(QC_POOL) $(TAP)
tests_unit_qc_assembly_LDADD = $(QC_LIBS) -lm

tests_unit_qc_groups_SOURCES = tests/unit/qc/groups.c $(TAP)
tests_unit_qc_groups_LDADD = $(QC_LIBS) -lm

tests_unit_qc_follow_SOURCES = tests/unit/qc/follow.c $(QC_POOL) $(TAP)
tests_unit_qc_follow_LDADD = $(QC_LIBS) -lm

tests_unit_qc_gc_SOURCES = tests/unit/qc/gc.c $(QC_DAMAGE) $(QC_READS) $(TAP)
tests_unit_qc_gc_LDADD = $(QC_LIBS) -lm

tests_unit_qc_gc_unpack_SOURCES = tests/unit/qc/gc_unpack.c $(QC_DAMAGE) $(QC_READS) $(TAP)
tests_unit_qc_gc_unpack_LDADD = $(QC_LIBS) -lm

tests_unit_qc_adapters_SOURCES = tests/unit/qc/adapters.c $(QC_DAMAGE) $(QC_READS) $(TAP)
tests_unit_qc_adapters_LDADD = $(QC_LIBS) -lm

tests_unit_qc_sequence_kernel_SOURCES = tests/unit/qc/sequence_kernel.c $(QC_READS) $(TAP)
tests_unit_qc_sequence_kernel_LDADD = $(QC_LIBS) -lm

tests_unit_qc_tile_cells_SOURCES = tests/unit/qc/tile_cells.c $(QC_TILES) $(QC_READS) $(TAP)
tests_unit_qc_tile_cells_LDADD = $(QC_LIBS) -lm

UNIT_TESTS += tests/unit/qc/java tests/unit/qc/base_groups tests/unit/qc/lists tests/unit/qc/corrected tests/unit/qc/report \
	tests/unit/qc/forms tests/unit/qc/plot tests/unit/qc/told

tests_unit_qc_java_SOURCES = tests/unit/qc/java.c $(TAP)
tests_unit_qc_java_LDADD = $(QC_LIBS)

tests_unit_qc_base_groups_SOURCES = tests/unit/qc/base_groups.c $(TAP)
tests_unit_qc_base_groups_LDADD = $(QC_LIBS)

tests_unit_qc_lists_SOURCES = tests/unit/qc/lists.c $(TAP)
tests_unit_qc_lists_LDADD = $(QC_LIBS)

tests_unit_qc_corrected_SOURCES = tests/unit/qc/corrected.c $(TAP)
tests_unit_qc_corrected_LDADD = $(QC_LIBS)

tests_unit_qc_report_SOURCES = tests/unit/qc/report.c tests/unit/qc/made.c tests/unit/qc/made.h $(QC_READS) $(TAP)
tests_unit_qc_report_LDADD = $(QC_LIBS)

tests_unit_qc_forms_SOURCES = tests/unit/qc/forms.c tests/unit/qc/made.c tests/unit/qc/made.h $(QC_READS) $(TAP)
tests_unit_qc_forms_LDADD = $(QC_LIBS)

tests_unit_qc_told_SOURCES = tests/unit/qc/told.c tests/unit/qc/made.c tests/unit/qc/made.h $(QC_READS) $(TAP)
tests_unit_qc_told_LDADD = $(QC_LIBS) -lm

tests_unit_qc_plot_SOURCES = tests/unit/qc/plot.c $(TAP)
tests_unit_qc_plot_LDADD = $(QC_LIBS) -lm

tests_unit_qc_kmers_SOURCES = tests/unit/qc/kmers.c $(QC_READS) $(TAP)
tests_unit_qc_kmers_LDADD = $(QC_LIBS) -lm

UNIT_TESTS += tests/unit/qc/names

tests_unit_qc_names_SOURCES = tests/unit/qc/names.c $(TAP)
tests_unit_qc_names_LDADD = $(QC_LIBS) -lm

UNIT_TESTS += tests/unit/qc/profile

tests_unit_qc_profile_SOURCES = tests/unit/qc/profile.c $(TAP)
tests_unit_qc_profile_LDADD = $(QC_LIBS) -lm

UNIT_TESTS += tests/unit/qc/profiles

tests_unit_qc_profiles_SOURCES = tests/unit/qc/profiles.c $(TAP)
tests_unit_qc_profiles_LDADD = $(QC_LIBS) -lm
