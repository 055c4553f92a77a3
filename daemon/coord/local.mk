noinst_LIBRARIES += daemon/libcoord.a

# The pure core: core.h is its contract.
COORD_CORE_SOURCES = \
	daemon/coord/core.c daemon/coord/core.h daemon/coord/core_internal.h daemon/coord/core_state.h daemon/coord/core_mutant.h \
	daemon/coord/core_actions.c \
	daemon/coord/core_again.c \
	daemon/coord/core_kept.c \
	daemon/coord/core_alone.c \
	daemon/coord/core_audit.c \
	daemon/coord/core_copy.c \
	daemon/coord/core_file.c \
	daemon/coord/core_group.c \
	daemon/coord/core_index.c \
	daemon/coord/core_job.c \
	daemon/coord/core_node.c \
	daemon/coord/core_owner.c \
	daemon/coord/core_schedule.c \
	daemon/coord/core_scout.c \
	daemon/coord/core_split.c \
	daemon/coord/core_split_plan.c \
	daemon/coord/core_slice.c \
	daemon/coord/core_straggler.c \
	daemon/coord/core_suspect.c \
	daemon/coord/core_word.c \
	daemon/coord/core_trouble.c \
	daemon/coord/core_view.c \
	daemon/coord/rows.h

daemon_libcoord_a_SOURCES = \
	$(COORD_CORE_SOURCES) \
	daemon/coord/backup.c \
	daemon/coord/cache.c \
	daemon/coord/profiles.c \
	daemon/coord/context.c daemon/coord/context.h \
	daemon/coord/copies.c daemon/coord/copies.h \
	daemon/coord/drive.c \
	daemon/coord/enrol.c \
	daemon/coord/errand.c \
	daemon/coord/fall.c \
	daemon/coord/group.c daemon/coord/group.h \
	daemon/coord/group_work.c \
	daemon/coord/from_admin.c \
	daemon/coord/from_client.c \
	daemon/coord/from_submit.c \
	daemon/coord/from_opened.c \
	daemon/coord/from_scout.c \
	daemon/coord/from_worker.c \
	daemon/coord/health.c \
	daemon/coord/http.c daemon/coord/http.h \
	daemon/coord/http_pages.c \
	daemon/coord/http_render.c \
	daemon/coord/http_report.c \
	daemon/coord/labour.c \
	daemon/coord/listen.c \
	daemon/coord/listing.c \
	daemon/coord/may.c \
	daemon/coord/memory.c \
	daemon/coord/merge.c \
	daemon/coord/metrics.c daemon/coord/metrics.h \
	daemon/coord/observe.c daemon/coord/observe.h \
	daemon/coord/probe.c \
	daemon/coord/pulse.c \
	daemon/coord/reading.c \
	daemon/coord/server.c daemon/coord/server.h \
	daemon/coord/session.c daemon/coord/session.h \
	daemon/coord/show.c \
	daemon/coord/status_page.c daemon/coord/status_page.h \
	daemon/coord/store.c daemon/coord/store.h daemon/coord/store_internal.h \
	daemon/coord/store_backup.c \
	daemon/coord/store_mark.c \
	daemon/coord/store_open.c \
	daemon/coord/store_results.c \
	daemon/coord/store_room.c \
	daemon/coord/store_rows.c \
	daemon/coord/store_schema.c \
	daemon/coord/store_split.c \
	daemon/coord/store_tokens.c \
	daemon/coord/store_kept.c \
	daemon/coord/store_trouble.c \
	daemon/coord/distrust.c \
	daemon/coord/strangers.c daemon/coord/strangers.h \
	daemon/coord/to_worker.c

sbin_PROGRAMS += daemon/fqcoordd
daemon_fqcoordd_SOURCES = daemon/coord/main.c
daemon_fqcoordd_LDADD = $(COORD_LIBS)

dist_man_MANS += daemon/coord/fqcoordd.8
