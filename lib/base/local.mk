noinst_LIBRARIES += lib/libbase.a

lib_libbase_a_SOURCES = \
	lib/base/cleanup.h \
	lib/base/clock.h \
	lib/base/confines.c \
	lib/base/confines.h \
	lib/base/digest.c \
	lib/base/digest.h \
	lib/base/error.c \
	lib/base/error.h \
	lib/base/failpoint.c \
	lib/base/failpoint.h \
	lib/base/hostlist.c \
	lib/base/hostlist.h \
	lib/base/hostlist_unfold.c \
	lib/base/log.c \
	lib/base/log.h \
	lib/base/near.c \
	lib/base/near.h \
	lib/base/rate.c \
	lib/base/rate.h \
	lib/base/streams.c \
	lib/base/streams.h \
	lib/base/text.c \
	lib/base/text.h \
	lib/base/write.c \
	lib/base/write.h
