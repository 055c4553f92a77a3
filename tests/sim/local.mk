# The simulator: the production core, built once more with the bugs that can be put into it.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	$(COORD_CORE_SOURCES) \
	tests/sim/check.c \
	tests/sim/coordinator.c \
	tests/sim/count.c \
	tests/sim/disk.c \
	tests/sim/faults.c \
	tests/sim/given.c \
	tests/sim/groups.c \
	tests/sim/gzip.c \
	tests/sim/history.c \
	tests/sim/kept.c \
	tests/sim/main.c \
	tests/sim/many.c tests/sim/many.h \
	tests/sim/node.c \
	tests/sim/observe.c \
	tests/sim/options.c \
	tests/sim/perform.c \
	tests/sim/recount.c tests/sim/recount.h \
	tests/sim/sim.h \
	tests/sim/word.c \
	tests/sim/world.c
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -DCOORD_MUTANTS
tests_sim_sim_LDADD = $(FASTQ_LIBS)

dist_check_SCRIPTS += tests/sim/sim.t
TESTS += tests/sim/sim.t
