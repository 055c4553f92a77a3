FUZZ_TARGETS += tests/fuzz/session tests/fuzz/uplink tests/fuzz/ipc
EXTRA_DIST += tests/fuzz/corpus/session tests/fuzz/corpus/uplink tests/fuzz/corpus/ipc

tests_fuzz_session_SOURCES = tests/fuzz/session.c tests/fuzz/folder.h tests/fuzz/session_file.h $(FUZZ_MAIN)
tests_fuzz_session_LDFLAGS = $(FUZZ_LINK) -Wl,--wrap=digest_random
tests_fuzz_session_LDADD = $(COORD_LIBS)

tests_fuzz_uplink_SOURCES = tests/fuzz/uplink.c $(FUZZ_MAIN)
tests_fuzz_uplink_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_uplink_LDADD = $(WORKER_LIBS)

tests_fuzz_ipc_SOURCES = tests/fuzz/ipc.c $(FUZZ_MAIN)
tests_fuzz_ipc_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_ipc_LDADD = $(WORKER_LIBS)

# Frames that are right, and right but for something, made anew each time.
check_PROGRAMS += tests/fuzz/make_frames_corpus
tests_fuzz_make_frames_corpus_SOURCES = tests/fuzz/make_frames_corpus.c tests/fuzz/make_worker_corpus.c \
	tests/fuzz/corpus_out.c tests/fuzz/corpus_out.h tests/fuzz/session_file.h
tests_fuzz_make_frames_corpus_LDADD = $(DAEMON_LIBS)
dist_check_SCRIPTS += tests/fuzz/frames_corpus.t
if !FUZZERS
TESTS += tests/fuzz/frames_corpus.t
endif

# What is told over HTTP.
FUZZ_TARGETS += tests/fuzz/http
tests_fuzz_http_SOURCES = tests/fuzz/http.c tests/fuzz/folder.h $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_http_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_http_LDADD = $(COORD_LIBS)
EXTRA_DIST += tests/fuzz/corpus/http

FUZZ_TARGETS += tests/fuzz/journal
tests_fuzz_journal_SOURCES = tests/fuzz/journal.c $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_journal_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_journal_LDADD = $(DAEMON_LIBS)
EXTRA_DIST += tests/fuzz/corpus/journal

# What the store has of gzip streams in slices.
FUZZ_TARGETS += tests/fuzz/seek
tests_fuzz_seek_SOURCES = tests/fuzz/seek.c tests/fuzz/folder.h $(FUZZ_FORMS) $(FUZZ_MAIN)
tests_fuzz_seek_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_seek_LDADD = $(COORD_LIBS)
EXTRA_DIST += tests/fuzz/corpus/seek
