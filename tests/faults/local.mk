# Scripts NN-name.t: faults on real daemons in network namespaces, with faults.sh. NN is the lowest scenario's number.
FAULT_TESTS =
dist_check_SCRIPTS += $(FAULT_TESTS)
HEAVY_TESTS += $(FAULT_TESTS)
EXTRA_DIST += tests/faults/faults.sh

# Peers that do what they should not: liar is a worker with one lie a run.
FAULT_TESTS += tests/faults/40-liars.t
check_PROGRAMS += tests/faults/liar
tests_faults_liar_SOURCES = tests/faults/liar.c tests/faults/liar.h tests/faults/lies.c tests/faults/lies_result.c
tests_faults_liar_LDADD = $(DAEMON_LIBS)
# A bad network between two programs.
check_PROGRAMS += tests/faults/fqproxy
tests_faults_fqproxy_SOURCES = tests/faults/fqproxy.c

# A peer with a good key that talks garbage.
FAULT_TESTS += tests/faults/39-garbage.t
check_PROGRAMS += tests/faults/stranger
tests_faults_stranger_SOURCES = tests/faults/stranger.c
tests_faults_stranger_LDADD = $(WIRE_LIBS)

# Strangers and men in the middle, by openssl.
FAULT_TESTS += tests/faults/37-tls.t
