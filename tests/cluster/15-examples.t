#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of the man pages, README.md and docs/administration.md (tests/tools/examples.py) are run as they stand there, each block
# by one shell that ends at the first command that fails, against a cluster of this test: coord, COORD and HOST are its coordinator,
# TOKEN a fresh token, 17 a job that is done, 18 one that waits, node1 and node2 its nodes; /backup and the state folders are the test's.
# A daemon in a block is started behind it, until it serves, and ended with the block; systemctl is played where it means fqcoordd.
# Blocks that need hosts with packages are not run here; they are told, with who runs them.
. "$(dirname "$0")/cluster.sh"
python=/usr/bin/python3 # Debian's, which has python3-protobuf
[ -x $python ] || python=python3
command -v "$python" >/dev/null || skip_all "python3 is not installed"
made=$top_build/tests/tools/mkfastq
examples=$work/examples
export HOME=$work/home
unset FQ_KEYS XDG_CONFIG_HOME
mkdir -p "$HOME" "$examples/bin" "$examples/blocks" "$work/data" "$work/backup" "$work/here/run42" "$work/here/means" "$work/here/reports"
for name in run42/lane1 run42/lane2 reads_R1 reads_R2 reads big; do "$made" 2000 80 nova 8 >"$work/here/$name.fq"; done
for name in run42/lane1 run42/lane2 reads_R1 reads_R2 reads; do gzip -c "$work/here/$name.fq" >"$work/here/$name.fastq.gz"; done
rm "$work/here"/run42/*.fq # a run folder has each file once
cp "$work/here/reads.fq" "$work/data/reads.fq"

# ---- the commands of the blocks: ours, and what stands before the daemons and systemctl

cluster_start
for i in 1 2; do
	"$workerd" --state "$work/worker$i" --name node$i --join "$host" "$(admin token --role worker)" >>"$work/worker$i.log" 2>&1
	worker_run $i --name node$i -n 1
done
"$workerd" --state "$work/worker9" --name node9 --join "$host" "$(admin token --role worker)" >>"$work/worker9.log" 2>&1 # to be revoked
printf '%s\n' "$host" >"$examples/host"
printf '%s\n' "$state/ctl.sock" >"$examples/socket"
cp "$examples/host" "$examples/main-host" && cp "$examples/socket" "$examples/main-socket"
printf '%s\n' "$pid_coord" >"$examples/coord.pid"
: >"$examples/pids"
export examples work state ctl coordd workerd

cat >"$examples/lib" <<'END'
until_true() { # until_true COMMAND...: as wait_until 10
	local end=$((SECONDS + 10)) last=$((SECONDS + 40)) tries=200 never
	exec {never}<> <(:)
	until "$@" >/dev/null 2>&1; do
		((tries-- > 0 ? SECONDS < last : SECONDS < end)) || { echo "not within 10 s: $*" >&2; return 1; }
		read -r -t 0.05 -u "$never" || true
	done
}
of_option() { # of_option --NAME OTHERWISE ARG...
	local name=$1 value=$2
	shift 2
	while [ $# -gt 0 ]; do
		[ "$1" != "$name" ] || value=$2
		shift
	done
	printf '%s\n' "$value"
}
ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
END
cat >"$examples/bin/token" <<'END'
#!/bin/bash
exec "$ctl" token --socket "$(cat "$examples/socket")" --role "$1"
END
cat >"$examples/bin/fqcoordd" <<'END'
#!/bin/bash
. "$examples/lib"
export STATE_DIRECTORY=$state
case " $* " in *" --backup "* | *" --restore "* | *" --print-pin "* | *" --check-config "* | *" --dump-config "*) exec "$coordd" "$@" ;; esac
folder=$(of_option --state "$state" "$@")
set -- "${@/0.0.0.0:5381/127.0.0.1:0}"
[[ " $* " == *" --listen "* ]] || set -- "$@" --listen "$(cat "$examples/main-host")"
"$coordd" "$@" 2>>"$examples/daemons.log" &
pid=$!
echo $pid >>"$examples/pids"
until_true test -s "$folder/listening" || { tail -n 3 "$examples/daemons.log" >&2; exit 1; }
if [[ " $* " == *" --accept-rollback "* ]]; then kill -INT $pid && wait $pid; exit; fi
cp "$folder/listening" "$examples/host"
echo "$folder/ctl.sock" >"$examples/socket"
END
cat >"$examples/bin/fqworkerd" <<'END'
#!/bin/bash
. "$examples/lib"
export STATE_DIRECTORY=$examples/worker
case " $* " in *" --join "* | *" --print-pin "* | *" --check-config "* | *" --dump-config "*) exec "$workerd" "$@" ;; esac
name=$(of_option --name node8 "$@")
"$workerd" "$@" --name "$name" 2>>"$examples/daemons.log" &
echo $! >>"$examples/pids"
there() { "$ctl" nodes --socket "$(cat "$examples/socket")" --no-header | grep -q "^$name .*idle"; }
until_true there
END
cat >"$examples/bin/systemctl" <<'END'
#!/bin/bash
. "$examples/lib"
pid=$(cat "$examples/coord.pid")
case "$*" in
"stop fqcoordd.socket") kill "$pid" && until_true ended "$pid" ;;
"start fqcoordd" | "start fqcoordd.socket")
	"$coordd" --state "$state" --listen "$(cat "$examples/main-host")" 2>>"$examples/daemons.log" &
	echo $! >"$examples/coord.pid"
	until_true test -s "$state/listening" ;;
"reload fqcoordd") kill -HUP "$pid" ;;
"enable --now fqworkerd") exec fqworkerd -h "$(cat "$examples/host")" ;;
*) echo "nobody plays: systemctl $*" >&2; exit 1 ;;
esac
END
chmod +x "$examples"/bin/*
ln -s "$ctl" "$examples/bin/fqctl"
. "$examples/lib"

# script FILE: a block's commands with the words of the cluster.
script() {
	sed -E -e 's,/backup/,$work/backup/,g; s,/var/lib/fqcluster/coord/,$state/,g; s,/var/lib/fqcluster/worker/,$examples/worker/,g' -e '/fqworkerd/s/\bTOKEN\b/$(token worker)/g' \
		-e '/fqctl join/s/\bTOKEN\b/$(token client)/g' -e 's/\b(coord|COORD|HOST)\b(:5381)?($|[^=])/$(cat $examples\/host)\3/g' \
		-e "s/\\b17\\b/$done_job/g" -e "s/\\b18\\b/${waiting_job-18}/g" "$1"
}

run_block() { # run_block FILE
	local pid status=0
	if grep -q 'fqctl cancel' "$1"; then
		admin drain node1 node2 && waiting_job=$(fq submit --parsable "$work/data/reads.fq") || return 1
	fi
	if grep -q 'fqctl doctor' "$1"; then wait_until 20 node_is node1 idle && wait_until 20 node_is node2 idle || return 1; fi
	script "$1" >"$examples/script" || return 1
	rm -rf "$examples/worker" # a node that has never joined
	(
		cd "$work/here" || exit 1
		export PATH=$examples/bin:$PATH
		if ! grep -q FQ_HOST "$examples/script"; then FQ_SOCKET=$(cat "$examples/socket") && export FQ_SOCKET; fi
		timeout 120 bash -e -o pipefail "$examples/script"
	) </dev/null >"$examples/output" 2>&1 {never}>&- || status=$?
	while read -r pid; do
		if ! ended "$pid"; then
			kill "$pid" # unless it ends just now
			until_true ended "$pid" || { kill -KILL "$pid"; status=1; }
		fi
	done <"$examples/pids"
	: >"$examples/pids"
	cp "$examples/main-host" "$examples/host" && cp "$examples/main-socket" "$examples/socket"
	pid_coord=$(cat "$examples/coord.pid")
	if grep -q 'fqctl cancel' "$1"; then admin resume node1 node2; fi
	[ $status -eq 0 ] || cat "$examples/script" "$examples/output" | tail -n 20 | diag
	return $status
}

check_conf() { # check_conf FILE PROGRAM
	case $2 in
	fqctl) "$ctl" --config "$1" --check-config ;;
	*) "$top_build/daemon/$2" --config "$1" --check-config ;;
	esac >/dev/null
}

# ---- all blocks, each in a file of its own

cd "$top_src" || exit 1
files=(ctl/fqctl.1 conf/*.5 lib/*/*.5 lib/*/*.7 daemon/*/*.8 README.md docs/administration.md)
all_marked() { "$python" tests/tools/examples.py "${files[@]}" >"$examples/all"; }
ok "every block of the pages has a kind" all_marked
ok "node1 is there" wait_until 20 node_is node1 idle
ok "node2 is there" wait_until 20 node_is node2 idle
"$ctl" join "$host" "$(admin token --role client)" >/dev/null
done_job=$("$ctl" submit -h "$host" --as fastqc --parsable "$work/data/reads.fq")
ok "a job is done" "$ctl" wait -h "$host" "$done_job"
idle() { node_is node1 '^idle$' && node_is node2 '^idle$'; }
ok "and what was counted twice for it" wait_until 20 idle
awk -v folder="$examples/blocks" '
	/^@@ / { file = sprintf("%s/%03d", folder, ++n); print substr($0, 4) >(file ".name"); next }
	{ print >file }' "$examples/all"

