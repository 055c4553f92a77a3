#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What README.md and docs/administration.md have an administrator type, typed on hosts where nothing is installed: "Three nodes, from
# packages to the first result" (but for the first lines, which make the packages: rig.sh has made them), what the person types then,
# how a backup is put back, and the blocks that are marked with hosts. The commands are taken out of the pages; only a TOKEN is put in
# where one is said, the one that the line before printed.
. "$(dirname "$0")/fleet.sh"
rig_start
workers=(node1 node2 node3)
hosts coord node1 node2 node3 login
user_make alice 1000 coord node1 node2 node3 login
runs=$rig/shared/alice
install -d -o 1000 -g 1000 "$runs" "$runs/run42"
"$made" 50000 100 hiseq 9 | gzip -1 >"$runs/reads.fastq.gz"
for i in 1 2; do "$made" 5000 100 nova $i | gzip -1 >"$runs/run42/sample$i.fastq.gz"; done
for host in coord node1 node2 node3 login; do host_boot $host; done
for host in coord node1 node2 node3 login; do cp "$debs"/fqcluster-*.deb "$rig/$host/root/root/"; done

# block FILE KIND WORDS: the lines of its first block of this kind in which these words are.
block() {
	python3 "$top_src/tests/tools/examples.py" "$top_src/$1" | awk -v kind="$2" -v words="$3" '
		/^@@ / { if (found) exit; inside = $3 == kind; lines = ""; next }
		inside { lines = lines $0 "\n"; found = found || index($0, words) }
		END { if (found) printf "%s", lines }'
}

# types HOST LINE: one line in the folder of root, with the last TOKEN; a token that it prints is the next.
token=
types() {
	local status
	on "$1" bash -c "cd /root && ${2//TOKEN/$token}" >"$work/typed" 2>"$work/err" </dev/null
	status=$?
	[ $status -eq 0 ] || diag <"$work/err"
	if [[ $2 == "fqctl token"* ]]; then token=$(tail -n 1 "$work/typed"); fi
	return $status
}

# ---- as root

here=()
while IFS= read -r line; do
	case $line in
	"# once, where there is a clone"*) here=() ;;
	"# on coord"*) here=(coord) ;;
	"# on node1, node2 and node3") here=(node1 node2 node3) ;;
	"# where people work") here=(login) ;;
	"#"*) ok "README.md says where: $line" false ;;
	"") ;;
	*)
		for host in "${here[@]}"; do
			ok "$host: $line" types "$host" "$line"
			case $line in
			"fqworkerd --join"*) ok "the coordinator has $host" wait_until 20 node_is "$host" '^idle' ;;
			"fqctl nodes") is "three are idle" "$(grep -c ' idle ' "$work/typed")" 3 ;;
			esac
		done
		;;
	esac
done < <(block README.md hosts "apt install")

# ---- and as that person

block README.md run "fqctl join" |
	sed "s/ *#.*//; s/TOKEN/$token/; s/^fqctl submit.*/& >first/; s/^fqctl status.*/& >status/" >"$runs/typed"
as login alice bash -e -c 'cd && ln -s /shared/alice/{reads.fastq.gz,run42} . && bash -e /shared/alice/typed' >"$work/person" 2>&1
is "what the person types" $? 0 || diag <"$work/person"
home=$rig/home/alice
ok "the mean Phred score per base position" cmp "$home/first" <(local_csv /shared/alice/reads.fastq.gz)
is "two of FastQC's reports" "$(find "$home/reports" -name 'sample?_fastqc.zip' | wc -l)" 2
is "and two jobs" "$(grep -c ' CD ' "$home/status")" 2

# ---- backup and restore

# Until it listens; then Ctrl-C.
by_its_user() {
	on coord bash -c "runuser -u fqcluster -- $1 & wait" >"$work/typed" 2>"$work/err" </dev/null &
	local shell=$! status=0
	wait_until 20 grep -q 'listening on' "$work/err" || status=1
	on coord pkill -INT -u fqcluster -x fqcoordd
	wait $shell
	[ $status -eq 0 ] || diag <"$work/err"
	return $status
}
on coord mkdir /backup
lines=0
while IFS= read -r line; do
	[ -n "$line" ] || continue
	lines=$((lines + 1))
	case $line in
	*"as the coordinator's user"*"then Ctrl-C"*) ok "coord: $line" by_its_user "${line%%#*}" ;;
	*) ok "coord: $line" types coord "$line" ;;
	esac
done < <(block README.md run "fqcoordd --restore")
is "lines of it" $lines 5
for host in "${workers[@]}"; do ok "$host comes back to what was restored" wait_until 30 node_is "$host" '^idle'; done
ok "its jobs are there" cmp "$home/first" <(as login alice fqctl fetch -h coord 1)

# ---- what docs/administration.md has typed on hosts

watched() { # watched LINE
	case $1 in
	"systemctl is-failed fqcoordd fqworkerd") ! types coord "${1/ fqworkerd/}" && ! types node1 "${1/ fqcoordd/}" ;;
	"systemd-analyze security fqcoordd fqworkerd"*) types coord "${1/ fqworkerd/}" && types node1 "${1/ fqcoordd/}" ;;
	*) types coord "$1" ;;
	esac
}
lines=0
while IFS= read -r line; do
	[ -n "$line" ] || continue
	ok "administration.md: $line" watched "$line"
	lines=$((lines + 1))
done < <(block docs/administration.md hosts "systemctl is-failed")
is "lines of administration.md" $lines 3
[ $failed -eq 0 ] || hosts_logs
done_testing
