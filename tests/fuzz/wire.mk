# The targets of wire:
#	FUZZ_TARGETS += tests/fuzz/NAME
#	tests_fuzz_NAME_SOURCES = tests/fuzz/NAME.c $(FUZZ_MAIN)
#	tests_fuzz_NAME_LDFLAGS = $(FUZZ_LINK)
#	tests_fuzz_NAME_LDADD = $(WIRE_LIBS)
#	EXTRA_DIST += tests/fuzz/corpus/NAME
