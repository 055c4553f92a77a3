noinst_LIBRARIES += daemon/libworker.a

daemon_libworker_a_SOURCES =

sbin_PROGRAMS += daemon/fqworkerd
daemon_fqworkerd_SOURCES = daemon/worker/main.c
daemon_fqworkerd_LDADD = $(WORKER_LIBS)
