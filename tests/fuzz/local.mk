# A fuzz target is tests/fuzz/NAME.c with LLVMFuzzerTestOneInput(). In an ordinary build main.c makes a test of it that
# replays tests/fuzz/corpus/NAME; with --enable-fuzzers it is a libFuzzer program.
FUZZ_TARGETS =
check_PROGRAMS += $(FUZZ_TARGETS)
if FUZZERS
FUZZ_MAIN =
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/main.c $(TAP)
FUZZ_LINK = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif

EXTRA_DIST += tests/fuzz/corpus.sh
include tests/fuzz/forms.mk
include tests/fuzz/conf.mk
include tests/fuzz/ctl.mk
include tests/fuzz/daemon.mk
include tests/fuzz/fastq.mk
include tests/fuzz/qc.mk
include tests/fuzz/wire.mk
