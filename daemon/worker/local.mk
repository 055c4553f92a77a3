noinst_LIBRARIES += daemon/libworker.a

daemon_libworker_a_SOURCES = \
	daemon/worker/child.c \
	daemon/worker/ipc.h \
	daemon/worker/link.c \
	daemon/worker/open.c daemon/worker/open.h \
	daemon/worker/slot.c \
	daemon/worker/worker.c daemon/worker/worker.h

sbin_PROGRAMS += daemon/fqworkerd
daemon_fqworkerd_SOURCES = daemon/worker/main.c
daemon_fqworkerd_LDADD = $(WORKER_LIBS)
