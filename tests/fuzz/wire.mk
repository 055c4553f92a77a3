FUZZ_TARGETS += tests/fuzz/frames tests/fuzz/handshake tests/fuzz/messages tests/fuzz/trust
EXTRA_DIST += tests/fuzz/corpus/frames tests/fuzz/corpus/handshake tests/fuzz/corpus/messages tests/fuzz/corpus/trust

tests_fuzz_frames_SOURCES = tests/fuzz/frames.c $(FUZZ_MAIN)
tests_fuzz_frames_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_frames_LDADD = $(WIRE_LIBS)

tests_fuzz_messages_SOURCES = tests/fuzz/messages.c $(FUZZ_MAIN)
tests_fuzz_messages_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_messages_LDADD = $(WIRE_LIBS)

tests_fuzz_trust_SOURCES = tests/fuzz/trust.c $(FUZZ_MAIN)
tests_fuzz_trust_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_trust_LDADD = $(WIRE_LIBS)

tests_fuzz_handshake_SOURCES = tests/fuzz/handshake.c $(FUZZ_MAIN)
tests_fuzz_handshake_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_handshake_LDADD = $(WIRE_LIBS)

FUZZ_TARGETS += tests/fuzz/keys
tests_fuzz_keys_SOURCES = tests/fuzz/keys.c tests/fuzz/folder.h $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_keys_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_keys_LDADD = $(WIRE_LIBS)
EXTRA_DIST += tests/fuzz/corpus/keys
