# fqctl: one file a verb, and what the verbs share.
noinst_LIBRARIES += ctl/libctl.a
ctl_libctl_a_SOURCES = \
	ctl/aside.c ctl/aside.h \
	ctl/client.c ctl/client.h \
	ctl/ctl.c \
	ctl/diff.c ctl/diff.h \
	ctl/diff_job.c ctl/diff_job.h \
	ctl/draw.c ctl/draw.h \
	ctl/group_names.c ctl/group_names.h \
	ctl/history.c ctl/history.h \
	ctl/interrupt.c ctl/interrupt.h \
	ctl/job.c ctl/job.h \
	ctl/job_cells.c ctl/job_cells.h \
	ctl/json.c ctl/json.h \
	ctl/judging.c ctl/judging.h \
	ctl/leftovers.c ctl/leftovers.h \
	ctl/given.c ctl/given.h \
	ctl/list.c ctl/list.h \
	ctl/outbox.c ctl/outbox.h \
	ctl/target.c ctl/target.h \
	ctl/output.c ctl/output.h \
	ctl/output_apart.c ctl/output_apart.h \
	ctl/output_run.c ctl/output_run.h \
	ctl/output_write.c \
	ctl/probe.c ctl/probe.h \
	ctl/profiles.c ctl/profiles.h \
	ctl/progress.c ctl/progress.h \
	ctl/proofs.c ctl/proofs.h \
	ctl/reporting.c ctl/reporting.h \
	ctl/show_json.c ctl/show_json.h \
	ctl/submit.c ctl/submit.h \
	ctl/table.c ctl/table.h \
	ctl/table_shape.c \
	ctl/top.h \
	ctl/top_draw.c \
	ctl/top_look.c \
	ctl/verb.h \
	ctl/verbs.c \
	ctl/watch.h \
	ctl/watch_find.c \
	ctl/watch_sets.c \
	ctl/watch_jobs.c ctl/watch_jobs.h \
	ctl/watch_out.c ctl/watch_out.h \
	ctl/when.c ctl/when.h \
	ctl/doctor/doctor.h \
	ctl/doctor/files.c \
	ctl/doctor/findings.c \
	ctl/doctor/judge.c \
	ctl/doctor/look.c \
	ctl/doctor/nodes.c \
	ctl/doctor/print.c \
	ctl/local/chain.c ctl/local/chain.h \
	ctl/local/file.c ctl/local/file.h \
	ctl/local/groups.c ctl/local/groups.h \
	ctl/local/local.c ctl/local/local.h \
	ctl/local/offer.c \
	ctl/local/split.c ctl/local/split.h \
	ctl/slurm/array.c ctl/slurm/array.h \
	ctl/slurm/elastic.c ctl/slurm/elastic.h \
	ctl/slurm/jobs.c \
	ctl/slurm/keep.c ctl/slurm/keep.h \
	ctl/slurm/notify.c ctl/slurm/notify.h \
	ctl/slurm/private.c ctl/slurm/private.h \
	ctl/slurm/run.c \
	ctl/slurm/script.c ctl/slurm/script.h \
	ctl/slurm/slurm.h \
	ctl/slurm/sweep.c \
	ctl/slurm/workers.c \
	ctl/verb_cache.c \
	ctl/verb_cancel.c \
	ctl/verb_check.c \
	ctl/verb_diff.c \
	ctl/verb_doctor.c \
	ctl/verb_drain.c \
	ctl/verb_fetch.c \
	ctl/verb_follow.c \
	ctl/verb_history.c \
	ctl/verb_join.c \
	ctl/verb_nodes.c \
	ctl/verb_peers.c \
	ctl/verb_ping.c \
	ctl/verb_probe.c \
	ctl/verb_profile.c \
	ctl/verb_qc.c \
	ctl/verb_revoke.c \
	ctl/verb_show.c \
	ctl/verb_slurm.c \
	ctl/verb_status.c \
	ctl/verb_submit.c \
	ctl/verb_token.c \
	ctl/verb_top.c \
	ctl/verb_wait.c \
	ctl/verb_watch.c

bin_PROGRAMS += ctl/fqctl
ctl_fqctl_SOURCES = ctl/main.c
ctl_fqctl_LDADD = $(CTL_LIBS)

dist_man_MANS += ctl/fqctl.1

# Completion: words.c prints the verb table, and a shell's own part stands behind it.
noinst_PROGRAMS += ctl/completion/words
ctl_completion_words_SOURCES = ctl/completion/words.c
ctl_completion_words_LDADD = $(CTL_LIBS)

nodist_bashcompletion_DATA = ctl/completion/fqctl
nodist_zshcompletion_DATA = ctl/completion/_fqctl
CLEANFILES += ctl/completion/fqctl ctl/completion/_fqctl
EXTRA_DIST += ctl/completion/bash.sh ctl/completion/zsh.sh

ctl/completion/fqctl: ctl/completion/words$(EXEEXT) ctl/completion/bash.sh
	$(AM_V_GEN){ echo '# SPDX-License-Identifier: GPL-3.0-or-later' && ctl/completion/words$(EXEEXT) && \
		cat $(srcdir)/ctl/completion/bash.sh; } >$@.new && mv $@.new $@

ctl/completion/_fqctl: ctl/completion/words$(EXEEXT) ctl/completion/zsh.sh
	$(AM_V_GEN){ echo '#compdef fqctl' && echo '# SPDX-License-Identifier: GPL-3.0-or-later' && ctl/completion/words$(EXEEXT) && \
		cat $(srcdir)/ctl/completion/zsh.sh; } >$@.new && mv $@.new $@
