#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers of fqcluster as an array job of PBS (OpenPBS, PBS Professional):
#   qsub -v FQ_HOST=coord -J 1-20 pbs.sh
# At the end of walltime and by qdel PBS kills kill_delay (10 s) after SIGTERM. It need not bind a job to its processors: their number
# is told to the worker.
#PBS -N fqworker
#PBS -J 1-8
#PBS -l select=1:ncpus=8:mem=4gb
#PBS -l walltime=4:00:00
#PBS -r y
#PBS -j oe

exec "${FQ_WORKERD:-fqworkerd}" --batch -h "${FQ_HOST:?is not set: the coordinator}" \
	--token-file "${FQ_TOKEN_FILE:-$HOME/fqcluster.token}" --idle-exit 5m --drain-timeout 8s -n "${NCPUS:-0}"
