noinst_LIBRARIES += daemon/libcoord.a

daemon_libcoord_a_SOURCES =

sbin_PROGRAMS += daemon/fqcoordd
daemon_fqcoordd_SOURCES = daemon/coord/main.c
daemon_fqcoordd_LDADD = $(COORD_LIBS)
