QC_READS = tests/unit/qc/reads.c tests/unit/qc/reads.h
QC_TILES = tests/unit/qc/tiles_plain.c tests/unit/qc/tiles_plain.h

UNIT_TESTS += tests/unit/qc/kernel tests/unit/qc/counters tests/unit/qc/unpack tests/unit/qc/csv tests/unit/qc/count tests/unit/qc/tiles tests/unit/qc/tile_cells
EXTRA_DIST += tests/oracle/mean.py

tests_unit_qc_kernel_SOURCES = tests/unit/qc/kernel.c $(QC_READS) $(TAP)
tests_unit_qc_kernel_LDADD = $(QC_LIBS) -lm

tests_unit_qc_counters_SOURCES = tests/unit/qc/counters.c $(QC_READS) $(TAP)
tests_unit_qc_counters_LDADD = $(QC_LIBS) -lm

tests_unit_qc_unpack_SOURCES = tests/unit/qc/unpack.c $(QC_READS) $(TAP)
tests_unit_qc_unpack_LDADD = $(QC_LIBS) -lm

tests_unit_qc_csv_SOURCES = tests/unit/qc/csv.c $(QC_READS) $(TAP)
tests_unit_qc_csv_LDADD = $(QC_LIBS) -lm

tests_unit_qc_count_SOURCES = tests/unit/qc/count.c $(QC_READS) $(TAP)
tests_unit_qc_count_LDADD = $(QC_LIBS) -lm

tests_unit_qc_tiles_SOURCES = tests/unit/qc/tiles.c $(QC_TILES) $(QC_READS) $(TAP)
tests_unit_qc_tiles_LDADD = $(QC_LIBS) -lm

tests_unit_qc_tile_cells_SOURCES = tests/unit/qc/tile_cells.c $(QC_TILES) $(QC_READS) $(TAP)
tests_unit_qc_tile_cells_LDADD = $(QC_LIBS) -lm
