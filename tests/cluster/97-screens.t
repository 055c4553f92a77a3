#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What stands on a terminal (tmux plays it, 80x24 and 200x50): top, the bar of a job that is waited for, follow, and what ^C does, once
# and twice. Workers are stopped in the middle of a job, so that the screens stand still; times and rates are not compared.
# The name of this host is part of the user's, and leaves less or more room beside it: it is h here.
if [ -z "${FQ_RENAMED:-}" ] && unshare --uts true 2>/dev/null; then
	FQ_RENAMED=yes exec unshare --uts bash -c 'hostname h && exec bash "$0"' "$0"
fi
. "$(dirname "$0")/cluster.sh"
command -v tmux >/dev/null || skip_all "tmux is not installed"
export LC_ALL=C.UTF-8 TZ=UTC
made=$top_build/tests/tools/mkfastq
large=$work/sample_of_a_rather_long_name_L001_R1_001.fq
"$made" 400000 150 hiseq 7 >"$large"

terminals=0
mux() { tmux -S "$work/tmux$terminals" -f /dev/null "$@"; }
trap 'mux kill-server 2>/dev/null; cluster_end' EXIT

# terminal COLUMNS ROWS COMMAND...: the command on a terminal of this size; its exit status comes into $work/status.
terminal() {
	local columns=$1 rows=$2
	shift 2
	rm -f "$work/status"
	: >"$work/screen"
	mux kill-server 2>/dev/null
	terminals=$((terminals + 1))
	printf '%q ' "$@" >"$work/command"
	echo "; echo \$? >'$work/status.new'; mv '$work/status.new' '$work/status'; read -r" >>"$work/command"
	mux new-session -d -x "$columns" -y "$rows" bash "$work/command" {never}>&-
}
screen() { mux capture-pane -p >"$work/screen"; }
shows() { screen && grep -Eq -- "$1" "$work/screen"; }
is_empty() { screen && ! grep -q . "$work/screen"; }
press() { mux send-keys "$@"; }
ends() { wait_until 20 test -s "$work/status" && [ "$(cat "$work/status")" = "$1" ]; }
# shape: what was captured, with numbers as 9, so that it can be compared.
shape() {
	sed -E -e 's/[█▏▎▍▌▋▊▉]+/BAR/g; s/[0-9]+(\.[0-9]+)?/9/g' -e 's/sample_of_a_rather_[^ ]*/NAME/; s/ +/ /g; s/ $//' "$work/screen"
}

# top_shape: the whole screen of top that way, without what changes from second to second (rates, times, the curve).
top_shape() {
	shape | sed -E -e 's/[▁▂▃▄▅▆▇]+/CURVE/; s/(BAR)?░+/BAR/g; s/BAR ?CURVE/CURVE/' -e 's/^Reads .*/Reads 9 CURVE Bytes 9/' \
		-e 's/[0-9:]{3,}$/TIME/; s/(top ) ?[^ ]+/\1 HOST/' -e 's/^( ?9 [^ ]+ [^ ]+ [A-Z]+) 9:9 /\1 TIME /' \
		-e 's|(R TIME BAR 9%) .* |\1 ... |; s|^(w9 .* 9/9 9) .*|\1 ...|; s/sample_[^ ]*/NAME/; s/[^ ]+@[^ ]+/USER/'
}
# top_wanted COLUMNS: the same of the jobs and nodes below, with as many empty lines as there is room for.
top_wanted() {
	local rows=24 reads='' unknown=''
	[ "$1" = 80 ] || rows=50 reads='READS ' unknown='- '
	cat <<-END
		fqctl top  HOST fqcluster 9.9 start 9 TIME
		Jobs 9 running, 9 waiting Nodes 9 up, 9 down Slots 9 of 9 busy BAR
		Reads 9 CURVE Bytes 9

		JOBID NAME USER ST TIME PROGRESS % ${reads}RATE ETA NODELIST(REASON)
		 9 NAME USER R TIME BAR 9% ... w[9-9]
		 9 waiting9 USER PD TIME BAR - ${unknown}- - (Resources)
		 9 waiting9 USER PD TIME BAR - ${unknown}- - (Resources)
		 9 waiting9 USER PD TIME BAR - ${unknown}- - (Resources)

		NODE STATE SLOTS BUSY JOBS RATE BYTES VERSION SEEN REASON
		w9 alloc BAR 9/9 9 ...
		w9 alloc BAR 9/9 9 ...
	END
	yes '' | head -n $((rows - 14))
	echo "q quit space pause"
}
top_is() { screen && [ "$(top_shape)" = "$(top_wanted "$1")" ]; }

