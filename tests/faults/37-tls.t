#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario 37, its TLS part, and the threats of section 4 that are of this kind: replay, man in the middle, downgrade. Whoever has no
# enrolled Ed25519 key and speaks no TLS 1.3 as fqcluster does gets nothing (I7): not a byte of application data, and no long lines.
. "$(dirname "$0")/faults.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"
LINE_MAX=200
pids=()
tls_end() { local pid; for pid in "${pids[@]}"; do end_process "$pid" KILL; done; cluster_end; }
trap tls_end EXIT

# A HELLO of a client, and a question.
hello=$work/hello
printf '\0\0\0\6\0\5\0\0\10\1\20\2\30\2\0\0\0\0\0\103\0\1' >"$hello"

certificate() { # certificate NAME NEWKEY...: a key and a certificate that it has signed itself
	openssl req -x509 -nodes -newkey "${@:2}" -keyout "$work/$1.key" -out "$work/$1.crt" -days 30 -subj "/CN=$1" 2>/dev/null
}

# odd_certificate NAME KEY: of a key that is there, expired long ago, for a name that speaks to terminals.
odd_certificate() {
	mkdir -p "$work/ca" && : >"$work/ca/index" && echo 01 >"$work/ca/serial"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/ca/index\nserial=%s/ca/serial\nnew_certs_dir=%s/ca\ndefault_md=default\npolicy=p\n[p]\ncommonName=supplied\n' \
		"$work" "$work" "$work" >"$work/ca/conf"
	openssl req -new -key "$2" -subj $'/CN=\e[2J<6>node w1 is there' -out "$work/ca/request" 2>/dev/null &&
		openssl ca -batch -selfsign -config "$work/ca/conf" -keyfile "$2" -in "$work/ca/request" -notext \
			-startdate 19700101000000Z -enddate 19700102000000Z -out "$work/$1.crt" 2>"$work/ca/log" || diag <"$work/ca/log"
}

# speak OPTION...: says HELLO over TLS; what the coordinator answers to it is in $work/answer.
speak() { timeout 10 openssl s_client -connect "$host" -quiet "$@" <"$hello" >"$work/answer" 2>"$work/s_client"; }
with() { echo -cert "$work/$1.crt" -key "${2:-$work/$1.key}"; }

nothing() { # nothing NAME OPTION...
	speak "${@:2}"
	is "scenario 37: $1: not a byte" "$(wc -c <"$work/answer")" 0
}

# raw NAME FILE: these bytes over TCP; what comes back is at most an alert of TLS, and the end.
raw() {
	local answer
	answer=$(
		exec 3<>"/dev/tcp/${host%:*}/${host##*:}" || exit
		cat "$2" >&3 2>/dev/null
		timeout 10 cat <&3 | od -An -tx1 -v | tr -d ' \n'
		[ "${PIPESTATUS[0]}" -eq 0 ] || echo late
	)
	ok "scenario 37: $1: the end, or an alert and the end" grep -qxE '(15030[0-4]0002[0-9a-f]{4})?' <<<"$answer" || diag <<<"$answer"
}

server() { # server PORT OPTION...: a server of somebody else; what it hears is in $work/heard
	openssl s_server -accept "127.0.0.1:$1" -quiet -naccept 20 "${@:2}" >"$work/heard" 2>"$work/s_server" </dev/zero &
	server=$!
	pids+=($server)
	wait_until 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}

server_end() { end_process "$server" KILL; }

cluster_start --ping 100ms --dead 3s --handshake 3s --verbose
worker_start 1 -n 1
mkdir -p "$data" "$golden"
"$top_build/tests/tools/mkfastq" 2000 100 nova 9 >"$data/reads.fq"
"$ctl" qc --local --as json "$data/reads.fq" >"$golden/reads.fq"
submit reads.fq
ok "a job before all that" jobs_same
remember "$pid_coord"
journal_mark

