UNIT_TESTS += tests/unit/wire/message tests/unit/wire/queue tests/unit/wire/key tests/unit/wire/trust \
	tests/unit/wire/bounds tests/unit/wire/connection tests/unit/wire/tls tests/unit/wire/dial

# Two connections that speak with each other, for these tests and those of daemon/.
WIRE_PAIR = tests/unit/wire/pair.c tests/unit/wire/pair.h

tests_unit_wire_message_SOURCES = tests/unit/wire/message.c $(TAP)
tests_unit_wire_message_LDADD = $(WIRE_LIBS)

tests_unit_wire_queue_SOURCES = tests/unit/wire/queue.c $(TAP)
tests_unit_wire_queue_LDADD = $(WIRE_LIBS)

tests_unit_wire_key_SOURCES = tests/unit/wire/key.c $(TAP)
tests_unit_wire_key_LDADD = $(WIRE_LIBS)

tests_unit_wire_trust_SOURCES = tests/unit/wire/trust.c $(TAP)
tests_unit_wire_trust_LDADD = $(WIRE_LIBS)

tests_unit_wire_bounds_SOURCES = tests/unit/wire/bounds.c $(WIRE_PAIR) $(TAP)
tests_unit_wire_bounds_LDADD = $(WIRE_LIBS)

tests_unit_wire_connection_SOURCES = tests/unit/wire/connection.c $(WIRE_PAIR) $(TAP)
tests_unit_wire_connection_LDADD = $(WIRE_LIBS)

tests_unit_wire_tls_SOURCES = tests/unit/wire/tls.c $(WIRE_PAIR) $(TAP)
tests_unit_wire_tls_LDADD = $(WIRE_LIBS)

tests_unit_wire_dial_SOURCES = tests/unit/wire/dial.c $(WIRE_PAIR) $(TAP)
tests_unit_wire_dial_LDADD = $(WIRE_LIBS) -lpthread

# fqcluster.protocol(7) against the document.
dist_check_SCRIPTS += tests/unit/wire/protocol.t
TESTS += tests/unit/wire/protocol.t
