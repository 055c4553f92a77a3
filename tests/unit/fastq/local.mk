# As in tests/unit/base/local.mk, with $(FASTQ_LIBS):
#	UNIT_TESTS += tests/unit/fastq/NAME
#	tests_unit_fastq_NAME_SOURCES = tests/unit/fastq/NAME.c $(TAP)
#	tests_unit_fastq_NAME_LDADD = $(FASTQ_LIBS)
