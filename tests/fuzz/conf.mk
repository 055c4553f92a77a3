FUZZ_TARGETS += tests/fuzz/conf

tests_fuzz_conf_SOURCES = tests/fuzz/conf.c tests/unit/conf/sample.c tests/unit/conf/sample.h $(FUZZ_MAIN)
tests_fuzz_conf_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_conf_LDADD = $(CONF_LIBS)
EXTRA_DIST += tests/fuzz/corpus/conf
