#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario 40: workers that lie (liar.c), each in one way, beside one honest worker. Whatever they say, the coordinator lives, the
# job is completed with the golden report or, where nobody can know better, fails; and the journal names who lied, and how. A number
# that is wrong and fits all others is found by a second copy of the slice alone (audit_percent).
. "$(dirname "$0")/faults.sh"
liar=$top_build/tests/faults/liar
MEMORY_MAX=$((64 << 10))                                # KiB; 16 MiB are the database's cache
[ -z "${FQ_SANITIZERS:-}" ] || MEMORY_MAX=$((512 << 10)) # which keep what is freed
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

not_trusted() { admin nodes | grep -qE "^$1 .*sent what cannot be"; }

turned_away() { ok "scenario 40: $1: not let in" said "$1" "ended: .*$2"; }

dropped() { # dropped LIE SENTENCE
	ok "scenario 40: $1: dropped, with one line" journal_has coord "worker l-$1 is dropped: .*$2" 1
}

reads_make
cluster_start --ping 100ms --dead 4s --stall 3s --audit-percent 0 # which would find what lies here once in some runs
worker_start 1 -n 4

# ---- who it is
beside "HELLO with absurd numbers and names" many-slots odd-name no-name name-of-another later-generation other-role
turned_away many-slots 'slots are too many'
turned_away odd-name 'x1b.*is no name for a node'
turned_away no-name 'is no name for a node'
turned_away name-of-another 'node name w1 belongs to another key'
turned_away later-generation 'this worker has seen start 18446744073709551615'
turned_away other-role "this key is a worker's"
ok "scenario 40: lines say so, few of them" journal_has coord 'was turned away:'
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
ok "scenario 40: blob-huge: more than any result may have, with one line" journal_has coord \
	'the counters of slice [0-9]+ take 18446744073709551615 bytes, more than result_max'
dropped blob-none 'RESULT without counters'
dropped data-alone 'DATA that nothing announced'
dropped noise 'counters are not valid'
dropped cut 'counters are not valid'
dropped other-version 'counters are not valid'
ok "scenario 40: such a node gets nothing more, and says why" not_trusted l-noise
timeout 10 "$liar" honest "${host%:*}" "${host##*:}" "$work/liar/noise" l-other-name >"$work/liar.again" 2>&1
ok "scenario 40: and under another name it is not let in either" said again 'ended: this worker sent what cannot be'
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

remember "$pid_coord"

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
liars_end

beside "messages of a client and of the coordinator" of-a-client of-the-coordinator
ok "scenario 40: of-the-coordinator: dropped, with one line" journal_has coord 'worker l-of-the-coordinator is dropped: DRAIN is not for a coordinator' 1
liars_end

# ---- jobs of a batch system, with one key
array() { # array LIE NAME: comes with the array's key
	timeout 10 "$liar" "$1" "${host%:*}" "${host##*:}" "$work/liar/array" "$2" ${3:+"$3"} >"$work/liar.array.$2" 2>&1
}
array batch-lies l-array1 "$(admin token --role worker)"
ok "scenario 40: one of a batch system's jobs lies: it is dropped" said array.l-array1 'ended: DRAIN is not for'
array batch l-array1
ok "scenario 40: and does not come again" said array.l-array1 'ended: this worker sent what cannot be'
"$liar" batch "${host%:*}" "${host##*:}" "$work/liar/array" l-array2 >"$work/liar.array.l-array2" 2>&1 &
pid_liar[array]=$!
ok "scenario 40: others with its key do" wait_until 10 said array.l-array2 '^welcome'
array honest l-array3
ok "scenario 40: not one that is no batch system's job" said array.l-array3 'ended: this worker sent what cannot be'
array batch-lies l-array4
array batch-lies l-array5
array batch l-array6
ok "scenario 40: after three of them the key is not let in" said array.l-array6 'ended: this worker sent what cannot be'
ok "scenario 40: who is there stays" node_is l-array2 '^idle$'
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

beside "OPENED of a size that cannot be" open-huge
dropped open-huge 'an opened file of more bytes than any has'
liars_end
beside "OPENED of another size than the submitter's" open-larger
dropped open-larger 'a file of [0-9]+ bytes, of which its submitter has read'
liars_end
beside "OPENED of another file" open-other-file
ok "scenario 40: open-other-file: another node sees it" journal_has coord 'changed while it was read'
liars_end
beside "a file that it says has changed" fault-changed
ok "scenario 40: fault-changed: a line names the node" journal_has coord 'node l-fault-changed: .*changed'
liars_end
LIAR_SLOTS=8 beside "faults of slices that are others'" fault-for-all
liars_end

# ---- nothing at all
beside "slices that are never answered" silent blob-unended
ok "scenario 40: silent: its slice is taken from it" journal_has coord 'node l-silent made no progress with slice'
ok "scenario 40: silent: and gets no other" journal_has coord 'node l-silent made no progress .* it is given nothing new'
ok "scenario 40: and so where a result never ends" journal_has coord 'node l-blob-unended made no progress with slice'
liars_end

