# As in tests/unit/base/local.mk, with $(CONF_LIBS):
#	UNIT_TESTS += tests/unit/conf/NAME
#	tests_unit_conf_NAME_SOURCES = tests/unit/conf/NAME.c $(TAP)
#	tests_unit_conf_NAME_LDADD = $(CONF_LIBS)