for name in "$examples"/blocks/*.name; do
	read -r place kind rest <"$name"
	block=${name%.name}
	case $kind in
	program) cp "$block" "$examples/client.py" ;;
	protocol) cp "$block" "$examples/certificate" ;;
	frame) tr -d ' \n' <"$block" >"$examples/frame.$rest" ;;
	esac
done

# ---- the client of fqcluster.protocol(7), and the bytes that the page shows of it

lists() {
	"$python" "$examples/client.py" "$@" 2>"$examples/said" | sort >"$examples/listed"
	[ "$(cat "$examples/listed")" = $'node1 idle 0/1\nnode2 idle 0/1' ] || { cat "$examples/listed" "$examples/said" | diag; false; }
}
certificate() { (cd "$examples" && bash -e certificate) 2>/dev/null; }
by_tls() { lists "${host%:*}" "${host##*:}" "$examples/cert.pem" "$HOME/.config/fqcluster/key.pem" "$1"; }
other_pin() { ! by_tls "$(printf '%064d' 0)" && grep -q 'not the coordinator' "$examples/said"; }
same_frames() {
	"$python" - "$examples" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import fqcluster_pb2 as fq
TYPES = {"HELLO": fq.Hello, "WELCOME": fq.Welcome, "NODES": fq.Empty, "NODE": fq.Node, "END": fq.Empty}
# What is another one each time, or wherever it runs.
DIFFERS = {"instance", "coordinator", "generation", "role", "version", "nonce", "seen_ms", "rate", "bytes_done"}
seen = {}
with open(sys.argv[1] + "/frames", encoding="ascii") as f:
    for line in f:
        seen.setdefault(int(line[8:12], 16), bytes.fromhex(line.strip()))
for name, kind in TYPES.items():
    with open(f"{sys.argv[1]}/frame.{name}", encoding="ascii") as f:
        shown = bytes.fromhex(f.read())
    number = fq.Type.Value(name)
    assert int.from_bytes(shown[:4], "big") == len(shown) - 8, f"{name}: the page's length"
    assert int.from_bytes(shown[4:6], "big") == number, f"{name}: the page's type"
    assert number in seen, f"{name} did not come"
    assert shown[6:8] == seen[number][6:8], f"{name}: its tag"
    a, b = (kind.FromString(frame[8:]) for frame in (shown, seen[number]))
    assert a.SerializeToString() == shown[8:], f"{name}: the page's bytes have another order"
    for field in kind.DESCRIPTOR.fields:
        x, y = getattr(a, field.name), getattr(b, field.name)
        if field.name in DIFFERS or (name, field.name) == ("NODE", "name"):
            assert not isinstance(x, bytes) or len(x) == len(y), f"{name}.{field.name}: the page has {x}, but {y} came"
        else:
            assert x == y, f"{name}.{field.name}: the page has {x}, but {y} came"
END
}
protocol() {
	local pin
	export PYTHONDONTWRITEBYTECODE=1
	protoc --python_out="$examples" -I "$top_src/lib/wire" fqcluster.proto
	sed -e 's/^    way\.sendall(\(.*\))$/    print("frame", (\1).hex()); way.sendall(\1)/' \
		-e 's/^        payload = take(way, length)$/&; print("frame", (struct.pack(">IHH", length, kind, tag) + payload).hex())/' \
		"$examples/client.py" >"$examples/loud.py"
	ok "the client lists nodes through the unix socket" lists "$state/ctl.sock"
	ok "a certificate for a person's key" certificate
	pin=$(awk -v host="$host" '$1 == host { print $2 }' "$HOME/.config/fqcluster/known")
	ok "the client lists nodes by TLS" by_tls "$pin"
	ok "and speaks with no other coordinator" other_pin
	"$python" "$examples/loud.py" "$state/ctl.sock" | awk '$1 == "frame" { print $2 }' >"$examples/frames"
	ok "the page shows the bytes that go to and fro (now: $(tr '\n' ' ' <"$examples/frames"))" same_frames
}
if "$python" -c 'import google.protobuf' 2>/dev/null && command -v protoc >/dev/null && command -v openssl >/dev/null; then
	protocol
else
	skip "python3-protobuf, protobuf-compiler or openssl is not installed"
fi

# ---- the others

ran=0
for name in "$examples"/blocks/*.name; do
	read -r place kind rest <"$name"
	block=${name%.name}
	case $kind in
	run)
		ran=$((ran + 1))
		ok "$place: $(sed '/^#/d; s/ *#.*//' "$block" | head -n 1)" run_block "$block" ;;
	conf) ok "$place: $rest takes it" check_conf "$block" "$rest" ;;
	hosts | build | elsewhere) printf '# not run here: %s %s %s\n' "$place" "$kind" "$rest" ;;
	esac
done
ok "there were some to run" test $ran -ge 20
echo 'fqctl nodes -h coord && false' >"$examples/planted"
planted() { ! run_block "$examples/planted" 2>/dev/null; }
ok "a command that fails is found" planted
echo 'slots = 12 roots;' >"$examples/planted"
planted_conf() { ! check_conf "$examples/planted" fqworkerd 2>/dev/null; }
ok "a line that a program does not take is found" planted_conf
printf '.nf\nfqctl nodes\n.fi\n' >"$examples/planted.1"
planted_block() { ! "$python" tests/tools/examples.py "$examples/planted.1" >/dev/null 2>&1; }
ok "a block without a kind is found" planted_block
done_testing
