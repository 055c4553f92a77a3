#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Enrolling without tokens, as configuration management does: keys are made and their pins printed, and put into peers and known.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
"$made" 2000 80 nova 8 >"$work/reads.fq"
"$ctl" qc --local --as csv "$work/reads.fq" >"$work/want"

pin_of() { "$@" --print-pin; }
is_pin() { [[ $1 =~ ^[0-9a-f]{64}$ ]]; }
coord_pin=$(pin_of "$coordd" --state "$state")
ok "the coordinator's pin, before its first start" is_pin "$coord_pin"
is "again it is the same" "$(pin_of "$coordd" --state "$state")" "$coord_pin"
worker_pin=$(pin_of "$workerd" --state "$work/worker1")
ok "a node's pin, which knows no coordinator" is_pin "$worker_pin"
mkdir -p -m 700 "$FQ_KEYS"
if command -v openssl >/dev/null; then
	is "it is the SHA-256 of the public key" \
		"$(openssl pkey -in "$work/worker1/key.pem" -pubout -outform DER | sha256sum | cut -d' ' -f1)" "$worker_pin"
	(umask 077 && openssl genpkey -algorithm ed25519 -out "$FQ_KEYS/key.pem")
else
	skip "openssl is not installed"
fi
user_pin=$(pin_of "$workerd" --key "$FQ_KEYS/key.pem")
refused() { ! "$@" 2>"$work/said" >/dev/null && grep -q 'right is one of them' "$work/said"; }
ok "not together with --join" refused "$workerd" --state "$work/worker1" --print-pin --join h t
ok "nor with --backup" refused "$coordd" --state "$state" --print-pin --backup "$work/b"

printf '%s\n' "# made by configuration management" "worker $worker_pin w1" "client $user_pin alice@login" >"$state/peers"
coord_start
for folder in "$work/worker1" "$FQ_KEYS"; do printf '%s %s\n' "$host" "$coord_pin" >"$folder/known"; done
worker_run 1 -n 1
ok "the node comes up" wait_until 20 node_is w1 idle
counts() { cmp <(fq submit --wait "$work/reads.fq") "$work/want"; }
ok "the person's job has the right result" counts
is "under his name" "$(admin status --all --json | grep -o 'alice@login')" alice@login

sed -i '/ w1$/d' "$state/peers"
kill -HUP "$pid_coord"
not_there() { ! node_is w1 '^(idle|mixed|alloc)$'; }
ok "without its line and after a reload it is gone" wait_until 20 not_there

# What root does for a service: the key belongs to the folder's owner, and root may still read it.
if [ "$(id -u)" -eq 0 ] && id nobody >/dev/null 2>&1 && mkdir -m 700 "$work/service" && chown nobody "$work/service" 2>/dev/null; then
	service_pin=$(pin_of "$workerd" --state "$work/service")
	is "as root: the key is the folder's owner's" "$(stat -c %U "$work/service/key.pem")" nobody
	is "and read again" "$(pin_of "$workerd" --state "$work/service")" "$service_pin"
	joins() { "$workerd" --state "$work/service" --join "$host" "$(admin token --role worker)" >/dev/null; }
	ok "joining with it" joins
	chown root "$work/service"
	anothers() { ! "$workerd" --state "$work/service" --print-pin 2>"$work/said" && grep -q 'another user' "$work/said"; }
	ok "not in a folder of somebody else" anothers
else
	skip "not root: keys of a service"
fi

# Tokens in the wrong hands, and keys that may not: the sentence says whose it takes, and nobody is enrolled.
says() { # says STATUS WORDS COMMAND...
	local want=$1 words=$2
	shift 2
	"$@" >"$work/said" 2>&1
	[ $? -eq "$want" ] && grep -q -e "$words" "$work/said" && [ "$(wc -l <"$work/said")" -eq 1 ] || { diag <"$work/said"; return 1; }
}
before=$(cat "$state/peers")
worker_token=$(admin token --role worker) client_token=$(admin token --role client)
ok "a person with a worker's token is told to get another" says 64 "fqctl token --role client" \
	env FQ_KEYS="$work/other" "$ctl" join "$host" "$worker_token"
ok "a node with a person's too" says 64 "fqctl token --role worker" "$workerd" --state "$work/worker9" --join "$host" "$client_token"
is "neither is enrolled" "$(cat "$state/peers")" "$before"
says_good() { grep -q 'it is still good' "$work/said"; }
ok "the token is said to be good" says_good
quietly() { "$@" >/dev/null; }
ok "and is, for a node" quietly "$workerd" --state "$work/worker9" --name w9 --join "$host" "$worker_token"
ok "and for a person" quietly env FQ_KEYS="$work/other" "$ctl" join "$host" "$client_token"
ok "once" says 77 "used up" "$workerd" --state "$work/worker8" --join "$host" "$worker_token"
ok "what is an administrator's says so" says 77 "an administrator's key ('fqctl token --role admin'), or --socket as root" fq peers
done_testing
