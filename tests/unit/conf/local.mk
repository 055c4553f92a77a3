UNIT_TESTS += tests/unit/conf/option tests/unit/conf/load tests/unit/conf/arguments tests/unit/conf/start \
	tests/unit/conf/start_refused tests/unit/conf/start_client tests/unit/conf/shipped tests/unit/conf/rows tests/unit/conf/batch

CONF_SAMPLE = tests/unit/conf/sample.c tests/unit/conf/sample.h
CONF_STARTING = tests/unit/conf/starting.c tests/unit/conf/starting.h
CONF_PARAGRAPH = tests/unit/conf/paragraph.c tests/unit/conf/paragraph.h

tests_unit_conf_option_SOURCES = tests/unit/conf/option.c $(CONF_SAMPLE) $(TAP)
tests_unit_conf_option_LDADD = $(CONF_LIBS)

tests_unit_conf_load_SOURCES = tests/unit/conf/load.c $(CONF_SAMPLE) $(TAP)
tests_unit_conf_load_LDADD = $(CONF_LIBS)

tests_unit_conf_arguments_SOURCES = tests/unit/conf/arguments.c $(CONF_SAMPLE) $(TAP)
tests_unit_conf_arguments_LDADD = $(CONF_LIBS)

tests_unit_conf_start_SOURCES = tests/unit/conf/start.c $(CONF_STARTING) $(TAP)
tests_unit_conf_start_LDADD = $(CONF_LIBS)

tests_unit_conf_start_refused_SOURCES = tests/unit/conf/start_refused.c $(CONF_STARTING) $(TAP)
tests_unit_conf_start_refused_LDADD = $(CONF_LIBS)

tests_unit_conf_start_client_SOURCES = tests/unit/conf/start_client.c $(CONF_STARTING) $(TAP)
tests_unit_conf_start_client_LDADD = $(CONF_LIBS)

tests_unit_conf_shipped_SOURCES = tests/unit/conf/shipped.c $(CONF_PARAGRAPH) $(TAP)
tests_unit_conf_shipped_LDADD = $(CONF_LIBS)

tests_unit_conf_rows_SOURCES = tests/unit/conf/rows.c $(CONF_PARAGRAPH) $(TAP)
tests_unit_conf_rows_LDADD = $(CONF_LIBS)

tests_unit_conf_batch_SOURCES = tests/unit/conf/batch.c $(TAP)
tests_unit_conf_batch_LDADD = $(CONF_LIBS)
