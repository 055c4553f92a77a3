#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may do what: keys of the wrong role, keys that are revoked while they are connected, a peers file that is damaged, tokens.
. "$(dirname "$0")/../cluster/cluster.sh"
made=$top_build/tests/tools/mkfastq

"$made" 3000 100 hiseq 7 >"$work/a.fq"
python3 "$oracle" "$work/a.fq" >"$work/a.want"
cluster_start --ping 100ms --dead 2s
worker_start 1 -n 1
worker_start 2 -n 1

run() { "$@" >"$work/out" 2>"$work/err"; status=$?; }
fq_as() { FQ_KEYS=$1 "$ctl" "$2" -h "$host" "${@:3}"; }
said() { grep -qE -- "$1" "$work/err" || { diag <"$work/err"; return 1; }; }
journal_mark() { marked=$(wc -l <"$work/coord.log"); }
journal_now() { tail -n +$((marked + 1)) "$work/coord.log" | grep -E -- "$1" >/dev/null; }
journal_has() { wait_until 5 journal_now "$1" || { tail -n 5 "$work/coord.log" | diag; return 1; }; } # a line may come behind its answer
marked=0
id=$(fq submit --parsable "$work/a.fq") && fq wait "$id"
pin_of() { admin peers --no-header | awk -v node="$1" '$5 == node { print $3 }'; }

# ---- roles

client_works() {
	mkdir -m 700 "$work/worker9" && cp "$FQ_KEYS/key.pem" "$FQ_KEYS/known" "$work/worker9/"
	journal_mark
	worker_run 9 -n 1
	wait_until 10 grep -q "may not be a worker's" "$work/worker9.log" && ! node_is w9 . &&
		wait_until 10 journal_now 'was turned away: this key may not be a worker'
}
ok "scenario 37: nor does a client's key work" client_works
end_process "${pid_worker[9]}" KILL
unset 'pid_worker[9]'

worker_key() {
	local verb
	for verb in "submit $work/a.fq" "fetch $id" "cancel $id" "show $id" "wait $id" status nodes token "token --list" peers \
		"drain w1" "resume w1" "revoke w1" ping; do
		# shellcheck disable=SC2086
		run fq_as "$work/worker1" $verb
		[ "$status" -eq 77 ] && said "this key is a worker's" || { echo "worker's key: $verb: $status" | diag; return 1; }
	done
}
ok "scenario 37: a worker's key gets nothing of what a client may: not one verb" worker_key

client_key() {
	local verb
	for verb in token "token --list" peers "drain w1" "resume w1" "revoke w2"; do
		# shellcheck disable=SC2086
		run fq $verb
		[ "$status" -eq 77 ] && said "is not permitted to a client; it takes an administrator" || { echo "client's key: $verb: $status" | diag; return 1; }
	done
	node_is w1 '^idle$' && fq status >/dev/null
}
ok "scenario 37: a client's key makes no tokens, drains nothing, revokes nobody, sees nobody's key" client_key

stranger() {
	mkdir -p "$work/stranger" && cp "$FQ_KEYS/known" "$work/stranger/" &&
		openssl genpkey -algorithm ed25519 -out "$work/stranger/key.pem" 2>/dev/null && chmod 600 "$work/stranger/key.pem"
	run fq_as "$work/stranger" status
	[ "$status" -eq 77 ] && said "is not enrolled here" &&
		[ -z "$(awk 'length > 400' "$work/coord.log")" ]
}
ok "scenario 37: a key that was never enrolled gets a sentence and nothing else" stranger

# ---- a worker that takes another's place

same_name() {
	"$workerd" --state "$work/other" --name w8 --join "$host" "$(admin token --role worker)" >/dev/null 2>&1 || return 1
	"$workerd" --state "$work/other" --name w1 -h "$host" -n 1 2>"$work/other.log" &
	local pid=$! status
	wait_until 10 grep -q 'node name w1 belongs to another key' "$work/other.log" && node_is w1 '^idle$'
	status=$?
	end_process $pid KILL
	return $status
}
ok "a worker with another key does not take the place of a node by calling itself so" same_name