cluster_start --dead 10m --stall 10m --open 10m # nothing is taken from workers that are stopped
worker_start 01 -n 1
worker_start 02 -n 1
begun() { [ "$(fq status --no-header -P -o bytes_done "$job")" -gt 30000000 ]; }
for try in 1 2 3 4 5; do # a fast machine may be through with it before the workers are stopped
	job=$(fq submit --parsable --slice-size 128K --as fastqc "$large")
	wait_until 20 begun
	kill -STOP "${pid_worker[01]}" "${pid_worker[02]}"
	[ "$(fq status --no-header -o state "$job")" != RUNNING ] || break
	kill -CONT "${pid_worker[01]}" "${pid_worker[02]}"
	diag <<<"try $try: the job was done"
done
for i in 1 2 3; do fq submit --parsable --name waiting$i "$large" >>"$work/waiting"; done

# ---- top
for size in "80 24" "200 50"; do
	# shellcheck disable=SC2086
	terminal $size "$ctl" top -h "$host"
	ok "$size: top shows the job" wait_until 10 shows "^ +$job  "
	ok "and a curve of the past" wait_until 10 shows '^Reads.*▁.*Bytes'
	wait_until 20 top_is "${size% *}" # no frame that is half drawn
	is "as many lines as there are" "$(wc -l <"$work/screen")" "${size#* }"
	ok "who is watched" grep -Eq "^fqctl top  $host +fqcluster .* start 1  [0-9:]{8}$" "$work/screen"
	ok "jobs, nodes, slots" grep -Eq '^Jobs   1 running, 3 waiting   Nodes  2 up, 0 down   Slots  2 of 2 busy  █+$' "$work/screen"
	ok "the job with its bar" grep -Eq "^ +$job  .*  R  .* [█▏▎▍▌▋▊▉]+░+ +[0-9]+% .*w\[01-02\]$" "$work/screen"
	ok "one that waits" grep -Eq "^ +$((job + 1))  waiting1  .* PD .*░+ .*\(" "$work/screen"
	ok "a node" grep -Eq '^w01 +alloc  █+  +1/1 ' "$work/screen"
	is "the keys in the last line" "$(tail -n 1 "$work/screen")" "q quit  space pause"
	is "the whole screen" "$(top_shape)" "$(top_wanted "${size% *}")"
	press Space
	ok "space holds it" wait_until 20 shows 'PAUSED'
	press Space
	ok "and lets it go on" wait_until 20 shows 'q quit  space pause$'
	press q
	ok "q ends it" ends 0
	ok "and the terminal is as it was" wait_until 20 is_empty
done
terminal 80 24 "$ctl" top -h "$host"
ok "top is there" wait_until 10 shows '^q quit'
mux resize-window -x 200 -y 50
ok "it takes a larger terminal's size" wait_until 20 top_is 200
mux resize-window -x 80 -y 24
ok "and a smaller one's, of which nothing is left over" wait_until 20 top_is 80
mux resize-window -x 50 -y 12
goes_on() { grep -vE '^(fqctl top|Jobs|Reads|JOBID|NODE|w0|q quit| *[0-9]+ |\.\.\.|$)' "$work/screen"; }
little_room() { shows '^w02 ' && grep -q '^q quit' "$work/screen" && [ "$(wc -l <"$work/screen")" = 12 ] && ! goes_on; }
wait_until 20 little_room
ok "in little room there are fewer rows, and the keys" grep -q '^w02 ' "$work/screen"
is "in as many lines" "$(wc -l <"$work/screen")" 12
is "none of which goes on in the next" "$(goes_on)" ""
press C-c
ok "^C ends it with 130" ends 130

# ---- colours: none at all but in doctor, only bold and reverse; bars have none either
has_colours() { [ -n "$(colours)" ]; }
colours() { mux capture-pane -p -e | grep -Eo $'\033''\[[0-9;]*m' | tr -d '\033[m' | tr ';' '\n' | grep -Ev '^(0|1|7|22|27|39|49|)$'; }
for plain in "" NO_COLOR=1; do
	# shellcheck disable=SC2086
	terminal 80 24 env $plain "$ctl" top -h "$host"
	ok "top ${plain:-as it is}: there" wait_until 10 top_is 80
	is "without a colour" "$(colours)" ""
	press q
	ok "and ended" ends 0
	# shellcheck disable=SC2086
	terminal 80 24 env $plain "$ctl" follow -h "$host" "$job"
	ok "follow ${plain:-as it is}: there" wait_until 10 shows 'eta'
	is "without a colour, too" "$(colours)" ""
	press C-c
	ok "and ended, too" ends 130
