# Scripts NN-name.t: faults on real daemons in network namespaces, with faults.sh. NN is the lowest scenario's number.
FAULT_TESTS = \
	tests/faults/37-keys.t \
	tests/faults/41-clients.t \
	tests/faults/60-threats.t
dist_check_SCRIPTS += $(FAULT_TESTS)
HEAVY_TESTS += $(FAULT_TESTS)
EXTRA_DIST += tests/faults/faults.sh tests/faults/upgrade.sh

# Peers that do what they should not: liar is a worker with one lie a run.
FAULT_TESTS += tests/faults/40-liars.t
check_PROGRAMS += tests/faults/liar
tests_faults_liar_SOURCES = tests/faults/liar.c tests/faults/liar.h tests/faults/lies.c tests/faults/lies_result.c tests/faults/lies_split.c
tests_faults_liar_LDADD = $(DAEMON_LIBS)
# A bad network between two programs.
check_PROGRAMS += tests/faults/fqproxy
tests_faults_fqproxy_SOURCES = tests/faults/fqproxy.c

# A disk that fails, for LD_PRELOAD.
FAULT_TESTS += tests/faults/28-disk.t tests/faults/32-state.t
check_PROGRAMS += tests/faults/shim_disk.so
tests_faults_shim_disk_so_SOURCES = tests/faults/shim_disk.c
tests_faults_shim_disk_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_disk_so_LDFLAGS = -shared
EXTRA_DIST += tests/faults/points
# Storage that fails, for LD_PRELOAD.
check_PROGRAMS += tests/faults/shim_file.so
tests_faults_shim_file_so_SOURCES = tests/faults/shim_file.c
tests_faults_shim_file_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_file_so_CPPFLAGS =
tests_faults_shim_file_so_LDFLAGS = -shared
FAULT_TESTS += tests/faults/15-storage.t tests/faults/21-changed.t tests/faults/24-input.t tests/faults/26-poison.t \
	tests/faults/47-paths.t
EXTRA_DIST += tests/faults/storage.sh
# A peer with a good key that talks garbage.
FAULT_TESTS += tests/faults/39-garbage.t
check_PROGRAMS += tests/faults/stranger
tests_faults_stranger_SOURCES = tests/faults/stranger.c
tests_faults_stranger_LDADD = $(WIRE_LIBS)

# Strangers and men in the middle, by openssl.
FAULT_TESTS += tests/faults/37-tls.t
EXTRA_DIST += tests/faults/unit.py

# A wall clock that is wrong, for LD_PRELOAD.
check_PROGRAMS += tests/faults/shim_clock.so
tests_faults_shim_clock_so_SOURCES = tests/faults/shim_clock.c
tests_faults_shim_clock_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_clock_so_LDFLAGS = -shared

# No more threads than so many, for LD_PRELOAD.
FAULT_TESTS += tests/faults/17-threads.t
check_PROGRAMS += tests/faults/shim_thread.so
tests_faults_shim_thread_so_SOURCES = tests/faults/shim_thread.c
tests_faults_shim_thread_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_thread_so_LDFLAGS = -shared

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

# A thin line.
FAULT_TESTS += tests/faults/12-slow.t

# Two versions of the protocol.
FAULT_TESTS += tests/faults/44-versions.t

# Strangers by the thousand.
FAULT_TESTS += tests/faults/38-floods.t
check_PROGRAMS += tests/faults/flood
tests_faults_flood_SOURCES = tests/faults/flood.c

# Users of a login host, several for LD_PRELOAD, and one who is not fqctl.
FAULT_TESTS += tests/faults/51-gate.t
check_PROGRAMS += tests/faults/intruder tests/faults/shim_peer.so
tests_faults_intruder_SOURCES = tests/faults/intruder.c
tests_faults_intruder_LDADD = $(WIRE_LIBS)
tests_faults_shim_peer_so_SOURCES = tests/faults/shim_peer.c
tests_faults_shim_peer_so_CFLAGS = -std=gnu17 -Wall -Wextra -fPIC
tests_faults_shim_peer_so_LDFLAGS = -shared