# ---- revoked while connected

# Slices in hand of both workers, whose children stand still.
in_hand() {
	hold 1 && hold 2 || return 1
	id=$(fq submit --parsable --slice-size 100K "$work/a.fq")
	wait_until 10 running "$id" w1 && wait_until 10 running "$id" w2
}
running() { fq show --slices "$1" | grep -qE "running +$2"; }
same() { fq wait "$1" && cmp <(fq fetch "$1") "$work/a.want"; }

revoke_worker() {
	local pin
	in_hand || return 1
	journal_mark
	pin=$(pin_of w2)
	run admin revoke "$pin"
	[ "$status" -eq 0 ] && said "$pin: 1 key revoked" || return 1
	journal_has "revokes $pin" && journal_has 'w2 from .*: its key was revoked' && journal_has 'node w2 is gone, 1 slices go back' || return 1
	! grep -q "$pin" "$state/peers" && ! running "$id" w2 || return 1
	let_go 2 # it ends its count, and nobody takes it
	wait_until 10 grep -q 'this key was revoked' "$work/worker2.log" && ! fq wait --timeout 300ms "$id" 2>/dev/null || return 1
	let_go 1
	same "$id" && ! tail -n +$((marked + 1)) "$work/coord.log" | grep -q 'node w2 is there'
}
ok "scenario 37: a worker that is revoked with a slice in hand: the slice goes to another one, what it still counts is not taken" \
	revoke_worker
end_process "${pid_worker[2]}" KILL
rm -rf "$work/worker2"
worker_start 2 -n 1
ok "the same node joins anew with a new key" node_is w2 '^idle$'

peers_tells() {
	admin peers --no-header >"$work/out"
	grep -qE '^[^ ]+ +worker +[0-9a-f]{16} +1 +w1 +127' "$work/out" && grep -qE '@.* +client +[0-9a-f]{16} +0 ' "$work/out"
}
peers_tell() {
	wait_until 10 peers_tells || { diag <"$work/out"; return 1; } # a client that has ended is connected until the coordinator looks
	admin peers --json | python3 -c 'import json, sys; assert all(len(r["pin"]) == 64 for r in json.load(sys.stdin)["rows"])'
}
ok "fqctl peers tells who is enrolled and connected" peers_tell

# A second person, who waits for a job of his when his line is taken out of the file.
revoke_client() {
	local pid seen
	FQ_KEYS=$work/second "$ctl" join -h "$host" "$(admin token --role client)" >/dev/null || return 1
	hold 1 && hold 2 || return 1
	id=$(fq_as "$work/second" submit --parsable "$work/a.fq") || return 1
	seen=$(awk '$1 == "client" { name = $3 } END { print name }' "$state/peers")
	wait_until 10 eval "admin peers --no-header | grep -qE '^$seen +client +[0-9a-f]+ +0 '" || return 1 # submit has gone
	fq_as "$work/second" wait "$id" >"$work/out" 2>"$work/err" &
	pid=$!
	wait_until 10 eval "admin peers --no-header | grep -qE '^$seen +client +[0-9a-f]+ +1 '" || return 1
	journal_mark
	sed -i '$d' "$state/peers" && kill -HUP "$pid_coord"
	wait $pid
	status=$?
	[ $status -eq 77 ] && said 'this key was revoked' && journal_has "$seen from .*: its key was revoked" || return 1
	run fq_as "$work/second" status
	[ "$status" -eq 77 ] && said 'is not enrolled here' || return 1
	let_go 1
	let_go 2
	wait_until 10 eval "admin status $id --no-header | grep -q ' CD '" # the job is the coordinator's since it was accepted
}
ok "scenario 37: a line taken out of the peers file and SIGHUP: the live session ends with a sentence" revoke_client

