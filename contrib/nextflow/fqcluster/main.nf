// SPDX-License-Identifier: GPL-3.0-or-later
// A module for Nextflow in the manner of nf-core's fastqc: FASTQ files of a sample in, reports out, counted by fqctl.
//
//     include { FQCLUSTER } from './contrib/nextflow/fqcluster/main'
//     FQCLUSTER(Channel.fromFilePairs('run42/*_R{1,2}.fastq.gz').map { id, reads -> [[id: id], reads] })
//
// The coordinator is params.fqcluster_host, or FQ_HOST of the task's environment; without one the task's own cores count. Its nodes open
// the files under their real paths, which Nextflow's links in the work folder lead to. task.ext.args: further options of fqctl qc.

process FQCLUSTER {
    tag "${meta.id}"
    label 'process_single'

    input:
    tuple val(meta), path(reads, stageAs: 'input/*')

    output:
    tuple val(meta), path('*_fastqc.html'), emit: html
    tuple val(meta), path('*_fastqc.zip'), emit: zip
    path 'versions.yml', emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    def host = params.fqcluster_host ? "-h ${params.fqcluster_host}" : ''
    def files = reads instanceof List ? reads : [reads]
    def names = files.size() == 1 ? [prefix] : (1..files.size()).collect { "${prefix}_${it}" }
    // For the shell; file.toString(), since "${file}" would have backslashes of Nextflow's in it.
    def quoted = { "'" + it.toString().replace("'", "'\\''") + "'" }
    def links = [files, names].transpose().collect { file, name ->
        def ending = (file.toString() =~ /(\.f(ast)?q)?(\.gz)?$/)[0][0]
        [quoted(file), quoted(name + ending)]
    }
    """
    ${links.collect { file, name -> "ln -s ${file} ${name}" }.join('\n    ')}
    fqctl qc ${host} -t ${task.cpus} ${args} -o . ${links.collect { file, name -> name }.join(' ')}

    printf '"%s":\\n    fqcluster: %s\\n' '${task.process}' "\$(fqctl --version | sed 's/.* //;q')" > versions.yml
    """

    stub:
    def prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch '${prefix}_fastqc.html' '${prefix}_fastqc.zip'
    printf '"%s":\\n    fqcluster: stub\\n' '${task.process}' > versions.yml
    """
}
