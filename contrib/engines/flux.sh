#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker of fqcluster as a Flux job. So many of them:
#   FQ_HOST=coord flux submit --cc=1-8 -N1 -n1 -c8 -t 4h --signal=SIGTERM@60s --output=fqworker-{{id}}.log ./flux.sh
# Flux binds a job to its cores where its shell's cpu-affinity is on (the default). flux cancel kills 5 s after SIGTERM.

exec "${FQ_WORKERD:-fqworkerd}" --batch -h "${FQ_HOST:?is not set: the coordinator}" \
	--token-file "${FQ_TOKEN_FILE:-$HOME/fqcluster.token}" --idle-exit 5m --drain-timeout 4s
