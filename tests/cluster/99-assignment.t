#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# contrib/assignment2: the command lines of a course, as they are given there, on one home folder, here all on loopback.
. "$(dirname "$0")/cluster.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
made=$top_build/tests/tools/mkfastq
assignment=$(realpath "$top_src/contrib/assignment2")
mkdir "$work/bin" "$work/home" "$work/in" "$work/out" "$work/tmp"
ln -s "$ctl" "$coordd" "$workerd" "$work/bin"
export PATH=$work/bin:$PATH HOME=$work/home TMPDIR=$work/tmp
unset FQ_KEYS XDG_CONFIG_HOME
cd "$work/in" || exit 1
"$made" 3000 76 nova 1 >rnaseq.fastq
"$made" 2000 100 hiseq 2 trim | gzip -c >second.fastq.gz
for name in rnaseq.fastq second.fastq.gz; do python3 "$oracle" $name >"$work/$name.want"; done
address=$coord_address # where no other test listens: the port stays free
port=$(python3 -c 'import socket, sys
s = socket.socket()
s.bind((sys.argv[1], 0))
print(s.getsockname()[1])' "$address")
at=(--host "$address" --port "$port")
example=$shared/data/course/bdc_example_output.csv
shared=$HOME/.fqcluster-assignment
clients=()

client() { # client OPTION...: in the background
	"$assignment" -c "${at[@]}" "$@" >>"$work/client.log" 2>&1 {never}>&- &
	clients+=($!)
	pid_worker[${#clients[@]}]=$! # ended with the test
}
all_ended() {
	local pid
	for pid in "${clients[@]}"; do [ ! -e "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" || return 1; done
}
clients_end() { # all of them by themselves, well
	local pid
	wait_until 30 all_ended || return 1
	for pid in "${clients[@]}"; do wait "$pid" || return 1; done
	clients=()
}
serve() { timeout 120 "$assignment" "$@" "${at[@]}" >"$work/stdout" 2>"$work/stderr"; status=$?; }
nothing_left() { [ -z "$(ls -A "$shared" "$work/tmp" | grep -v -e '^$' -e ':$')" ] || { ls -AR "$shared" "$work/tmp"; return 1; }; }

# ---- as the course runs it

client -n 1
client
serve -s rnaseq.fastq --chunks 4 -o "$work/out/result.csv"
is "-s FILE --chunks 4 -o OUT: exit 0" "$status" 0
ok "the CSV is the oracle's" cmp "$work/out/result.csv" "$work/rnaseq.fastq.want"
is "nothing on standard output" "$(cat "$work/stdout")" ""
ok "workers that came before it end with it, well" clients_end
ok "and nothing is left of anything" nothing_left

timeout 120 "$assignment" -s rnaseq.fastq "${at[@]}" --chunks 4 >"$work/stdout" 2>"$work/stderr" &
server=$!
ok "without a worker it waits, and says how to start one" wait_until 30 grep -q "assignment2 -c --host $address --port $port" "$work/stderr"
is "tokens are for nobody else's eyes" "$(find "$shared" \( -type d ! -perm 700 -o -type f ! -perm 600 \) | wc -l)" 0
client -n 2
wait "$server"
is "a worker that comes later: exit 0" $? 0
ok "the CSV on standard output" cmp "$work/stdout" "$work/rnaseq.fastq.want"
ok "the worker ends" clients_end

client
serve -s rnaseq.fastq second.fastq.gz --chunks 3 -o "$work/out/X.csv"
is "several files: exit 0" "$status" 0
ok "each has its CSV" cmp "$work/out/rnaseq.fastq.X.csv" "$work/rnaseq.fastq.want"
ok "of gzip, too" cmp "$work/out/second.fastq.gz.X.csv" "$work/second.fastq.gz.want"
ok "the worker ends" clients_end

client
serve second.fastq.gz -s rnaseq.fastq --chunks 3
is "FILEs on both sides of -s, to standard output: a name before each" "$(grep -v '^[0-9]*,' "$work/stdout" | tr '\n' ' ')" \
	"second.fastq.gz rnaseq.fastq "
ok "the worker ends" clients_end

# the course's own example, where it is there: the same form, numbers in their shortest writing
form='import re, sys
for i, line in enumerate(open(sys.argv[1], newline="")):
    place, value = line.rstrip("\r\n").split(",")
    assert place == str(i) and value == repr(float(value)), line'
ok "lines are of the contract's form" python3 -c "$form" "$work/out/result.csv"
if [ -e "$example" ]; then
	ok "as those of the course's example" python3 -c "$form" "$example"
else
	skip "the course's example is not here"
fi

# ---- what goes wrong

printf '@r\nACGT\n+\nIII\n' >bad.fastq
client
serve -s bad.fastq --chunks 1
is "no FASTQ: exit 65" "$status" 65
ok "the worker ends" clients_end
serve -s none.fastq --chunks 1
is "a file that is not there: exit 66" "$status" 66
refuses() { # refuses STATUS WORDS OPTION...
	local want=$1 words=$2
	shift 2
	timeout 60 "$assignment" "$@" >/dev/null 2>"$work/refused"
	[ $? -eq "$want" ] && grep -qF -- "$words" "$work/refused"
}
ok "neither -s nor -c" refuses 64 "--help tells more" "${at[@]}"
ok "-s without FILE" refuses 64 "-s needs FILE" -s "${at[@]}"
ok "-c with FILE" refuses 64 "-c takes no FILE" -c rnaseq.fastq "${at[@]}"
ok "a port that is none" refuses 64 "right is a number from 1 to 65535" -c --host 127.0.0.1 --port 70000
ok "nobody serves" refuses 69 "nobody serves there" -c "${at[@]}" --wait 1
chmod 755 "$shared"
ok "a folder that others may enter" refuses 77 "is not a folder of yours alone" -c "${at[@]}" --wait 1
rm -rf "$shared" && mkdir -m 700 "$work/elsewhere" && ln -s "$work/elsewhere" "$shared"
ok "a link" refuses 77 "and no link" -c "${at[@]}" --wait 1
rm "$shared"

# one that was killed leaves its folder behind: nothing of it is believed
timeout 120 "$assignment" -s rnaseq.fastq "${at[@]}" >/dev/null 2>"$work/stderr" &
server=$!
wait_until 30 grep -q "assignment2 -c" "$work/stderr"
serving=$(pgrep -P "$server")
kill -STOP "$serving" && kill -TERM "$serving" && kill -HUP "$serving" && kill -CONT "$serving" # a shell that ends may send both
wait "$server"
ok "SIGTERM and SIGHUP at once: everything goes" nothing_left
mkdir -p -m 700 "$shared" && mkdir -m 700 "$shared/${address}_$port" && echo old >"$shared/${address}_$port/serving" && echo old >"$shared/${address}_$port/token.0"
client
tries() { ! test -e "$shared/${address}_$port/token.0"; }
ok "a worker tries what lies there" wait_until 30 tries
serve -s rnaseq.fastq --chunks 2
is "an old folder: exit 0" "$status" 0
ok "the right CSV" cmp "$work/stdout" "$work/rnaseq.fastq.want"
ok "the worker ends" clients_end

# nor does anything outlive one that is killed
: >"$work/stderr"
"$assignment" -s rnaseq.fastq "${at[@]}" >/dev/null 2>"$work/stderr" {never}>&- &
server=$! pid_worker[99]=$!
wait_until 30 grep -q "assignment2 -c" "$work/stderr"
ours() { pgrep -f -- "--listen $address:$port" >/dev/null; }
ok "a coordinator runs" ours
end_process "$server" KILL
gone() { ! ours; }
ok "it goes with the one that started it" wait_until 30 gone
done_testing
