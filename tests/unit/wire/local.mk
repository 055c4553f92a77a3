# As in tests/unit/base/local.mk, with $(WIRE_LIBS):
#	UNIT_TESTS += tests/unit/wire/NAME
#	tests_unit_wire_NAME_SOURCES = tests/unit/wire/NAME.c $(TAP)
#	tests_unit_wire_NAME_LDADD = $(WIRE_LIBS)
