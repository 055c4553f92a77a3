# Scripts NN-name.t: faults on real daemons in network namespaces, with faults.sh. NN is the lowest scenario's number.
FAULT_TESTS =
dist_check_SCRIPTS += $(FAULT_TESTS)
HEAVY_TESTS += $(FAULT_TESTS)
EXTRA_DIST += tests/faults/faults.sh

# A bad network between two programs.
check_PROGRAMS += tests/faults/fqproxy
tests_faults_fqproxy_SOURCES = tests/faults/fqproxy.c
EXTRA_DIST += tests/faults/unit.py

# A wall clock that is wrong, for LD_PRELOAD.
check_PROGRAMS += tests/faults/shim_clock.so
tests_faults_shim_clock_so_SOURCES = tests/faults/shim_clock.c
tests_faults_shim_clock_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_clock_so_LDFLAGS = -shared

# Kills, links, clocks, leaving.
FAULT_TESTS += tests/faults/01-kill.t
FAULT_TESTS += tests/faults/04-points.t
FAULT_TESTS += tests/faults/05-unit.t
FAULT_TESTS += tests/faults/06-stop.t
FAULT_TESTS += tests/faults/08-links.t
FAULT_TESTS += tests/faults/10-all.t
FAULT_TESTS += tests/faults/13-proxy.t
FAULT_TESTS += tests/faults/36-clock.t
FAULT_TESTS += tests/faults/43-leave.t
FAULT_TESTS += tests/faults/50-soup.t
dist_check_SCRIPTS += tests/faults/49-many.sh
