# Scripts NN-name.t that run real daemons on loopback, with cluster.sh.
CLUSTER_TESTS = \
	tests/cluster/10-main.t \
	tests/cluster/12-mistyped.t \
	tests/cluster/15-examples.t \
	tests/cluster/20-data.t \
	tests/cluster/30-input.t \
	tests/cluster/40-kill.t \
	tests/cluster/42-child.t \
	tests/cluster/45-audits.t \
	tests/cluster/50-leave.t \
	tests/cluster/55-keys.t \
	tests/cluster/57-places.t \
	tests/cluster/60-seqtk.t \
	tests/cluster/62-names.t \
	tests/cluster/63-streams.t \
	tests/cluster/64-recorded.t \
	tests/cluster/65-report.t \
	tests/cluster/66-run.t \
	tests/cluster/67-profiles.t \
	tests/cluster/68-pipelines.t \
	tests/cluster/69-multiqc.t \
	tests/cluster/70-report.t \
	tests/cluster/71-groups.t \
	tests/cluster/72-groups.t \
	tests/cluster/73-seek.t \
	tests/cluster/74-split.t \
	tests/cluster/75-expected.t \
	tests/cluster/76-watch-groups.t \
	tests/cluster/77-seek-restart.t \
	tests/cluster/80-socket.t \
	tests/cluster/81-batch.t \
	tests/cluster/82-engines.t \
	tests/cluster/83-slurm.t \
	tests/cluster/84-elastic.t \
	tests/cluster/85-gate.t \
	tests/cluster/87-journal.t \
	tests/cluster/90-doctor.t \
	tests/cluster/91-large-reports.t \
	tests/cluster/92-status.t \
	tests/cluster/93-pages.t \
	tests/cluster/94-prometheus.t \
	tests/cluster/95-cache.t \
	tests/cluster/96-tables.t \
	tests/cluster/97-screens.t \
	tests/cluster/98-watch.t \
	tests/cluster/99-assignment.t
dist_check_SCRIPTS += $(CLUSTER_TESTS)
HEAVY_TESTS += $(CLUSTER_TESTS)
EXTRA_DIST += tests/cluster/cluster.sh tests/cluster/fakeslurm tests/cluster/fakeslurm.sh tests/tools/examples.py tests/tools/mkgzip.py tests/tools/nextflow.groovy

check_PROGRAMS += tests/tools/mkfastq
tests_tools_mkfastq_SOURCES = tests/tools/mkfastq.c
tests_tools_mkfastq_LDADD = -lm