# ---- what would end a file, said by one alone: another one is asked, and who was wrong is at fault
LIAR_SLOTS=8 beside "no FASTQ, says one that opens it" open-no-fastq
ok "scenario 40: open-no-fastq: a line names the node" journal_has coord 'node l-open-no-fastq could not open .*reads.fq, which another node can'
liars_end
for lie in fault-data crashes; do
	LIAR_SLOTS=8 beside "$lie" $lie
	ok "scenario 40: $lie: a line names the node" journal_has coord "node l-$lie could not count slice [0-9]+ of .*reads.fq, which another node can"
	ok "scenario 40: $lie: and it gets nothing more" wait_until 5 node_is l-$lie '^dra?i?ng?$'
	liars_end
done

# ---- slices of one gzip stream: what a scout says of its text, and a count of where it ends
splits_ask() {
	reads=$data/reads.fq.gz
	gzip -c "$data/reads.fq" >"$reads"
	"$ctl" qc --local --split-gzip never --as json "$reads" >"$golden/gzip"
}
until_split() { # jobs, until it had such a slice: the honest one may be faster
	for _ in {1..10}; do
		id=$(fq submit --parsable --as json --split-gzip always --slice-size 64K "$reads")
		same_gzip || return 1
		! said "$1" '^split$' || return 0
	done
}
# beside_split LIE HOW: alone with one honest worker; HOW: "dropped SENTENCE", "anew" or "goes on".
beside_split() {
	local lie=$1 how=$2
	LIAR_SLOTS=8 liars "$lie"
	ok "scenario 40: $lie: each job is completed with the golden report" until_split "$lie"
	ok "scenario 40: $lie: it had its say" said "$lie" '^split$'
	case $how in
	dropped*) dropped "$lie" "${how#dropped }" ;;
	anew) ok "scenario 40: $lie: slices that do not go together are no result" journal_has coord "job $id: slices of .* do not go together; it is counted anew" ;;
	refused) ok "scenario 40: $lie: refused, with a line" journal_has coord "l-$lie tells of bytes [0-9]+ to [0-9]+ what cannot be" ;;
	esac
	liars_end
}
same_gzip() { job_ends "$id" && fq fetch --as json "$id" >"$work/fetched" && cmp "$work/fetched" "$golden/gzip"; }
# An honest node that gets no processor for 3 s is no witness against a file that a liar has said something of.
end_process "$pid_coord" TERM
coord_start --ping 100ms --dead 4s --stall 30s --audit-percent 0
wait_until 20 node_is w1 '^idle$'
splits_ask
id=$(fq submit --parsable --as json "$data/reads.fq") && job_ends "$id" # warm
remember "$pid_coord"
beside_split scout-window anew
beside_split scout-open 'goes on'
beside_split scout-text 'goes on'
beside_split scout-begin 'goes on'
beside_split scout-end 'goes on'
beside_split scout-far 'goes on'
beside_split scout-beyond 'dropped bits that are not within the file'
beside_split scout-noise 'dropped damaged symbols'
beside_split scout-huge 'dropped RESULT of a scout with more symbols than can be'
beside_split scout-outcome 'dropped unknown outcome 77'
beside_split scout-fault 'dropped a fault that is for counting to find'
beside_split scout-others 'goes on'
beside_split scout-counts 'goes on'
beside_split scout-unsplit 'goes on'
beside_split count-crc anew
beside_split count-trailer 'goes on'
beside_split count-text 'goes on'
beside_split count-end 'goes on'
beside_split count-window 'goes on'
beside_split count-no-window 'goes on'
beside_split count-no-report 'goes on'
beside_split count-other-text anew

descriptors_back() { [ "$(descriptors "$pid_coord")" -le "${remembered[$pid_coord]%% *}" ]; }
ok "scenario 40: no descriptor is left over" wait_until 5 descriptors_back
ok "scenario 40: memory is bounded ($(memory_kb "$pid_coord") KiB)" test "$(memory_kb "$pid_coord")" -lt $MEMORY_MAX
ok "scenario 40: and its honest worker idle" all_idle 10 w1

# ---- one number more, one less: a second copy finds it, where every slice has one
end_process "$pid_coord" TERM
coord_start --ping 100ms --dead 4s --stall 3s --audit-percent 100
ok "scenario 40: the honest worker is back" wait_until 10 node_is w1 '^idle$'
LIAR_SLOTS=8 liars other-number
id=$(fq submit --parsable --as json --slice-size 64K "$data/reads.fq")
job_ends "$id"
is "scenario 40: other-number: with audits the job fails" "$(job_state "$id")" FAILED
ok "scenario 40: other-number: both nodes are named" journal_has coord 'nodes disagree on the slice of bytes .* (l-other-number and w1|w1 and l-other-number)'
ok "scenario 40: other-number: and drained" wait_until 5 node_is l-other-number '^(drain|drng)'
done_testing
