# SPDX-License-Identifier: GPL-3.0-or-later
# A Slurm of the test's own (fakeslurm) instead of a real one, for tests that have cluster.sh already; its jobs end with the test.
command -v python3 >/dev/null || skip_all "python3 is not installed"
export FAKE_SLURM=$work/slurm HOME=$work/home TMPDIR=$work/tmp
mkdir -p "$work/bin" "$FAKE_SLURM" "$HOME" "$TMPDIR"
for program in sbatch squeue scancel; do ln -s "$top_src/tests/cluster/fakeslurm" "$work/bin/$program"; done
PATH=$work/bin:$PATH
slurm_end() { # nothing that runs outlives the test
	local status=$? pid
	for pid in $(cat "$FAKE_SLURM"/jobs/*/pid 2>/dev/null); do
		! grep -qaF "$FAKE_SLURM" "/proc/$pid/cmdline" 2>/dev/null || kill -KILL -- "-$pid"
	done
	(exit "$status")
	cluster_end
}
trap slurm_end EXIT
