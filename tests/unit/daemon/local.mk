# As in tests/unit/base/local.mk, with $(DAEMON_LIBS):
#	UNIT_TESTS += tests/unit/daemon/NAME
#	tests_unit_daemon_NAME_SOURCES = tests/unit/daemon/NAME.c $(TAP)
#	tests_unit_daemon_NAME_LDADD = $(DAEMON_LIBS)
