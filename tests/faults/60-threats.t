#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What people may try: files that are not theirs, jobs that are not theirs, names that speak to terminals, journals and browsers.
. "$(dirname "$0")/../cluster/cluster.sh"
made=$top_build/tests/tools/mkfastq
secret=$work/site/secret

mkdir -p "$secret" "$work/there" "$work/bin"
chmod 711 "$work" && chmod 755 "$work/site" "$secret"
cp "$ctl" "$work/bin/fqctl" # where anybody can run it
"$made" 1000 100 hiseq 7 >"$work/a.fq"
"$made" 1000 100 hiseq 8 >"$work/there/a.fq"
"$made" 1000 100 hiseq 9 >"$work/there/only.fq"
python3 "$oracle" "$work/a.fq" >"$work/a.want"
python3 "$oracle" "$work/there/only.fq" >"$work/only.want"
cluster_start --ping 100ms --dead 2s
worker_start 1 -n 1 --roots / --roots "/site=$work/there"

run() { "$@" >"$work/out" 2>"$work/err"; status=$?; }
said() { grep -qE -- "$1" "$work/err" || { diag <"$work/err"; return 1; }; }
fq_as() { FQ_KEYS=$1 "$ctl" "$2" -h "$host" "${@:3}"; }
same() { fq wait "$1" && cmp <(fq fetch "$1") "$work/a.want"; }
no_control() { LC_ALL=C awk 'BEGIN { bad = 0 } /[\001-\010\013-\037\177-\237]/ { bad = 1 } END { exit bad }' "$@"; }

# ---- files of others

cp "$work/a.fq" "$secret/file.fq" && chmod 600 "$secret/file.fq"
mkdir "$secret/fold.fq"
mkfifo "$secret/pipe.fq"
ln -s file.fq "$secret/link.fq"
: >"$secret/void.fq" && chmod 600 "$secret/void.fq"

# As a user who owns nothing here.
as() { setpriv --reuid "$1" --regid "$1" --clear-groups env HOME=/ FQ_KEYS="$work/nobody" "${@:2}"; }
nobody() { as 65534 "${@:2}" "$work/bin/fqctl" submit -h "$host" --wait "$secret/$1.fq"; }
can_be_nobody=no
if [ "$(id -u)" -eq 0 ] && as 65534 test -r "$work/a.fq" 2>/dev/null; then
	can_be_nobody=yes
	mkdir "$work/nobody" && chown 65534:65534 "$work/nobody" &&
		as 65534 "$work/bin/fqctl" join -h "$host" "$(admin token --role client)" >/dev/null || { echo "Bail out! nobody cannot join"; exit 1; }
fi

refused_here() {
	run nobody file
	[ "$status" -eq 66 ] && [ ! -s "$work/out" ] && said 'file.fq cannot be opened: Permission denied' || return 1
	run nobody none
	[ "$status" -eq 66 ] && said 'none.fq cannot be opened: No such file' || return 1
	[ -z "$(admin status --all --no-header)" ]
}
if [ $can_be_nobody = yes ]; then
	ok "a file that the submitter cannot read is refused by fqctl; the coordinator hears nothing of it" refused_here
else
	skip "a file of another user: other users cannot be had here (root is needed)"
fi

# A fqctl that says it has read what it has not: whatever is there, or not, the same is told, byte for byte.
forged() {
	local name first= answer
	for name in file none fold pipe link void; do
		for point in proof-forged proof-forged-size; do
			if [ $can_be_nobody = yes ]; then
				run nobody $name FQ_FAILPOINT=$point:on
			else
				FQ_FAILPOINT=$point:on run fq submit --wait "$secret/$name.fq"
			fi
			[ ! -s "$work/out" ] || return 1
			answer=$status:$(sed -e "s/job [0-9]*/job N/" -e "s/$name\.fq/NAME.fq/" -e "s/file\.fq/NAME.fq/" "$work/err")
			[ "$answer" = "${first:=$answer}" ] ||
				{ printf '%s with %s: %s\nelse: %s\n' $name $point "$answer" "$first" | diag; return 1; }
		done
	done
	echo "$first" | diag
	grep -q '^66:.*no worker sees at .* the file that you read' <<<"$first" || return 1
	admin show 1 | grep -q 'no worker sees at' && grep -q 'the submitter saw .* bytes' "$work/worker1.log" &&
		grep -q 'proof is of other bytes' "$work/worker1.log"
}
if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	ok "a forged proof: of a secret file, its size right or wrong, a missing file, a folder, a pipe, a link the same is told" forged
else
	skip "a forged proof: this build has no failpoints"
fi

