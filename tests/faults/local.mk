# Scripts NN-name.t: faults on real daemons in network namespaces, with faults.sh. NN is the lowest scenario's number.
FAULT_TESTS =
dist_check_SCRIPTS += $(FAULT_TESTS)
HEAVY_TESTS += $(FAULT_TESTS)
EXTRA_DIST += tests/faults/faults.sh

# A bad network between two programs.
check_PROGRAMS += tests/faults/fqproxy
tests_faults_fqproxy_SOURCES = tests/faults/fqproxy.c
