# Tests are TAP: C programs (tests/unit, tests/fuzz) and scripts *.t (bash; Python in tests/report).
# They find the tree by FQ_TOP_SRCDIR (read only under distcheck) and the programs by FQ_TOP_BUILDDIR. FQ_SANITIZERS is yes in a
# build with sanitizers, which is slow; FQ_TSAN in one with ThreadSanitizer; FQ_FAILPOINTS in one where FQ_FAILPOINT works (lib/base/failpoint.h).
TEST_EXTENSIONS = .t
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_DRIVER = $(LOG_DRIVER)
if SANITIZERS
FQ_SANITIZERS = yes
else
FQ_SANITIZERS =
endif
if TSAN
FQ_TSAN = yes
else
FQ_TSAN =
endif
if FAILPOINTS
FQ_FAILPOINTS = yes
else
FQ_FAILPOINTS =
endif
AM_TESTS_ENVIRONMENT = \
	FQ_SANITIZERS='$(FQ_SANITIZERS)'; export FQ_SANITIZERS; \
	FQ_FAILPOINTS='$(FQ_FAILPOINTS)'; export FQ_FAILPOINTS; \
	FQ_TSAN='$(FQ_TSAN)'; export FQ_TSAN; \
	FQ_TOP_SRCDIR='$(abs_top_srcdir)'; export FQ_TOP_SRCDIR; \
	FQ_TOP_BUILDDIR='$(abs_top_builddir)'; export FQ_TOP_BUILDDIR;

dist_check_SCRIPTS += tests/layers.t
TESTS += tests/layers.t

include tests/unit/local.mk
include tests/sim/local.mk
include tests/fuzz/local.mk
include tests/cluster/local.mk
include tests/nodes/local.mk
include tests/slurm/local.mk
include tests/threads/local.mk
include tests/faults/local.mk
include tests/report/local.mk
include tests/bench/local.mk