pin_again() { # the same key joins as something else: what it was ends
	local pin
	FQ_KEYS=$work/third "$ctl" join -h "$host" "$(admin token --role admin)" >/dev/null || return 1
	pin=$(awk '$1 == "admin" { print substr($2, 1, 20) }' "$state/peers")
	fq_as "$work/third" nodes >/dev/null || return 1
	run admin revoke "${pin:0:12}"
	[ "$status" -eq 64 ] && said 'at least 16 digits' || return 1
	run admin revoke "$pin"
	[ "$status" -eq 0 ] && ! fq_as "$work/third" nodes 2>/dev/null
}
ok "a key is revoked by the first digits of its pin, if they are enough" pin_again

damaged() {
	cp "$state/peers" "$work/peers" && journal_mark
	printf 'worker 0123 w7\n' >>"$state/peers" && kill -HUP "$pid_coord"
	wait_until 10 journal_now "the peers file stays as it was: .*/peers:$(wc -l <"$state/peers"): '0123' is no pin" || return 1
	node_is w1 '^idle$' && fq status >/dev/null || return 1
	end_process "$pid_coord" TERM
	"$coordd" --state "$state" --listen "$host" >"$work/out" 2>"$work/err"
	status=$?
	[ $status -eq 78 ] && said "/peers:[0-9]+: '0123' is no pin" || return 1
	cp "$work/peers" "$state/peers"
	coord_start --ping 100ms --dead 2s
	wait_until 20 node_is w1 '^idle$' && wait_until 20 node_is w2 '^idle$'
}
ok "scenario 37: a damaged peers file: at reload the old one stays, at start it is refused; file, line and fault are told" damaged

# ---- tokens

join_as() { run env FQ_KEYS="$1" "$ctl" join -h "$host" "$2"; }

tokens() {
	local token expired unknown used
	token=$(admin token --role client)
	join_as "$work/t1" "$token"
	[ "$status" -eq 0 ] || return 1
	end_process "$pid_coord" KILL # the use was durable before JOINED left
	coord_start --ping 100ms --dead 2s
	join_as "$work/t2" "$token"
	[ "$status" -eq 77 ] || return 1
	used=$(cat "$work/err")
	join_as "$work/t2" "${token%????}0000"
	unknown=$(cat "$work/err")
	expired=$(admin token --role client --ttl 1s)
	wait_until 5 eval "! admin token --list --no-header | grep -q ."
	join_as "$work/t2" "$expired"
	[ "$status" -eq 77 ] && [ "$used" = "$unknown" ] && [ "$used" = "$(cat "$work/err")" ] &&
		grep -q 'unknown, used up or expired' <<<"$used"
}
ok "a token is good for one key, also over kill -9; of unknown, used and expired the same is said" tokens

token_list() {
	local number token
	token=$(admin token --role worker --uses 3)
	number=$(admin token --list --no-header | awk '$2 == "worker" && $3 == 3 { print $1 }')
	[ ${#number} -eq 16 ] || return 1
	admin revoke "$number" 2>/dev/null || return 1
	join_as "$work/t3" "$token"
	[ "$status" -eq 77 ] && [ -z "$(admin token --list --no-header)" ]
}
ok "tokens are listed, by a number that is no secret, and taken back by it" token_list

token_bound() {
	local i
	sql() { python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "$state/fqcluster.db" "$1"; }
	end_process "$pid_coord" TERM
	sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 999)
		INSERT INTO token (hash, role, uses, expires) SELECT CAST(printf('%032d', i) AS BLOB), 1, 1, 9999999999999 FROM n" || return 1
	coord_start --ping 100ms --dead 2s
	[ "$(admin token --list --no-header | wc -l)" -eq 999 ] && admin token >/dev/null || return 1
	run admin token
	[ "$status" -eq 75 ] && said '1000 tokens are good'
}
ok "no more than 1000 tokens are good at a time" token_bound
ok "the service goes on" same "$(fq submit --parsable "$work/a.fq")"
done_testing
