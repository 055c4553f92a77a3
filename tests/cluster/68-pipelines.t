#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# contrib/: the rule for Snakemake is run, on the cluster and on this machine, where snakemake is installed (SNAKEMAKE=PROGRAM: another
# one), and a gate ends its workflow; the module for Nextflow is read by Groovy (tests/tools/nextflow.groovy), the command that it makes of
# a task is run, and where there is a nextflow that runs it, too.
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
"$made" 400 60 nova 3 >b_R1.fastq
awk 'BEGIN { for (i = 0; i < 300; i++) print "@r" i "\nACGTACGTTACCAGTAGCATCGAC\n+\n########################" }' >bad_R1.fastq
printf 'min_q30 error 5\n' >demand.txt
for module in tile kmer duplication n_content overrepresented sequence gc_sequence quality_sequence sequence_length adapter quality_base; do
	echo "$module ignore 1" >>demand.txt
done

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
	rule reads="a_R1.fastq b_R1.fastq" outdir=well options="--profile ./demand.txt --fail-on fail"
	is "two samples that come through a gate: exit 0" "$status $(find well -name '*_fastqc.zip' | wc -l)" "0 2"
	rule reads="a_R1.fastq bad_R1.fastq" outdir=gate host="$host" options="--profile ./demand.txt --fail-on fail"
	ok "one of two that does not ends the workflow" test "$status" -ne 0
	ok "and the log says which sample, and why" grep -q 'bad_R1.fastq: fail of .*min_q30' gate/fqctl.log
	ok "and nothing of the other" eval '! grep -q "a_R1.fastq: fail" gate/fqctl.log'
	ok "its reports are not taken for results" test ! -e gate/a_R1_fastqc.zip -a ! -e gate/bad_R1_fastqc.zip
else
	skip "there is no snakemake (Debian package snakemake)"
fi

# The module for Nextflow, as Groovy reads it.
module=$contrib/nextflow/fqcluster/main.nf
if command -v groovy >/dev/null; then
	task() { groovy "$top_src/tests/tools/nextflow.groovy" "$module" "$@" 2>"$work/stderr" || diag <"$work/stderr"; }
	is "the module is one process, with inputs and outputs as nf-core's fastqc has" "$(task declare)" "FQCLUSTER
blocks directives input output when script stub
input tuple val meta path reads [stageAs:input/*]
output tuple val meta path *_fastqc.html [emit:html]
output tuple val meta path *_fastqc.zip [emit:zip]
output path versions.yml [emit:versions]"
	mkdir -p task/input want
	cp a_R1.fastq task/input
	cp a_R2.fastq.gz "task/input/it's a (second) &.fastq.gz"
	cat >task.json <<-END
		{"id": "my sample", "reads": ["input/a_R1.fastq", "input/it's a (second) &.fastq.gz"], "cpus": 2, "process": "QC:FQCLUSTER",
		 "ext": {"args": "--nogroup"}, "params": {"fqcluster_host": "$host"}}
	END
	task script task.json >task/.command.sh
	ok "the command has host, cores and options" grep -q -- "^fqctl qc -h $host -t 2 --nogroup -o \. " task/.command.sh
	is "no job yet of the sample" "$(fq status --all --no-header | grep -c 'my sample')" 0
	run bash -c 'cd task && bash -euo pipefail .command.sh'
	is "as a shell it runs it: exit 0" "$status" 0
	is "the cluster counted it" "$(fq status --all --no-header | grep -c 'my sample')" 1
	cp a_R1.fastq "want/my sample_1.fastq"
	cp a_R2.fastq.gz "want/my sample_2.fastq.gz"
	(cd want && "$ctl" qc --local -q --nogroup -o . my*)
	ok "its outputs are there, under the sample's name" bash -c 'for i in 1 2; do for end in html zip; do
		cmp "task/my sample_${i}_fastqc.$end" "want/my sample_${i}_fastqc.$end" || exit 1; done; done'
	is "and the versions, as YAML" "$(cat task/versions.yml)" "\"QC:FQCLUSTER\":
    fqcluster: $("$ctl" --version | sed -n '1s/.* //p')"
	echo '{"id": "one", "reads": ["input/a_R1.fastq"]}' >task.json
	rm -rf task/.command.sh task/*_fastqc.*
	task script task.json >task/.command.sh
	run env -u FQ_HOST bash -c 'cd task && bash -euo pipefail .command.sh'
	is "one file, and no coordinator: the sample's name alone" "$status $(cd task && echo *_fastqc.*)" "0 one_fastqc.html one_fastqc.zip"
	rm task/*_fastqc.*
	task stub task.json >task/.command.sh
	run bash -c 'cd task && bash -euo pipefail .command.sh'
	is "the stub makes what the outputs want" "$status $(cd task && echo *_fastqc.*)" "0 one_fastqc.html one_fastqc.zip"
	is "it runs where nothing else is said" "$(task when task.json)" true
	echo '{"id": "one", "reads": ["input/a_R1.fastq"], "ext": {"when": false}}' >task.json
	is "and does not where it shall not" "$(task when task.json)" false
	sed 's/emit: zip$/emit: zip)/' "$module" >broken.nf
	ok "what is no Groovy is found" eval '! groovy "$top_src/tests/tools/nextflow.groovy" broken.nf declare >/dev/null 2>&1'
else
	skip "there is no groovy (Debian package groovy): the module for Nextflow is not read"
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
