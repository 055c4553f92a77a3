#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers of fqcluster as an array job of Grid Engine:
#   qsub -v FQ_HOST=coord -t 1-20 gridengine.sh
# Grid Engine does not say TERM: -notify sends USR2 before it kills (a minute, by default), and s_rt sends USR1. So the shell stays, and
# passes them on as TERM; its exit status is the worker's.
#$ -N fqworker
#$ -S /bin/bash
#$ -cwd
#$ -j y
#$ -r y
#$ -notify
#$ -t 1-8
#$ -pe smp 8
#$ -l h_rt=4:00:00
#$ -l s_rt=3:59:00

trap 'kill -TERM "$worker" 2>/dev/null' USR1 USR2 TERM
"${FQ_WORKERD:-fqworkerd}" --batch -h "${FQ_HOST:?is not set: the coordinator}" \
	--token-file "${FQ_TOKEN_FILE:-$HOME/fqcluster.token}" --idle-exit 5m -n "${NSLOTS:-0}" &
worker=$!
status=129
while [ $status -gt 128 ] && kill -0 "$worker" 2>/dev/null; do # a signal to the shell ends its wait, not the worker
	wait "$worker"
	status=$?
done
wait "$worker"
exit $?
