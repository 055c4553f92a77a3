#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario 49, too large for every run: FQ_MANY (300) workers of one slot on hosts of 15 lose the coordinator by kill -9, and all
# are back within 10 seconds of its start. Prints TAP. Run it as
#
#     FQ_TOP_BUILDDIR=$PWD tests/faults/49-many.sh        in the build folder
. "$(dirname "$0")/faults.sh"
many=${FQ_MANY:-300} per_host=15

data_make 20000
hosts_make $(((many + per_host - 1) / per_host))
for ((i = 1; i <= many; i++)); do worker_on "$i" "w$((1 + (i - 1) / per_host))"; done
cluster_start --ping 1s --dead 5s
workers_start "$many" -n 1
ok "$many workers are there" nodes_idle_n "$many"
submit large.fq --slice-size 30K
ok "they count" jobs_same
end_process "$pid_coord" KILL
coord_start --ping 1s --dead 5s
began=${EPOCHREALTIME/./}
ok "all are there again" wait_until 30 nodes_idle_n "$many"
took=$(((${EPOCHREALTIME/./} - began) / 1000))
ok "scenario 49: within 10 s of the coordinator's start ($took ms)" test $took -le 10000
submit large.fq --slice-size 30K
ok "they count" jobs_same
ok "no job twice, none lost" jobs_once
done_testing
