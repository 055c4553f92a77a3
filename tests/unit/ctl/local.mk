# As in tests/unit/base/local.mk, with $(CTL_LIBS):
#	UNIT_TESTS += tests/unit/ctl/NAME
#	tests_unit_ctl_NAME_SOURCES = tests/unit/ctl/NAME.c $(TAP)
#	tests_unit_ctl_NAME_LDADD = $(CTL_LIBS)
