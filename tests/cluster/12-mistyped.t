#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is mistyped, for each verb of fqctl and for the daemons: a row is the exit status, the command and words of the one sentence that it is
# told in, with bars between. Nothing is printed but that sentence. (What other tests have of their verbs is not here again.)
. "$(dirname "$0")/cluster.sh"

cluster_start
worker_start 1 -n 1
worker_start 2 -n 1
"$workerd" --state "$work/w3" --name w3 --join "$host" "$(admin token --role worker)" >/dev/null 2>&1 # joins, and never comes
cd "$work" || exit 1
printf '@r\nACGT\n+\nIIII\n' >r.fq
echo "no reads" >text.txt
mkdir dir
csv=$(fq submit --parsable r.fq)
fq wait "$csv"

here() { "$ctl" "$@"; }
coord() { "$coordd" --state "$work/other" --listen "$coord_address:0" "$@"; }
worker() { "$workerd" --state "$work/otherw" "$@"; }
export -f here coord worker fq admin
export ctl coordd workerd work host state coord_address csv

told() { # told STATUS WORDS COMMAND
	local status
	timeout 60 bash -c "$3" >out 2>err </dev/null # who serves in place of refusing is ended
	status=$?
	sed -i '/^this build has sanitizers: /d' err
	[ $status -eq "$1" ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -q '^fq[a-z]*: ' err && grep -qF -- "$2" err && return
	{ printf 'exit status %d, wanted %d and "%s"\n' $status "$1" "$2" && cat out err; } | diag
	return 1
}

rows=0
while IFS='|' read -r status command words; do
	[ -n "$command" ] || continue
	rows=$((rows + 1))
	ok "$command: $status" told "$status" "$words" "$command"
done <<'END'
64|admin drain nosuch|there is no node 'nosuch', and no worker has joined under that name; 'fqctl nodes' and 'fqctl peers' list them
64|admin drain root|there is no node 'root'
64|admin drain 'w[1-2'|'w[1-2' is no list of nodes: a [ has no ]; right is node[01-04,07]
64|admin drain 'w[2-1]'|'w[2-1]' is no list of nodes: in brackets stand numbers and ranges
64|admin drain 'w[1-99999]'|it has more than 4096 names
64|admin drain 'w[1-2],+5'|some names were left out of it
64|admin drain 'w*'|'w*' is no node
64|admin drain 'w[7]'|there is no node 'w7'
64|admin drain ''|argument 1 of drain is empty: right is NODE...
64|admin drain|drain needs NODE...
64|admin drain --reason|--reason needs a TEXT
64|admin drain "$(printf '%070d' 1)"|is too long for a node's name
77|fq drain w1|draining a node is not permitted to a client; it takes an administrator's key
77|fq token --list|listing tokens is not permitted to a client
77|fq peers|listing keys is not permitted to a client
77|fq revoke root|taking back keys and tokens is not permitted to a client
64|fq submit -o '' r.fq|-o: the name of the file is empty
64|fq submit --output-dir '' r.fq|--output-dir: the name of the folder is empty
73|fq submit -o dir r.fq|-o dir is a folder: right is the name of a file, or --output-dir
64|fq submit -o /dev/null r.fq dir/../r.fq|-o /dev/null is no regular file and takes one result, and there are 2
64|fq submit --output-dir dir r.fq r.fq|r.fq is there twice
66|fq submit --wait <(cat r.fq)|is not a regular file (a pipe, a device or a socket), and files are read in many places at once
64|here qc --local -o '' r.fq|-o: the name of the folder is empty
64|admin resume nosuch|there is no node 'nosuch'; 'fqctl nodes' lists them
64|admin resume w3|there is no node 'w3'
64|admin resume 'w[1-2]]'|a ] stands without its [
64|admin resume 'w[8-8]'|there is no node 'w8'
64|fq probe nosuch r.fq|there is no node 'nosuch'
64|fq probe 'w?' r.fq|'w?' is no node
64|fq probe '' r.fq|argument 1 of probe is empty
64|fq probe w1|probe needs NODE and PATH, or --all and PATH
66|fq show 999|there is no job 999 of yours
64|fq show 1,2|'1,2' is no job
64|fq show 99999999999999999999|'99999999999999999999' is no job
64|fq show ''|argument 1 of show is empty
66|fq follow 999|there is no job 999 of yours
66|fq fetch "$csv" 999|there is no job 999 of yours
66|fq cancel 999|there is no job 999 of yours
64|fq cancel "$csv"|has ended already
66|fq status 999|there is no job 999 of yours
64|fq status -u ''|-u: it must not be empty
64|fq status --state ''|--state: it must not be empty
64|fq status -t XX|'XX' is no state of a job
64|fq status -o nosuch|there is no field 'nosuch'; right are JOBID, NAME
64|fq status -o ''|-o: it must not be empty
64|fq status -o id,|there is no field ''
64|fq status --sort -nosuch|--sort: there is no field 'nosuch'
64|fq status -w 99999999|-w: 99999999 is out of range: right is 0s to 1d
64|fq history -t R|history lists jobs that have ended, as CD, F, CA or CH
64|fq history -S foo|--start: 'foo' is no time; right are today, yesterday
64|fq history -S today -E yesterday|--end yesterday is not behind --start today
64|fq history --stats -o id|--fields is for tables, and history --stats prints none
64|fq history x|history takes no arguments, and 'x' is one
64|fq nodes w1|nodes takes no arguments, and 'w1' is one
64|fq submit --id '' r.fq|--id: it must not be empty
64|fq submit ''|argument 1 of submit is empty: right is FILE...
64|fq submit --detach --as csv -o x r.fq|--detach does not wait for what --output is to write
64|fq submit -o - r.fq|-o -: one form goes to standard output where there is no -o
64|fq submit --parsable -d dir r.fq|--parsable does not wait for what --output-dir is to write
64|fq submit --wait --detach r.fq|give either --wait or --detach, not both
64|fq submit --chunks 9999999 r.fq|--chunks: 9999999 is out of range: right is 0 to 1000000 slices
64|fq submit --profile nosuch r.fq|this coordinator has no profile 'nosuch'; right are
66|fq submit dir|dir is a directory, not a file
65|fq submit --wait text.txt|record 1 at byte 0: begins with 'n', not with '@'
64|fq fetch --as text "$csv"|was counted for csv only
64|fq fetch --as nosuch "$csv"|'nosuch' is no form; right are csv, fastqc
64|fq diff "$csv" "$csv"|was counted for csv only and has no report
66|fq diff nofile "$csv"|nofile cannot be read: No such file or directory
64|fq diff '' "$csv"|argument 1 of diff is empty
64|here check ''|argument 1 of check is empty
65|here check text.txt|record 1 at byte 0
66|here check dir|dir is a directory, not a file
64|here qc --local --partition x r.fq|--partition is for qc --slurm
64|here qc --local -N 5 r.fq|-N is for qc --slurm
64|here qc --local --coordinator x r.fq|--coordinator is for qc --slurm
73|here qc --local -o text.txt r.fq|cannot write into text.txt: it is no folder
66|fq watch nofolder|the folder nofolder cannot be watched: No such file or directory
66|fq watch r.fq|r.fq is no folder; files are submitted by 'fqctl submit'
64|fq profile foo|profile: 'foo' is neither list nor show
64|fq profile show|profile show takes a NAME or --job ID
64|fq profile show ''|argument 2 of profile is empty
64|fq profile show amplicon -P|--parsable is for tables, and profile show prints none
64|fq profile show amplicon --json|profile show has no --json
64|fq profile list x|profile list takes neither a name nor --job
66|fq profile show --job 999|there is no job 999 of yours
66|admin cache rm 77|no result 77 is kept; 'fqctl cache list' shows those that are
66|admin cache rm /no/such|no result of /no/such is kept
64|admin cache rm r.fq|'r.fq' is neither the id of a kept result nor an absolute path
64|admin cache rm 99999999999999999999|'99999999999999999999' is neither the id
64|admin cache rm --all --sort id|--sort is for tables, and cache rm prints none
64|admin token -o role|--fields is for tables, and token without --list prints none
64|admin token --list --uses 3|--uses is for a new token, and not for --list
64|admin token --role boss|"boss" is none of the choices: right is one of worker|client|admin
64|admin token --uses 0|--uses: 0 is out of range: right is 1 to 100000 keys
64|admin token --ttl 500d|--ttl: 500d is out of range: right is 1s to 366d
64|admin revoke nosuch|nobody is enrolled as 'nosuch', and no pin or token begins so
64|admin revoke 0123|nobody is enrolled as '0123'
64|admin revoke ''|argument 1 of revoke is empty
64|here join -h "$host" garbage|that is no token; it should begin with FQ1-
64|here slurm keep x|slurm keep takes nothing more, and 'x' is
64|here slurm status --dry-run|--dry-run is for another action of fqctl slurm
64|here slurm stop -N 5|-N is for 'fqctl slurm start'
78|here slurm keep --coordinator-config nofile|nofile is not there: right is --coordinator-config
66|here slurm start --worker-keys nofolder -h "$host"|the folder nofolder of a worker's keys cannot be read
69|here ping --socket nosuch|No such file or directory; a coordinator that runs has its socket there
69|here ping --socket r.fq|nobody listens there: does fqcoordd run, and is this its socket?
64|here ping --config ''|--config: it must not be empty
64|here ping -h a,b|a,b is no address: right are HOST, HOST:PORT
64|coord --backup ''|--backup: it must not be empty
64|coord --restore ''|--restore: it must not be empty
64|coord --config ''|--config: it must not be empty
64|coord x|there is no use for the argument x
78|coord --config nofile|nofile is not there: right is --config with a file
64|coord --ping 1h|--ping: 1h is out of range: right is 100ms to 1m
73|"$coordd" --state "$state" --backup dir|dir is there already: right is a new folder for each backup
64|worker --config ''|--config: it must not be empty
64|worker --batch --token-file ''|--token-file: it must not be empty
64|worker --token-file x -h "$host"|--token-file is for --batch
78|worker -h "$host"|this node is not enrolled
64|worker -h "$host" --name 'a b'|"a b" is no name of a node: right are
64|worker --join "$host"|--join needs a HOST and a TOKEN
END

printf 'port = 99;\n' >fq.conf
is "a configuration is looked at without a verb, and it is said when it is right" "$("$ctl" --config fq.conf --check-config)" "fq.conf is right."
is "and what is in force" "$("$ctl" --config fq.conf --dump-config | grep '^port')" "port = 99;"
ok "all rows were tried" test $rows -ge 100

# ---- one wrong word costs the others nothing

nodes_are() { [ "$(admin nodes --no-header -P -o node,state | sort | tr '\n' ' ')" = "$1" ]; }
lines_n() { # lines_n N STATUS COMMAND...: with N sentences
	local n=$1 want=$2
	shift 2
	"$@" >out 2>err </dev/null
	[ $? -eq "$want" ] && [ "$(wc -l <err)" -eq "$n" ] && [ "$(grep -c '^fqctl: ' err)" -eq "$n" ]
}
lines() { lines_n 2 "$@"; }
ok "drain of two that are none, and of two that are" lines 64 admin drain nosuch w1 other w2
ok "nobody else is there, both are drained" wait_until 20 nodes_are "w1|drain w2|drain "
ok "a list that one of them is in" admin resume 'w[1-1]'
ok "that one is back" wait_until 20 nodes_are "w1|idle w2|drain "
ok "the list as 'fqctl nodes' folds it" admin drain 'w[1-2]'
ok "both are drained" wait_until 20 nodes_are "w1|drain w2|drain "
first=$(fq submit --parsable r.fq) second=$(fq submit --parsable r.fq)
ok "cancel of two that are none, and of two that are" lines 66 fq cancel 998 "$first" 999 "$second"
is "both are cancelled" "$(fq status --no-header -o st "$first" "$second" | tr '\n' ' ')" "CA CA "
ok "show of two that are none, and of one that is" lines 66 fq show 998 "$first" 999
ok "it is shown" grep -q "^Job $first  CANCELLED" out
ok "status of two that are none, and of one that is" lines 66 fq status -o id --no-header 998 "$first" 999
is "it is listed" "$(tr -d ' ' <out)" "$first"
ok "wait for two that are none, and for one that was cancelled" lines_n 3 1 fq wait 998 "$first" 999
ok "follow likewise" lines_n 3 1 fq follow 998 "$first" 999
ok "its end is told" grep -q "^$first .*CANCELLED" out
ok "status of nothing but such: no table" lines 66 fq status 998 999
is "nothing is listed" "$(cat out)" ""
ok "resume of two that are none" lines 64 admin resume nosuch w2 other w1
ok "both are back" wait_until 20 nodes_are "w1|idle w2|idle "
was_not_told() { ! grep -q "resumes node nosuch\|drains node nosuch" "$work/coord.log"; }
ok "the journal does not say that it was done" was_not_told

# ---- who is away can be drained

end_process "${pid_worker[2]}" TERM
ok "one has left" wait_until 20 node_is w2 '^down$'
ok "it can be drained" admin drain --reason away w2
ok "and one that has joined and was never here" admin drain --reason never w1 w3 2>"$work/absent"
is "which is said, of that one alone" "$(cat "$work/absent")" "fqctl: w3 is not there: it is drained for when it comes; 'fqctl nodes' lists \
those that are, 'fqctl resume w3' undoes it"
is "it was never seen" "$(admin nodes --no-header -P -o node,seen_ms | grep '^w3') $(admin nodes --no-header -o node,seen | awk '$1 == "w3" { print $2 }')" "w3|0 -"
admin resume w1
end_process "$pid_coord" TERM
coord_start
ok "both are so after a restart" test "$(admin nodes --no-header -P -o node,reason | grep -v '^w1' | sort | tr '\n' ' ')" = "w2|away w3|never "
ok "drained again for another reason" admin drain --reason later w2
worker_run 2 -n 1
ok "it comes and is given nothing" wait_until 30 node_is w2 '^drain$'
ok "until it is resumed" admin resume w2 w3
is "of one that is not there nothing stays" "$(admin nodes --no-header -o node | grep -c '^w3')" 0
ok "it is idle" wait_until 20 node_is w2 '^idle$'
end_process "$pid_coord" TERM
end_process "${pid_worker[2]}" TERM
coord_start
ok "one of whom nothing tells since a restart is none" told 64 "there is no node 'w2'" 'admin drain w2'
ok "revoke of two that are none, and of one that is" lines 64 admin revoke -q nosuch w3 other
is "its key is gone" "$(admin peers --no-header -P -o name | grep -c '^w3$')" 0
ok "it can be drained no more" told 64 "there is no node 'w3'" 'admin drain w3'
done_testing
