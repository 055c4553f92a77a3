#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same small files under a Slurm of two nodes (tests/slurm/rig.sh, as root): as a batch job each that runs fqctl qc --local, as one
# array of them, and through warm workers that fqctl slurm start has started. Prints wall times and what processor's time slurmctld
# took, as ratios to the last; reports are compared. make bench-slurm [SLURM="FILES READS"]; NOTES.md has what was measured.
. "$(dirname "$0")/../slurm/rig.sh"
slurm_scheduler=${FQ_SLURM_SCHEDULER:-}
rig_start "$@"
n=${1:-100} reads_each=${2:-4000}
cluster_start
nodes n1 n2
mkdir "$rig"/{in,single,array,warm}
for ((i = 1; i <= n; i++)); do "$made" "$reads_each" 100 nova $i >"$rig/in/$i.fastq"; done
size=$(du -sh "$rig/in" | cut -f1)
printf '%d files of %d reads, %s; SchedulerParameters=%s\n' "$n" "$reads_each" "$size" "${slurm_scheduler:-(none)}"

ticks() { awk '{ print $14 + $15 + $16 + $17 }' "/proc/$pid_slurmctld/stat"; } # of 10 ms, with those of its children
reports_in() { local there=("$rig/$1"/*.zip); [ ${#there[@]} -eq "$n" ]; } # who asks squeue all the time is a load himself
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
declare -A wall=() load=()
measure() { # measure NAME COMMAND...
	local began before
	before=$(ticks) began=$(now_ms)
	"${@:2}" >>"$work/bench.log" 2>&1 || { printf '%s failed\n' "$1"; tail "$work/bench.log"; exit 1; }
	wall[$1]=$(($(now_ms) - began))
	doze 2 # slurmctld has to hear of the last ends
	load[$1]=$((($(ticks) - before) * 10))
}

single() {
	for ((i = 1; i <= n; i++)); do
		sbatch --parsable --output=/dev/null --wrap "fqctl qc --local -t 1 -q -o $rig/single $rig/in/$i.fastq" || return 1
	done
	wait_until 600 reports_in single
}
array() {
	sbatch --parsable --output=/dev/null --array="1-$n" --wrap "fqctl qc --local -t 1 -q -o $rig/array $rig/in/\$SLURM_ARRAY_TASK_ID.fastq" &&
		wait_until 600 reports_in array
}
two_nodes() { [ "$(admin nodes --no-header --fields STATE | grep -c '^idle')" -eq 2 ]; }
start() { fqctl slurm start --socket "$state/ctl.sock" --address "$host" -N 2 --cpus-per-task 2 && wait_until 60 two_nodes; }
warm() { fq qc -q -o "$rig/warm" "$rig"/in/*.fastq; }
stop() { fqctl slurm stop --socket "$state/ctl.sock" --address "$host"; }

measure single single
measure array array
measure start start
measure warm warm
measure stop stop
for folder in single array; do
	for ((i = 1; i <= n; i++)); do
		cmp "$rig/$folder/${i}_fastqc.zip" "$rig/warm/${i}_fastqc.zip" || exit 1
	done
done
printf '%-28s %10s %14s %8s %8s\n' '' 'wall [ms]' 'slurmctld [ms]' 'wall' 'load'
row() { # row NAME TEXT WALL LOAD: beside the warm workers with their start and end
	printf '%-28s %10d %14d %8s %8s\n' "$1" "$2" "$3" "$(awk -v a="$2" -v b="$4" 'BEGIN { printf "%.1f", a / (b ? b : 1) }')" \
		"$(awk -v a="$3" -v b="$5" 'BEGIN { printf "%.1f", a / (b ? b : 1) }')"
}
all_wall=$((wall[start] + wall[warm] + wall[stop])) all_load=$((load[start] + load[warm] + load[stop]))
row "a job for each file" "${wall[single]}" "${load[single]}" "${wall[warm]}" "$all_load"
row "one array" "${wall[array]}" "${load[array]}" "${wall[warm]}" "$all_load"
row "warm workers" "${wall[warm]}" "${load[warm]}" "${wall[warm]}" "$all_load"
row "  with their start and end" "$all_wall" "$all_load" "${wall[warm]}" "$all_load"
exit 0