# ---- who has no key, or another one
certificate rsa rsa:2048
certificate ec ec -pkeyopt ec_paramgen_curve:prime256v1
certificate ed25519 ed25519
certificate ed448 ed448
# shellcheck disable=SC2046
{
	nothing "no certificate"
	nothing "an RSA key" $(with rsa)
	nothing "an EC key" $(with ec)
	nothing "an Ed448 key" $(with ed448)
	odd_certificate strange "$work/ed25519.key"
	for i in {1..40}; do cat "$work/rsa.crt"; done >"$work/chain.crt"
	nothing "a chain of 40 certificates" $(with ed25519) -cert_chain "$work/chain.crt"
	speak $(with ed25519)
	ok "scenario 37: a key that is not enrolled is told so" grep -aq 'is not enrolled here' "$work/answer"
	ok "scenario 37: and nothing else" test "$(wc -c <"$work/answer")" -lt 250
	speak $(with strange "$work/ed25519.key")
	ok "scenario 37: nor does a strange, expired certificate make it another" grep -aq 'is not enrolled here' "$work/answer"
	odd_certificate mine "$FQ_KEYS/key.pem"
	speak $(with mine "$FQ_KEYS/key.pem")
	is "scenario 37: what is enrolled is the key: in such a certificate it is let in" "$(od -An -tx1 -j 4 -N 2 "$work/answer")" " 00 06"
}

# ---- who speaks something else
mine="-cert $work/mine.crt -key $FQ_KEYS/key.pem"
# shellcheck disable=SC2086
{
	nothing "TLS 1.2" $mine -tls1_2
	nothing "TLS 1.2 or older, offered to go down" $mine -no_tls1_3 -fallback_scsv
	nothing "another cipher" $mine -ciphersuites TLS_AES_256_GCM_SHA384
	nothing "another curve" $mine -groups P-256
	nothing "a key that is shared beforehand" -psk 0123456789abcdef -psk_identity fqcluster
	speak $mine -sess_out "$work/session"
	ok "scenario 37: no ticket is given to come back with" test ! -s "$work/session"
}
printf 'GET / HTTP/1.1\r\nHost: fqcluster\r\n\r\n' >"$work/raw"
raw "plain HTTP" "$work/raw"
printf '\200\56\1\0\2\0\25\0\0\0\20\7\0\300\3\0\200\1\0\200\6\0\100\4\0\200\2\0\200abcdefghijklmnop' >"$work/raw"
raw "what looks like SSL 2" "$work/raw"
raw "a frame without TLS" "$hello"
: >"$work/raw"
raw "silence" "$work/raw"
printf '\26\3\1\377\377' >"$work/raw"
raw "a record that never ends" "$work/raw"
for seed in 1 2 3 4 5; do
	openssl enc -aes-128-ctr -K 0000000000000000000000000000000$seed -iv 0 </dev/zero 2>/dev/null | head -c 4000 >"$work/raw"
	raw "random bytes, $seed" "$work/raw"
done

# ---- early data: of a session with somebody else, whose ticket it takes along
server 5999 -cert "$work/ed25519.crt" -key "$work/ed25519.key" -tls1_3 -early_data
# shellcheck disable=SC2086
timeout 5 openssl s_client -connect 127.0.0.1:5999 $mine -sess_out "$work/ticket" -ign_eof </dev/null >/dev/null 2>&1 &
ticket=$!
wait_until 5 test -s "$work/ticket"
end_process $ticket TERM
server_end
ok "a ticket to come with" test -s "$work/ticket"
# shellcheck disable=SC2086
nothing "early data without a certificate" -sess_in "$work/ticket" -early_data "$hello"
# shellcheck disable=SC2086
timeout 10 openssl s_client -connect "$host" $mine -sess_in "$work/ticket" -early_data "$hello" -ign_eof </dev/null >"$work/early" 2>&1
ok "scenario 37: early data is refused, and no session resumed" bash -c "grep -q 'Early data was rejected' '$work/early' && ! grep -q '^Reused' '$work/early'"

# ---- a man in the middle; a worker with the folder of the one that runs, which that one has for itself
cp -r "$work/worker1" "$work/victim"
pinned() { # pinned PORT: as if the coordinator were there
	sed "s/^[^ ]* /127.0.0.1:$1 /" "$FQ_KEYS/known" >"$work/known" && cat "$work/known" >>"$FQ_KEYS/known"
	sed "s/^[^ ]* /127.0.0.1:$1 /" "$work/victim/known" >"$work/known" && cat "$work/known" >>"$work/victim/known"
}

