#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The journal: journalctl FQ_JOB=ID tells the story of a job. A journald of the test's own, in namespaces, takes what real daemons say.
set -u
journald=/lib/systemd/systemd-journald
if [ -z "${FQ_JOURNAL_INSIDE:-}" ]; then
	for tool in "$journald" systemd-cat journalctl unshare; do
		command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is not installed"; exit 0; }
	done
	refused=$(unshare -Urm mount -t tmpfs fq /run 2>&1) || { echo "1..0 # SKIP no namespaces here: $refused"; exit 0; }
	FQ_JOURNAL_INSIDE=1 exec unshare -Urm "$BASH" "$0" "$@"
fi
unset FQ_JOURNAL_INSIDE
# Its files are volatile, and belong to a machine of its own name.
[ -d /var/log/journal ] && mount -t tmpfs fq /var/log
mount -t tmpfs fq /run && mkdir -p /run/systemd/journal /run/log && tr -d - </proc/sys/kernel/random/uuid >/run/machine-id &&
	mount --bind /run/machine-id /etc/machine-id || { echo "1..0 # SKIP no folders for a journald here"; exit 0; }

. "$(dirname "$0")/cluster.sh"
setpriv --pdeathsig KILL "$journald" >"$work/journald.out" 2>&1 {never}>&- &
pid_worker[journald]=$! # ends with the test
wait_until 10 test -S /run/systemd/journal/socket -a -S /run/systemd/journal/stdout || skip_all "no journald in a namespace here: $(tail -n 1 "$work/journald.out")"
journal() { journalctl --sync && journalctl -q --no-pager -D /run/log/journal "$@"; }
echo "a line of the test" | systemd-cat
wait_until 10 eval 'journal | grep -q "a line of the test"' || skip_all "journald takes nothing here"

# fields FIELD MATCH...: of each entry that matches, in their order; of those without the field an empty line
fields() { journal -o cat --output-fields="$1" "${@:2}"; }
story() { fields FQ_EVENT FQ_JOB="$1" SYSLOG_IDENTIFIER=fqcoordd | paste -sd' '; }
tells() { journal -o cat "${@:2}" | grep -qE -- "$1"; }
id_of() { sed -n "s/.*{\"$1\", \"\([0-9a-f]*\)\".*/\1/p" "$top_src/daemon/events.c"; }

# As systemd starts a service: standard error is a stream of the journal, and it says so.
cat >"$work/as-service" <<'END'
#!/bin/sh
JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2)
export JOURNAL_STREAM
exec "$@"
END
chmod +x "$work/as-service"
service="systemd-cat -t from-a-stream $work/as-service"
run_coord=$service
for i in 1 2; do run_worker[$i]=$service; done
cluster_start --ping 200ms --dead 1m
"$top_build/tests/tools/mkfastq" 60000 150 nova 1 >"$work/a.fq"
cp "$work/a.fq" "$work/b.fq"
worker_start 1 -n 2

# ---- a job that is well, one that fails, one that is cancelled

fq submit --wait "$work/a.fq" "$work/b.fq" >"$work/out"
is "a job is two lines" "$(story 1)" "job-submitted job-completed"
is "with its owner" "$(fields FQ_OWNER FQ_JOB=1 | sort -u)" "$(fq show 1 | sed -n 's/^  User  *//p')"
is "and its files" "$(fields FQ_FILES FQ_JOB=1 | sort -u)" 2
is "and its reads" "$(fields FQ_READS FQ_EVENT=job-completed)" 120000
ok "in words" tells '^job 1 of .* has completed: 2 files, 120000 reads, in [0-9:]+$' FQ_JOB=1
is "it is found by the number of the event" "$(fields FQ_JOB MESSAGE_ID="$(id_of job-completed)")" 1
is "at the level that it had" "$(fields PRIORITY FQ_EVENT=job-completed)" 6

evil=$work/$'x\nFQ_JOB=1\x1b[2J\x9b.fq'
echo nonsense >"$evil"
fq submit --wait "$work/a.fq" "$evil" >"$work/out" 2>&1
is "a job that fails tells of its file" "$(story 2)" "job-submitted file-failed job-failed"
is "nothing in a name tells of another job" "$(story 1)" "job-submitted job-completed"
is "what is odd in it is escaped" "$(fields FQ_PATH FQ_EVENT=file-failed)" "$(printf '%s' "$work")/x\\x0aFQ_JOB=1\\x1b[2J\\x9b.fq"
is "its file has a number" "$(fields FQ_FILE FQ_EVENT=file-failed)" 1

worker_ends() { end_process "${pid_worker[$1]}" TERM; unset "pid_worker[$1]"; }
ok "a worker ends" worker_ends 1
wait_until 10 tells 'node w1 is gone' FQ_EVENT=node-left
fq submit --parsable "$work/a.fq" >"$work/id"
admin cancel "$(cat "$work/id")" >"$work/out"
is "one that is cancelled says so" "$(story 3)" "job-submitted job-cancelled"
is "and by whom" "$(fields FQ_PEER FQ_EVENT=job-cancelled)" root
is "the story of a node" "$(fields FQ_EVENT FQ_NODE=w1 | paste -sd' ')" "node-joined node-left"
is "and of the worker" "$(fields FQ_EVENT SYSLOG_IDENTIFIER=fqworkerd | sort | paste -sd' ')" \
	"coordinator-connected worker-drained worker-draining worker-ready"

# ---- troubles: the children are stopped over their slices