# The same path is another file there. Here it is made by a mount in a namespace of the client's own.
elsewhere() {
	mkdir -p "$work/site2" && cp "$work/a.fq" "$work/site2/a.fq" && cp "$work/a.fq" "$work/site2/same.fq"
	worker_start 2 -n 1 --roots "$work/site2=$work/there"
	admin drain w1
	cp "$work/a.fq" "$work/there/same.fq"
	run fq submit --wait "$work/site2/same.fq"
	[ "$status" -eq 0 ] && cmp "$work/out" "$work/a.want" || { diag <"$work/err"; return 1; }
	run fq submit --wait "$work/site2/a.fq"
	[ "$status" -eq 66 ] && [ ! -s "$work/out" ] && said "no worker sees at $work/site2/a.fq the file that you read" || return 1
	: >"$work/site2/gone.fq" # here it is empty, there it is not
	run fq submit --wait "$work/site2/gone.fq"
	[ "$status" -eq 66 ] && said "no worker sees at $work/site2/gone.fq the file that you read"
}
ok "a path that is another file on the worker is noticed; one that is the same file under another name there is counted" elsewhere
admin resume w1
end_process "${pid_worker[2]}" TERM
unset 'pid_worker[2]'

several() {
	run fq submit --wait "$work/a.fq" "$work/absent.fq" "$work/a.fq"
	[ "$status" -eq 66 ] && said 'absent.fq cannot be opened: No such file' && [ "$(grep -c "^$work/a.fq$" "$work/out")" -eq 2 ] || return 1
	local before
	before=$(admin status --all --no-header | wc -l)
	run fq submit --parsable "$work/a.fq" "$work/absent.fq"
	[ "$status" -eq 66 ] && [ ! -s "$work/out" ] && said 'nothing was submitted' && [ "$(admin status --all --no-header | wc -l)" -eq "$before" ]
}
ok "of several files one that cannot be read costs the others nothing, or where fqctl does not wait nothing is submitted" several

