noinst_LIBRARIES += daemon/libdaemon.a

daemon_libdaemon_a_SOURCES = \
	daemon/briefs.c \
	daemon/briefs.h \
	daemon/budget.c \
	daemon/budget.h \
	daemon/convert.c \
	daemon/convert.h \
	daemon/convert_split.c \
	daemon/events.c \
	daemon/events.h \
	daemon/journal.c \
	daemon/journal.h \
	daemon/own_key.c \
	daemon/own_key.h \
	daemon/own_place.c \
	daemon/own_place.h \
	daemon/peer.c \
	daemon/peer.h \
	daemon/peer_flow.c \
	daemon/peer_internal.h \
	daemon/peer_timer.c \
	daemon/peer_timer.h \
	daemon/service.c \
	daemon/service.h

include daemon/coord/local.mk
include daemon/worker/local.mk
