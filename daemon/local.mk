noinst_LIBRARIES += daemon/libdaemon.a

daemon_libdaemon_a_SOURCES =

include daemon/coord/local.mk
include daemon/worker/local.mk
