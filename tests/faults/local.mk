# Scripts NN-name.t: faults on real daemons in network namespaces, with faults.sh. NN is the lowest scenario's number.
FAULT_TESTS =
dist_check_SCRIPTS += $(FAULT_TESTS)
HEAVY_TESTS += $(FAULT_TESTS)
EXTRA_DIST += tests/faults/faults.sh

# A bad network between two programs.
check_PROGRAMS += tests/faults/fqproxy
tests_faults_fqproxy_SOURCES = tests/faults/fqproxy.c

# Storage that fails, for LD_PRELOAD.
check_PROGRAMS += tests/faults/shim_file.so
tests_faults_shim_file_so_SOURCES = tests/faults/shim_file.c
tests_faults_shim_file_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_file_so_CPPFLAGS =
tests_faults_shim_file_so_LDFLAGS = -shared
FAULT_TESTS += tests/faults/15-storage.t tests/faults/21-changed.t tests/faults/24-input.t tests/faults/26-poison.t \
	tests/faults/47-paths.t
EXTRA_DIST += tests/faults/storage.sh
