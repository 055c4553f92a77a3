include lib/base/local.mk
include lib/fastq/local.mk
include lib/qc/local.mk
include lib/wire/local.mk