many() { # two hundred files
	local i
	mkdir "$work/many"
	for ((i = 0; i < 200; i++)); do ln "$work/a.fq" "$work/many/$i.fq"; done
	run fq submit --wait --output-dir "$work/many" "$work"/many/*.fq
	[ "$status" -eq 0 ] && cmp "$work/many/0.fq.csv" "$work/a.want" && cmp "$work/many/199.fq.csv" "$work/a.want"
}
ok "many files at once" many

switched() { # switched WHOM CLIENT ADMIN: the exit status of a file that only the worker has
	end_process "$pid_coord" TERM
	coord_start --ping 100ms --dead 2s --proof "$1"
	wait_until 20 node_is w1 '^idle$' || return 1
	run fq submit --wait /site/only.fq
	[ "$status" -eq "$2" ] && { [ "$2" -ne 0 ] || cmp "$work/out" "$work/only.want"; } || { diag <"$work/err"; return 1; }
	run admin submit --wait /site/only.fq
	[ "$status" -eq "$3" ] && { [ "$3" -ne 0 ] || cmp "$work/out" "$work/only.want"; } || { diag <"$work/err"; return 1; }
}
ok "--proof none: a file that only the worker has is counted" switched none 0 0
ok "--proof client: for an administrator only" switched client 66 0
ok "--proof all: for nobody" switched all 66 66

# ---- jobs of others

FQ_KEYS=$work/second "$ctl" join -h "$host" "$(admin token --role client)" >/dev/null

others() {
	local mine verb absent
	mine=$(fq submit --parsable --name "patient 17" "$work/a.fq") && fq wait "$mine" || return 1
	fq_as "$work/second" status --all --no-header "$mine" >"$work/out"
	grep -qE "^ *$mine +- +[^ ]+@[^ ]+ +CD " "$work/out" || { diag <"$work/out"; return 1; }
	fq_as "$work/second" status --all --json >"$work/json"
	! grep -q 'patient\|a\.fq' "$work/json" "$work/out" && fq status --all | grep -q 'patient 17' &&
		admin status --all | grep -q 'patient 17' || return 1
	for verb in show wait fetch cancel; do
		run fq_as "$work/second" $verb "$mine"
		[ "$status" -eq 66 ] && [ ! -s "$work/out" ] || return 1
		absent=$(sed "s/$mine/ID/" "$work/err")
		run fq_as "$work/second" $verb 99999
		[ "$status" -eq 66 ] && [ "$absent" = "$(sed "s/99999/ID/" "$work/err")" ] || { diag <"$work/err"; return 1; }
		grep -q "there is no job ID of yours" <<<"$absent" || return 1
	done
	admin show "$mine" | grep -q "a.fq" && same "$mine" || return 1
	run fq_as "$work/second" submit --parsable --id 00000000-0000-0000-0000-000000000007 "$work/a.fq"
	run fq submit --parsable --id 00000000-0000-0000-0000-000000000007 "$work/a.fq"
	[ "$status" -eq 77 ] && said "another user has a job under this id"
}
ok "of other people's jobs there are owner, state and counts; to show, wait, fetch and cancel they are not there" others

others_failed() { # nor what went wrong with which file
	local mine
	head -c 20000 "$work/a.fq" >"$work/broken.fq"
	mine=$(fq submit --parsable "$work/broken.fq")
	! fq wait "$mine" 2>/dev/null || return 1
	fq_as "$work/second" status --json "$mine" >"$work/out"
	grep -q '"state":"FAILED"' "$work/out" && grep -q '"error":""' "$work/out" && ! grep -q 'broken' "$work/out" &&
		fq status --json "$mine" | grep -q 'broken'
}
ok "nor is it told what is wrong with which of their files" others_failed

cancels() {
	local mine
	kill -STOP "${pid_worker[1]}"
	mine=$(fq submit --parsable "$work/a.fq")
	run fq_as "$work/second" cancel "$mine"
	[ "$status" -eq 66 ] || { kill -CONT "${pid_worker[1]}"; return 1; }
	run admin cancel --reason "$(printf 'stop \033[2J it\nnow')" "$mine"
	kill -CONT "${pid_worker[1]}"
	[ "$status" -eq 0 ] && wait_until 5 grep -q "root cancels job $mine of " "$work/coord.log"
}
ok "an administrator cancels another one's job, and the journal says who did" cancels

# ---- names that speak

evil=$(printf 'e\303\251\033]0;owned\007\n\233\342\200\256<b>\\x".fq')
names() {
	local id
	cp "$work/a.fq" "$work/$evil" && head -c 20000 "$work/a.fq" >"$work/cut$evil"
	id=$(fq submit --parsable --name "$(printf 'n\033[31m\nroot: all is well')" "$work/$evil") && fq wait "$id" --progress plain 2>"$work/e1" || return 1
	fq submit --wait "$work/cut$evil" >"$work/e2" 2>&1
	fq submit --wait "$work/absent$evil" >"$work/e3" 2>&1
	fq status --all >"$work/e4"
	fq status --all --json >"$work/e5"
	fq show --slices "$id" >"$work/e6"
	fq cancel "$id" >"$work/e7" 2>&1
	fq fetch --output-dir "$work/none" "$id" >"$work/e8" 2>&1
	admin drain "$(printf 'w\033[2J\n')" --reason "$(printf 'x\ny\033')" >"$work/e9" 2>&1
	admin revoke "$(printf 'w\033[2J\n')" >>"$work/e9" 2>&1
	no_control "$work"/e[1-9] || { cat -v "$work"/e[1-9] | diag; return 1; }
	grep -q 'cute.*\\x1b\]0;owned\\x07\\x0a\\x9b' "$work/e2" || { cat -v "$work/e2" | diag; return 1; }
	python3 -m json.tool "$work/e5" >/dev/null && ! grep -q '<' "$work/e5" && same "$id"
}
ok "names of files and jobs with escapes, newlines and turned text: nothing of it reaches the terminal" names

journal_is_ascii() {
	! LC_ALL=C grep -qP '[^\x20-\x7e]' "$work/coord.log" "$work/worker1.log" && ! grep -q '^root: all is well' "$work/coord.log" &&
		[ -z "$(awk 'length > 1200' "$work/coord.log")" ]
}
ok "and none of it the journal: printable ASCII, a line for each thing" journal_is_ascii

pages() {
	local file="$work/\"><img src=x onerror=alert(1)><script>.fq"
	sed '1~4s/^@/@<script>alert(1)<\/script>"><img src=x onerror=alert(2)> /' "$work/a.fq" >"$file"
	mkdir "$work/pages"
	fq submit --as html,json,fastqc,text --extract --output-dir "$work/pages" "$file" || return 1
	! grep -rqi '<script\|<img[^>]*onerror' "$work/pages" --include='*.html' && ! grep -q '</' "$work"/pages/*.json || return 1
	grep -rq 'Content-Security-Policy.*default-src .none.' "$work/pages" --include=fastqc_report.html &&
		python3 -c 'import json, sys; assert "onerror" in json.load(open(sys.argv[1]))["file"]' "$work"/pages/*.json
}
ok "reads and files whose names are HTML: in pages and JSON they are text" pages

# ---- the unix socket

socket_users() {
	chmod 711 "$state"
	run as 65534 "$work/bin/fqctl" status --socket "$state/ctl.sock"
	[ "$status" -eq 77 ] && said 'does not tell who you are' || return 1
	run as 1 "$work/bin/fqctl" submit --parsable --socket "$state/ctl.sock" "$work/a.fq"
	[ "$status" -eq 0 ] && admin status --no-header --all | grep -qE "^ *$(cat "$work/out") .* (daemon|uid:1) " || return 1
	run as 1 "$work/bin/fqctl" token --socket "$state/ctl.sock"
	[ "$status" -eq 77 ]
}
if [ $can_be_nobody = yes ]; then
	ok "the unix socket: root is an administrator, a user a client, the number that stands for users nobody knows is nobody" socket_users
else
	skip "users of the unix socket: other users cannot be had here (root is needed)"
fi
ok "the service goes on" same "$(fq submit --parsable "$work/a.fq")"
done_testing
