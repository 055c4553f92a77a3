noinst_LIBRARIES += daemon/libworker.a

daemon_libworker_a_SOURCES = \
	daemon/worker/batch.c daemon/worker/batch.h \
	daemon/worker/brief.c daemon/worker/brief.h \
	daemon/worker/cage.c daemon/worker/cage.h daemon/worker/cage_calls.c \
	daemon/worker/child.c daemon/worker/child.h daemon/worker/child_split.c daemon/worker/child_split.h \
	daemon/worker/dialler.c daemon/worker/dialler.h \
	daemon/worker/drain.c \
	daemon/worker/gate.c daemon/worker/gate.h daemon/worker/gate_internal.h \
	daemon/worker/gate_relay.c \
	daemon/worker/generation.c daemon/worker/generation.h \
	daemon/worker/give.c daemon/worker/give_open.c daemon/worker/give_result.c \
	daemon/worker/held.c daemon/worker/held.h \
	daemon/worker/idle.c \
	daemon/worker/ipc.c daemon/worker/ipc.h \
	daemon/worker/join.c daemon/worker/join.h \
	daemon/worker/known.c daemon/worker/known.h \
	daemon/worker/look.c \
	daemon/worker/namer.c daemon/worker/namer.h \
	daemon/worker/open.c daemon/worker/open.h \
	daemon/worker/opener.c daemon/worker/opener.h \
	daemon/worker/opener_ipc.c daemon/worker/opener_ipc.h \
	daemon/worker/openers.c daemon/worker/openers.h \
	daemon/worker/openers_internal.h daemon/worker/openers_queue.c \
	daemon/worker/process.c daemon/worker/process.h \
	daemon/worker/slot.c daemon/worker/slot.h daemon/worker/slot_internal.h \
	daemon/worker/slot_read.c \
	daemon/worker/stall.c \
	daemon/worker/take.c daemon/worker/take_task.c \
	daemon/worker/texts.c daemon/worker/texts.h \
	daemon/worker/pause.c daemon/worker/pause.h \
	daemon/worker/take_brief.c \
	daemon/worker/uplink.c daemon/worker/uplink.h daemon/worker/uplink_internal.h \
	daemon/worker/uplink_greet.c \
	daemon/worker/worker.c daemon/worker/worker.h daemon/worker/worker_internal.h

sbin_PROGRAMS += daemon/fqworkerd
daemon_fqworkerd_SOURCES = daemon/worker/main.c
daemon_fqworkerd_LDADD = $(WORKER_LIBS)

dist_man_MANS += daemon/worker/fqworkerd.8
