# A Slurm of the test's own, as root: make check-slurm, or one of them as make check TESTS=tests/slurm/10-worker.t.
SLURM_TESTS = \
	tests/slurm/10-worker.t \
	tests/slurm/20-start.t \
	tests/slurm/30-elastic.t \
	tests/slurm/40-qc.t
dist_check_SCRIPTS += $(SLURM_TESTS)
EXTRA_DIST += tests/slurm/rig.sh

check-slurm:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(SLURM_TESTS)'
.PHONY: check-slurm