children() { children_of "${pid_worker[2]}"; }
runs() { [ "$(admin show --slices "$1" | grep -c "running  *w2")" -eq 2 ]; }
worker_start 2 -n 2
hold 2
fq submit --parsable --slice-size 4M "$work/a.fq" >"$work/id"
wait_until 60 runs 4
# shellcheck disable=SC2046
kill -ABRT $(children) && kill -CONT $(children)
fq wait 4 >"$work/out" 2>&1
is "what goes wrong has a line each" "$(story 4 | tr ' ' '\n' | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd,)" \
	"1 job-completed,1 job-submitted,2 slice-crashed"
is "with slice and node" "$(fields FQ_SLICE FQ_JOB=4 FQ_EVENT=slice-crashed FQ_NODE=w2 | sort | paste -sd' ')" "0 1"
is "the worker tells of it, too" "$(fields FQ_SLICE FQ_JOB=4 FQ_EVENT=slice-crashed SYSLOG_IDENTIFIER=fqworkerd | sort | paste -sd' ')" "0 1"
hold 2
fq submit --parsable --slice-size 4M "$work/a.fq" >"$work/id"
wait_until 60 runs 5
end_process "${pid_worker[2]}" KILL
unset 'pid_worker[2]'
wait_until 10 tells 'node w2 is gone' FQ_EVENT=node-lost
is "slices are lost with their node" "$(fields FQ_SLICE FQ_JOB=5 FQ_EVENT=slice-lost FQ_NODE=w2 | sort | paste -sd' ')" "0 1"
worker_start 1 -n 2
fq wait 5 >"$work/out" 2>&1
ok "and the last line counts them" tells '^job 5 of .* has completed: .*; 2 times a node was slow or failed$' FQ_EVENT=job-completed

# ---- keys, and the coordinator itself

admin revoke "$(uname -n)" >"$work/out"
ok "keys that come" [ "$(fields FQ_PEER FQ_EVENT=key-enrolled | grep -c .)" -eq 3 ]
ok "and go" tells 'revokes .*: 2 keys' FQ_EVENT=key-revoked
is "with who had one" "$(fields FQ_PEER FQ_EVENT=session-revoked)" w1

run_worker[3]=$service
mkdir "$work/none" "$work/many"
for i in {1..40}; do ln "$work/a.fq" "$work/many/$i.fq"; done
worker_start 3 -n 1 --roots "$work/none"
fq submit --wait "$work"/many/*.fq >"$work/out" 2>&1
is "a worker that sees none of 40 files has 32 lines for them" "$(fields FQ_PATH FQ_EVENT=file-not-opened SYSLOG_IDENTIFIER=fqworkerd | grep -c many)" 32
is "and so has the coordinator" "$(fields FQ_PATH FQ_EVENT=file-not-opened SYSLOG_IDENTIFIER=fqcoordd | grep -c many)" 32
kill -HUP "$pid_coord"
ok "a peers file that was read" wait_until 10 tells 'read the peers file again' FQ_EVENT=keys-read
end_process "$pid_coord" TERM
is "how often the coordinator has begun and ended" "$(fields FQ_EVENT FQ_EVENT=coordinator-started + FQ_EVENT=coordinator-ended | paste -sd' ')" \
	"coordinator-started coordinator-ended"
# In what its unit leaves it: no network, and nothing to write to.
# shellcheck disable=SC2016
$service unshare -mn sh -c 'mount -o remount,ro,bind /run && ! touch /run/x 2>/dev/null && exec "$@"' sh \
	"$coordd" --state /proc/none
ok "one that cannot begin says why, also where all is read-only" wait_until 10 tells proc FQ_EVENT=daemon-failed SYSLOG_IDENTIFIER=fqcoordd
last_words() { fields _COMM FQ_EVENT=daemon-failed SYSLOG_IDENTIFIER=fqworkerd | tail -n 8 | paste -sd' '; }
eight="fqworkerd fqworkerd fqworkerd fqworkerd fqworkerd fqworkerd fqworkerd fqworkerd"
for try in 1 2 3 4 5; do # a process waits a second for a journald that does not come to read
	for i in {1..8}; do $service "$workerd" --state /proc/none -h localhost; done
	[ "$(last_words)" != "$eight" ] || break
	diag <<<"try $try: $(last_words)"
done
is "whose last words they are is known, though the process ends at once" "$(last_words)" "$eight"

# ---- all of it

numbers() { # every MESSAGE_ID that was sent is an entry of the catalog
	fields MESSAGE_ID _TRANSPORT=journal | grep . | sort -u >"$work/sent"
	sed -n 's/^-- //p' "$top_src/systemd/fqcluster.catalog" | sort >"$work/known"
	[ -s "$work/sent" ] && [ -z "$(comm -23 "$work/sent" "$work/known")" ]
}
ok "each number that was sent is in the catalog" numbers
is "nobody but the two daemons sends entries" "$(fields _COMM _TRANSPORT=journal SYSLOG_IDENTIFIER=fqcoordd SYSLOG_IDENTIFIER=fqworkerd | sort -u | paste -sd' ')" \
	"fqcoordd fqworkerd"
is "and neither writes lines beside them" "$(journal -o cat -t from-a-stream | grep -v -e '^joined' -e '^this ' )" ""

# ---- where there is no socket of the journal, lines go the way they always went
rm /run/systemd/journal/socket
coord_start --ping 200ms --dead 5s
ok "without its socket the stream takes the lines" wait_until 10 tells '^listening on' -t from-a-stream
done_testing
