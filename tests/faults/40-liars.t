#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario 40: workers that lie (liar.c), each in one way, beside one honest worker. Whatever they say, the coordinator lives, the
# job is completed with the golden report or, where nobody can know better, fails; and the journal names who lied, and how.
. "$(dirname "$0")/faults.sh"
liar=$top_build/tests/faults/liar
declare -A pid_liar=()

reads_make() {
	local form
	mkdir -p "$data" "$golden"
	"$top_build/tests/tools/mkfastq" 12000 100 nova 9 >"$data/reads.fq" # 3.1 MB
	for form in json csv; do
		"$ctl" qc --local --as $form "$data/reads.fq" >"$golden/$form" || { echo "Bail out! no golden report"; exit 1; }
	done
}

liars_end() {
	local lie
	for lie in "${!pid_liar[@]}"; do end_process "${pid_liar[$lie]}" KILL; done
	pid_liar=()
}

cluster_end_liars() { liars_end; cluster_end; }
trap cluster_end_liars EXIT

# liars LIE...: starts them as the nodes l-LIE, and waits until the coordinator has let each in, or not.
liars() {
	local lie token
	journal_mark
	token=$(admin token --role worker --uses $#)
	for lie in "$@"; do
		"$liar" "$lie" "${host%:*}" "${host##*:}" "$work/liar/$lie" "l-$lie" "$token" >"$work/liar.$lie" 2>&1 &
		pid_liar[$lie]=$!
	done
	for lie in "$@"; do wait_until 10 grep -qE 'welcome|ended' "$work/liar.$lie"; done
}

said() { grep -q "$2" "$work/liar.$1"; }

# same FORM: the job that was submitted ends with the golden report.
same() { job_ends "$id" && fq fetch --as "$1" "$id" >"$work/fetched" && cmp "$work/fetched" "$golden/$1"; }

# beside NAME LIE...: a job of many slices is completed as it should be, though these liars have some of them.
beside() {
	local name=$1 lie
	shift
	liars "$@"
	id=$(fq submit --parsable --as "${form:-json}" --slice-size 64K "$data/reads.fq")
	ok "scenario 40: $name: the job is completed with the golden report" same "${form:-json}"
	for lie in "$@"; do
		wait_until 10 grep -qE 'lied|ended' "$work/liar.$lie" || ok "$lie: it had its say" false
	done
}

suspect() { admin nodes | grep -qE "^$1 .*suspect"; }

dropped() { # dropped LIE SENTENCE
	ok "scenario 40: $1: dropped, with one line" journal_has coord "worker l-$1 is dropped: .*$2" 1
}

reads_make
cluster_start --ping 100ms --dead 1s --stall 1s
worker_start 1 -n 4

# ---- who it is
beside "HELLO with absurd numbers and names" many-slots odd-name no-name name-of-another later-generation other-role
ok "scenario 40: too many slots: not let in" journal_has coord 'is not let in: 4294967295 slots are too many' 1
ok "scenario 40: a name for terminals: not let in, and escaped" journal_has coord "is not let in: '.x1b.*is no name for a node" 1
ok "scenario 40: no name: not let in" journal_has coord "is not let in: '' is no name" 1
ok "scenario 40: the name of the honest worker: not let in" journal_has coord 'is not let in: the node name w1 belongs to another key' 1
ok "scenario 40: a start of the coordinator that never was: not let in" journal_has coord 'is not let in: this worker has seen start' 1
ok "scenario 40: a worker's key as an administrator: not let in" journal_has coord "is not let in: this key is a worker's" 1
ok "scenario 40: the honest worker was there all the time" journal_has coord 'w1.*(gone|anew)' 0
liars_end

beside "odd version, lists of slices never held, an algorithm of its own" odd-version held-lists other-algorithm honest
ok "scenario 40: another algorithm: gets no slice" bash -c "! grep -q acknowledged '$work/liar.other-algorithm'"
ok "scenario 40: an honest one gets some" said honest acknowledged
liars_end

# ---- counters and their bytes
beside "results that are none" wrong-hash blob-longer blob-shorter blob-huge blob-none data-alone noise cut other-version
dropped wrong-hash 'another hash than their own'
dropped blob-longer 'more than the [0-9]+ bytes it announced'
dropped blob-shorter 'RESULT within the counters of another'
dropped blob-huge '18446744073709551615 bytes; [0-9]+ are the most'
dropped blob-none 'RESULT without counters'
dropped data-alone 'DATA that nothing announced'
dropped noise 'counters are not valid'
dropped cut 'counters are not valid'
dropped other-version 'counters are not valid'
ok "scenario 40: such a node is suspect from then on" suspect l-noise
"$liar" honest "${host%:*}" "${host##*:}" "$work/liar/noise" l-other-name >"$work/liar.again" 2>&1
ok "scenario 40: and under another name it is not let in either" said again 'ended: this worker is suspect'
liars_end

beside "counters that are others'" more-records more-bases other-modules other-rules no-outcome fault-unknown fault-unread black-hole
dropped more-records 'counters hold [0-9]+ reads, their seam'
dropped more-bases 'counters hold [0-9]+ reads'
dropped other-modules 'counters of modules'
dropped other-rules 'by other rules'
dropped no-outcome 'unknown outcome 77'
dropped fault-unknown 'fault of the unknown kind 99'
dropped fault-unread 'error number makes no sense'
dropped black-hole 'a seam with an edge missing'
liars_end

form=csv beside "counters that would overflow when merged" overflow
dropped overflow 'it counted [0-9]+ reads and [0-9]+ bases from byte .*, where so many cannot be'
liars_end

remember "$pid_coord" # the database's cache is warm now

# ---- edges
beside "seams that are none" seam-backwards seam-behind seam-missing
dropped seam-backwards 'a seam whose end is before its beginning'
dropped seam-behind "a seam that lies behind the file's end"
dropped seam-missing 'a seam with an edge missing'
liars_end

for lie in seam-within seam-in-byte other-range other-start no-reads; do
	LIAR_SLOTS=8 beside "$lie" $lie # it gets the first slice, whose start is known
	ok "scenario 40: $lie: refused, with a line" journal_has coord "l-$lie tells of bytes [0-9]+ to [0-9]+ what cannot be"
	liars_end
done

# ---- slices of others, and of nobody
beside "results of others' slices and jobs" other-job other-file other-slice far-slice second-count other-lease twice unsure
for lie in other-job other-file far-slice second-count; do
	ok "scenario 40: $lie: its own slice is taken from it" journal_has coord "node l-$lie made no progress with slice"
done
liars_end

beside "crashes, errors and returns of others' slices" crash-others io-error-others return-others progress-wrong open-unasked io-errors returns
ok "scenario 40: they leave no line of what never was" journal_has coord 'ended by signal|no.x0a' 0
ok "scenario 40: nor is any slice lost by it" test "$(losses "$id")" -eq 0
liars_end

beside "messages of a client and of the coordinator" of-a-client of-the-coordinator
ok "scenario 40: of-the-coordinator: dropped, with one line" journal_has coord 'worker l-of-the-coordinator is dropped: DRAIN is not for a coordinator' 1
liars_end

# ---- what is OPENED
beside "OPENED of no kind" open-kind
dropped open-kind 'unknown kind of file 77'
liars_end
beside "OPENED of nothing" open-nothing
dropped open-nothing 'neither an error nor a fingerprint'
liars_end
beside "OPENED of other jobs and files" open-other-job
liars_end

# ---- nothing at all
beside "slices that are never answered" silent blob-unended
ok "scenario 40: silent: its slice is taken from it" journal_has coord 'node l-silent made no progress with slice'
ok "scenario 40: and so where a result never ends" journal_has coord 'node l-blob-unended made no progress with slice'
liars_end

wait_until 5 steady "$pid_coord"
ok "scenario 40: the coordinator is as it was" steady "$pid_coord"
ok "scenario 40: and its honest worker idle" all_idle 10 w1
done_testing