done
terminal 80 24 "$ctl" doctor -h "$host"
ok "doctor is there" wait_until 30 test -s "$work/status"
ok "it has colours" wait_until 20 has_colours # what is written is not on the screen at once
terminal 80 24 env NO_COLOR=1 "$ctl" doctor -h "$host"
ok "doctor NO_COLOR=1: there" wait_until 30 test -s "$work/status"
ok "on the screen" wait_until 20 shows '^(ok|warn|bad|skip) '
is "without a colour" "$(colours)" ""
terminal 80 24 env TERM=dumb "$ctl" top -h "$host"
ok "a terminal that can do nothing: exit 64" ends 64
ok "and the sentence" wait_until 20 shows '^fqctl: top needs a terminal for its screen'
is "no terminal: exit 64" "$(fq top </dev/null 2>&1; echo $?)" \
	"fqctl: top needs a terminal for its screen; 'fqctl status' and 'fqctl nodes' print the same as tables
64"

# ---- follow, and ^C
for size in "80 24" "200 50"; do
	# shellcheck disable=SC2086
	terminal $size "$ctl" follow -h "$host" "$job"
	ok "$size: follow has one line" wait_until 10 shows 'eta'
	screen
	is "with bar, percent, bytes, rate, nodes and time left" "$(shape | grep -v '^$')" "9 NAME BAR 9% 9 MB/9 MB 9 B/s w[9-9] eta -"
	press C-c
	ok "^C: the job goes on, and how to come back" wait_until 20 shows "^fqctl: job $job goes on$"
	ok "by follow" wait_until 20 shows "^       'fqctl follow -h $host $job' comes back to it$"
	ok "by fetch" wait_until 20 shows "^       'fqctl fetch -h $host $job' writes its results$"
	ok "exit status 130" ends 130
	is "it does go on" "$(fq status --no-header -o state "$job")" RUNNING
done
waiting=$(sed -n 1p "$work/waiting")
for try in 1 2 3 4 5; do # the second ^C comes late where this script has to stand still between the two
	terminal 80 24 "$ctl" wait -h "$host" "$waiting"
	wait_until 20 shows 'waiting: '
	waits=$?
	press C-c
	wait_until 20 shows '\^C again within 3 seconds cancels it$'
	once=$?
	press C-c
	! wait_until 20 shows "fqctl: job $waiting is cancelled" || break
	diag <<<"try $try: the 3 seconds were over"
done
is "wait shows why a job waits" $waits 0
is "^C once" $once 0
ok "and twice: it is cancelled" shows "fqctl: job $waiting is cancelled"
ok "exit status 130" ends 130
is "it is" "$(fq status --no-header -o state "$waiting")" CANCELLED
mkdir "$work/my results"
terminal 80 24 "$ctl" submit -h "$host" --name mine --as csv,html --output-dir "$work/my results" "$large"
ok "submit shows its job" wait_until 10 shows 'mine'
press C-c
ok "^C leaves that running too" wait_until 20 shows "^fqctl: job $((job + 4)) goes on$"
whole_lines_show() { mux capture-pane -pJ | grep -Fq -- "$1"; }
ok "and says how to write what it would have" wait_until 20 whole_lines_show "'fqctl fetch -h $host --as csv,html -d \"$work/my results\" $((job + 4))' writes its results"
ok "with 130" ends 130
# ---- to the end
kill -CONT "${pid_worker[01]}" "${pid_worker[02]}"
fq follow "$job" >"$work/out" 2>"$work/err"
is "follow in a pipe ends with the job's status" $? 0
ok "and with a line for it" grep -Eqx "$job  .*  COMPLETED  400 k reads  [0-9:]+" "$work/out"
last=$(fq submit --parsable --slice-size 128K "$large")
fq follow "$last" >"$work/out" 2>"$work/err"
ok "plain lines, not more than ten" test "$(grep -c '% of ' "$work/err")" -le 10
done_testing
