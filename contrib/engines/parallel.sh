#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers of fqcluster on hosts that ssh(1) reaches, by GNU parallel:
#   FQ_HOST=coord ./parallel.sh node1 node2 node3
# Program and token are on a file system that all hosts share. It ends when all workers have: each of them when it has had nothing to do for
# the time of --idle-exit, or is sent TERM. When parallel is killed they have 30 s between TERM and KILL.
set -eu
program=${FQ_WORKERD:-fqworkerd} host=${FQ_HOST:?is not set: the coordinator} token=${FQ_TOKEN_FILE:-$HOME/fqcluster.token}
[ $# -gt 0 ] || { echo "usage: parallel.sh HOST..." >&2; exit 64; }

hosts=$(IFS=,; echo "$*")
exec parallel --nonall --tag --line-buffer --termseq TERM,30000,KILL,25 -S "$hosts" \
	exec "$program" --batch -h "$host" --token-file "$token" --idle-exit 5m
