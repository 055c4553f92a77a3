#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Reports of long reads, whose counters take time to be read and rendered: whoever asks for something else meanwhile is answered, even
# where that never comes to its end, and what was asked for is the same bytes.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
token=correct-horse-battery
printf '%s\n' $token >"$work/token"
# A slow fqctl that renders is silent for long.
with_pages=(--status-listen 127.0.0.1:0 --status-token "$work/token" --dead 5m)

"$made" 6 600000 long 5 >"$work/long.fq"
cp "$work/long.fq" "$work/other.fq"
"$ctl" qc --local -q --as html --output "$work/want" "$work/long.fq"
"$ctl" qc --local -q --as html --output "$work/want.other" "$work/other.fq"
cluster_start "${with_pages[@]}"
grep -q 'built without libmicrohttpd' "$work/coord.log" && skip_all "this build has no libmicrohttpd"
worker_start 1 -n 2
id=$(fq submit --parsable --as json "$work/long.fq" "$work/other.fq")
ok "a job of long reads" fq wait "$id"
end_process "${pid_worker[1]}" TERM

# page PATH [WORD...]: what is behind the head of the answer; in the background it is one process, to be ended. Words before the one who
# reads it, as timeout 60.
page() {
	local at fd
	at=$(cat "$state/listening-status")
	exec {fd}<>"/dev/tcp/${at%:*}/${at##*:}" || return
	printf 'GET %s HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n' "$1" $token >&$fd
	exec "${@:2}" sed '1,/^\r$/d' <&$fd
}
again() { # again FAILPOINT: the coordinator is started anew
	end_process "$pid_coord" TERM
	rm -f "$state/listening-status"
	[ -n "$1" ] && export FQ_FAILPOINT=$1
	coord_start "${with_pages[@]}"
	unset FQ_FAILPOINT
}
answered() { # answered WHILE: everything else is done
	ok "status is answered $1" timeout 60 "$ctl" status -h "$host"
	own=$(timeout 60 "$ctl" submit -h "$host" --parsable "$work/long.fq")
	ok "a file is submitted" test -n "$own"
	ok "and cancelled" timeout 60 "$ctl" cancel -h "$host" "$own"
	is "the page of health is answered" "$( (page /healthz timeout 60))" ok
}
ends() {
	kill -TERM "$pid_coord"
	ok "the coordinator can be ended $1" wait_until 60 eval '! kill -0 "$pid_coord" || [ "$(ps -o stat= -p "$pid_coord")" = Z ]'
}

asked=0
for file in 0 0 1 0 1; do
	asked=$((asked + 1))
	(page "/job/$id/$file/report.html") >"$work/got.$asked.$file" &
	askers+=($!)
done
wait "${askers[@]}"
same=0
for got in "$work"/got.*.0; do cmp "$got" "$work/want" && same=$((same + 1)); done
for got in "$work"/got.*.1; do cmp "$got" "$work/want.other" && same=$((same + 1)); done
is "five who ask for two reports at once have the same bytes as fqctl writes" $same 5
mkdir "$work/fetched"
fq fetch --as html -d "$work/fetched" "$id" 2>"$work/err"
ok "and so has fqctl fetch" cmp "$work/fetched/long.fq.html" "$work/want" || diag <"$work/err"

if [ "$FQ_FAILPOINTS" != yes ]; then
	skip "what stands still: this build has no failpoints"
	done_testing
fi

# ---- rendering stands still
again render-stands:on
threads() { find "/proc/$pid_coord/task" -mindepth 1 -maxdepth 1 | wc -l; }
before=$(threads)
one_more() { [ "$(threads)" -gt "$before" ]; }
(page "/job/$id/0/report.html") >"$work/stands.0" & askers=($!)
ok "a report is being rendered" wait_until 60 one_more
(page "/job/$id/0/report.html") >"$work/stands.1" & askers+=($!)
(page "/job/$id/1/report.html") >"$work/stands.2" & gone=$!
answered "while a report is rendered"
end_process $gone KILL
rm "$work/fetched"/*
ok "a result is fetched meanwhile" timeout 60 "$ctl" fetch -h "$host" --as html -d "$work/fetched" "$id"
ok "which is the same" cmp "$work/fetched/other.fq.html" "$work/want.other"
ok "and the report is still being rendered" one_more
ends "in the middle of it"
wait "${askers[@]}"
is "those who waited have nothing" "$(cat "$work"/stands.*)" ""

# ---- reading stands still
again reading-idle:on
timeout 300 "$ctl" fetch -h "$host" --as html -d "$work/fetched" "$id" >"$work/out" 2>&1 & fetching=$!
(page "/job/$id/0/report.html") >"$work/stands.0" & askers=($!)
answered "while results are read"
ok "and that goes on" kill -0 $fetching || diag <"$work/out"
end_process $fetching TERM
answered "behind one who has left"
ends "in the middle of it"
wait "${askers[@]}"

# ---- the row changes with each piece
again reading-stale:on
rm "$work/fetched"/*
ok "a result that changes while it is read is fetched" timeout 300 "$ctl" fetch -h "$host" --as html -d "$work/fetched" "$id"
ok "and is the same" cmp "$work/fetched/long.fq.html" "$work/want"
done_testing
