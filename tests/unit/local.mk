# One program a source file of the tree, at the same place below tests/unit. A program is listed in UNIT_TESTS by its folder's
# local.mk; $(TAP) is the TAP producer that each lists among its sources.
UNIT_TESTS =
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

TAP = tests/unit/tap.c tests/unit/tap.h

dist_check_SCRIPTS += tests/unit/systemd.t tests/unit/debian.t tests/unit/manuals.t
TESTS += tests/unit/systemd.t tests/unit/debian.t tests/unit/manuals.t

include tests/unit/base/local.mk
include tests/unit/fastq/local.mk
include tests/unit/qc/local.mk
include tests/unit/wire/local.mk
include tests/unit/conf/local.mk
include tests/unit/daemon/local.mk
include tests/unit/ctl/local.mk
