#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# contrib/: the rule for Snakemake is run, on the cluster and on this machine, where snakemake is installed (SNAKEMAKE=PROGRAM: another
# one); the module for Nextflow is run by nextflow where that is.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
contrib=$(realpath "${FQ_TOP_SRCDIR:-.}/contrib")
snakemake=${SNAKEMAKE:-snakemake}

mkdir "$work/bin" "$work/in" "$work/here" "$work/home"
ln -s "$ctl" "$work/bin/fqctl"
export PATH=$work/bin:$PATH HOME=$work/home XDG_CACHE_HOME=$work/home
cd "$work/in" || exit 1
"$made" 300 50 nova 1 >a_R1.fastq
"$made" 300 50 nova 2 | gzip >a_R2.fastq.gz
printf '@r\nACGT\n+\n' >cut.fq

run() { "$@" >"$work/stdout" 2>&1; status=$?; }
cluster_start
worker_start 1 -n 1
"$ctl" qc --local -q -o "$work/here" a_R1.fastq a_R2.fastq.gz

if command -v "$snakemake" >/dev/null; then
	rule() { run "$snakemake" -s "$contrib/snakemake/Snakefile" -c1 --config "$@"; }
	rule reads="a_R1.fastq a_R2.fastq.gz" outdir=local
	is "snakemake, on this machine: exit 0" "$status" 0
	ok "the same reports as without" bash -c 'diff -r --exclude=fqctl.log "$0" local && test -e local/index.html' "$work/here"
	rule reads="a_R1.fastq a_R2.fastq.gz" outdir=far host="$host"
	is "and on the cluster: exit 0" "$status" 0
	ok "the same, too" bash -c 'diff -r --exclude=fqctl.log "$0" far' "$work/here"
	is "the cluster counted them" "$(fq status --all --no-header | wc -l)" 1
	rule reads="a_R1.fastq a_R2.fastq.gz" outdir=far host="$host"
	is "again: nothing is to be done" "$status $(fq status --all --no-header | wc -l)" "0 1"
	rule reads="cut.fq" outdir=bad
	ok "a file that is none ends the workflow" test "$status" -ne 0 -a ! -e bad/cut_fastqc.zip
	ok "and the log says why" grep -q 'cut.fq' bad/fqctl.log
	rule reads="a_R1.fastq" outdir=gate options="--profile ./strict.txt --fail-on fail"
	ok "options are passed on" test "$status" -ne 0
else
	skip "there is no snakemake (Debian package snakemake)"
fi

if command -v nextflow >/dev/null; then
	cat >main.nf <<-END
		include { FQCLUSTER } from '$contrib/nextflow/fqcluster/main'
		workflow { FQCLUSTER(Channel.of([[id: 'a'], [file('a_R1.fastq'), file('a_R2.fastq.gz')]])) }
	END
	run nextflow run main.nf --fqcluster_host "$host"
	is "nextflow: exit 0" "$status" 0
	is "four reports" "$(find work -name 'a_[12]_fastqc.*' | wc -l)" 4
else
	skip "there is no nextflow (it is no Debian package)"
fi
done_testing