refuse() { # refuse WHO STATUS SENTENCE COMMAND...
	timeout 20 "${@:4}" >"$work/out" 2>&1
	is "scenario 37: $1: exit status $2" $? "$2"
	ok "scenario 37: $1: says what to do" grep -qE "$3" "$work/out" || diag <"$work/out"
}

token=$(admin token --role client)
port=6000
middle() { # middle NAME SENTENCE OPTION...
	port=$((port + 1))
	pinned $port
	server $port "${@:3}"
	refuse "$1: fqctl" "$status" "$2" "$ctl" ping -h 127.0.0.1:$port
	"$workerd" --state "$work/victim" --name w1 -h 127.0.0.1:$port >"$work/out" 2>&1 &
	pids+=($!)
	ok "scenario 37: $1: fqworkerd: says what to do" wait_until 10 grep -qE "$2" "$work/out" || diag <"$work/out"
	end_process $! KILL # it tries again: he may be gone tomorrow
	is "scenario 37: $1: hears nothing" "$(wc -c <"$work/heard")" 0
}
status=77
middle "a man in the middle with a key of his own" 'is not the pinned one: .* join again' -cert "$work/ed25519.crt" -key "$work/ed25519.key"
refuse "the worker's first try" 77 'is not the pinned one' "$workerd" --state "$work/victim" --name w1 -h 127.0.0.1:$port
refuse "the same: a token is not given to him" 77 'its key is not the one that the token names' "$ctl" join 127.0.0.1:$port "$token"
is "scenario 37: the same: hears nothing of it" "$(wc -c <"$work/heard")" 0
server_end
status=76
middle "one with an RSA key" 'does not speak TLS 1.3 as fqcluster does' -cert "$work/rsa.crt" -key "$work/rsa.key"
server_end
middle "one who wants TLS 1.2" 'does not speak TLS 1.3 as fqcluster does' -cert "$work/ed25519.crt" -key "$work/ed25519.key" -tls1_2
server_end

# ---- replay of what was recorded: TLS gives each connection keys of its own
python3 - "${host%:*}" "${host##*:}" "$work/recorded" >"$work/recorder" <<'PYTHON' &
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def carry(source, target, record):
    try:
        while data := source.recv(65536):
            if record:
                record.write(data)
                record.flush()
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
with open(sys.argv[3], "wb") as record:
    back = threading.Thread(target=carry, args=(server, client, None))
    back.start()
    carry(client, server, record)
    back.join()
PYTHON
pids+=($!)
wait_until 10 test -s "$work/recorder"
port=$(cat "$work/recorder")
pinned "$port"
id=$("$ctl" submit --parsable --as json -h "127.0.0.1:$port" "$data/reads.fq")
golden_of[$id]=reads.fq
ok "scenario 37: a job over a line that is recorded" jobs_same
jobs=$(admin status --all --no-header | wc -l)
for turn in 1 2 3; do
	exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
	cat "$work/recorded" >&3 2>/dev/null
	timeout 10 cat <&3 >"$work/replayed"
	is "scenario 37: replay $turn: the coordinator closes" $? 0
	exec 3>&-
done
is "scenario 37: replay: there are no more jobs than before" "$(admin status --all --no-header | wc -l)" "$jobs"
ok "scenario 37: replay: no key came to life by it" journal_has coord 'decrypt|bad_record|TLS 1.3 as fqcluster does'

# ---- and after all of it
ok "scenario 37: no line about a stranger is longer than $LINE_MAX bytes" test -z "$(tail -n +$((${marked[$work/coord.log]} + 1)) \
	"$work/coord.log" | grep -E 'connection from|turned away' | awk -v most=$LINE_MAX 'length($0) > most')"
ok "scenario 37: nor does one of them speak to a terminal" bash -c "! grep -qP '[^\x20-\x7e]' '$work/coord.log'"
submit reads.fq
ok "scenario 37: a job after all that, with the golden report" jobs_same
wait_until 5 steady "$pid_coord"
ok "scenario 37: the coordinator is as it was" steady "$pid_coord"
done_testing
